"""The first version of every table, a copy of `central.schema` that never changes."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.sql.schema import SchemaItem

revision = "0001"
down_revision = None

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "uq": "%(table_name)s_%(column_0_N_name)s_unique",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s",
    }
)


def big(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=null)


def small(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, SmallInteger, nullable=null)


def data(name: str, *, null: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=null)


def text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null)


def table(name: str, key: str, *rest: SchemaItem) -> Table:
    primary = PrimaryKeyConstraint("shard_key", *key.split())
    shard_key = Column("shard_key", BigInteger, nullable=False, autoincrement=False)
    return Table(name, metadata, shard_key, *rest, primary)


shard = table(
    "shard",
    "",
    big("turn"),
    big("feed_position"),
    data("incarnation"),
    text("programme"),
    text("zone"),
)


device = table(
    "device",
    "device_id",
    data("device_id"),
    text("name"),
    text("role"),
    text("shop_id"),
    small("state"),
    data("public_key", null=True),
    big("enrolled_ms", null=True),
    UniqueConstraint("shard_key", "name"),
)

enrolment = table(
    "enrolment",
    "code_hash",
    data("code_hash"),
    data("device_id"),
    big("expires_ms"),
    data("used_by", null=True),
)

contact = table(
    "contact",
    "device_id",
    data("device_id"),
    big("seen_ms"),
    big("clock_error_ms"),
    text("session"),
)


stream = table(
    "stream",
    "device_id epoch",
    data("device_id"),
    big("epoch"),
    big("head_seq"),
    data("head_hash"),
    small("state"),
    big("final_seq", null=True),
    text("session", null=True),
    big("armed_until_ms", null=True),
)

inbox = table(
    "inbox",
    "device_id epoch seq",
    data("device_id"),
    big("epoch"),
    big("seq"),
    data("hash"),
    big("kind"),
    big("kind_version"),
    data("body"),
    big("earliest_ms"),
    big("latest_ms"),
    big("received_ms"),
    big("turn"),
    big("place"),
    small("verdict"),
    text("reason"),
    big("adjusted"),
    text("error", null=True),
    Index(None, "shard_key", "turn", "place", unique=True),
    Index(None, "shard_key", "kind", "turn"),
)
Index(
    "inbox_open",
    inbox.c.shard_key,
    inbox.c.verdict,
    postgresql_where=inbox.c.verdict.in_((2, 3, 4)),
    sqlite_where=inbox.c.verdict.in_((2, 3, 4)),
)

rehome = table(
    "rehome",
    "device_id epoch hash",
    data("device_id"),
    big("epoch"),
    data("hash"),
    big("new_epoch"),
    big("new_seq"),
)


account = table(
    "account",
    "account_id",
    data("account_id"),
    small("kind"),
    big("posted"),
    big("held"),
    big("turn"),
    CheckConstraint("held >= 0", name="held"),
    CheckConstraint("kind <> 1 OR posted - held >= 0", name="wallet"),
)

transfer = table(
    "transfer",
    "device_id epoch seq leg",
    data("device_id"),
    big("epoch"),
    big("seq"),
    small("leg"),
    big("turn"),
    big("booked_ms"),
    big("happened_ms"),
    data("debit_id"),
    data("credit_id"),
    big("amount"),
    small("code"),
    text("subject"),
    text("book", null=True),
    CheckConstraint("amount > 0", name="amount"),
    Index(None, "shard_key", "debit_id", "turn"),
    Index(None, "shard_key", "credit_id", "turn"),
    Index(None, "shard_key", "turn"),
)

lot = table(
    "lot",
    "account_id lot_id",
    data("account_id"),
    data("lot_id"),
    text("expires_on"),
    big("remaining"),
    CheckConstraint("remaining > 0", name="remaining"),
)

receipt_key = table(
    "receipt_key",
    "fingerprint",
    data("fingerprint"),
    data("device_id"),
    big("epoch"),
    big("seq"),
)

sale = table(
    "sale",
    "fingerprint",
    data("fingerprint"),
    data("device_id"),
    big("epoch"),
    big("seq"),
    text("shop_id"),
    text("number", null=True),
    text("printed_on"),
    text("sold_on"),
    big("owed_fen"),
    big("eligible_fen"),
    big("refunded_fen"),
    text("category"),
    text("book"),
    text("holder_kind", null=True),
    text("holder_key", null=True),
    text("tier_id"),
    big("points"),
    big("taken_back"),
    data("claim_hash", null=True),
    text("expires_on"),
    small("state"),
    Index(None, "shard_key", "claim_hash"),
    Index(None, "shard_key", "shop_id", "number"),
)

lease = table(
    "lease",
    "lease_id",
    text("lease_id"),
    data("account_id"),
    data("device_id"),
    big("epoch"),
    text("request_id"),
    big("amount"),
    big("spent"),
    big("ttl_s"),
    text("reward_id"),
    text("voucher_code"),
    small("state"),
    big("turn"),
    UniqueConstraint("shard_key", "device_id", "request_id"),
    CheckConstraint("spent >= 0 AND spent <= amount", name="spent"),
    Index(None, "shard_key", "account_id"),
)

voucher = table(
    "voucher",
    "code",
    text("code"),
    text("lease_id"),
    text("reward_id"),
    text("holder_kind"),
    text("holder_key"),
    text("home_device", null=True),
    text("valid_until"),
    small("state"),
    text("used_by", null=True),
    text("request_id", null=True),
)

member_tier = table("member_tier", "member", text("member"), text("tier_id"))

card = table(
    "card",
    "tag",
    text("tag"),
    text("member"),
    Index(None, "shard_key", "member"),
)

waiting = table(
    "waiting",
    "device_id epoch seq",
    data("device_id"),
    big("epoch"),
    big("seq"),
    data("reference"),
    Index(None, "shard_key", "reference"),
)

feed = table(
    "feed",
    "position",
    big("position"),
    small("topic"),
    text("item"),
    data("device_id", null=True),
    data("payload", null=True),
)


member = table(
    "member",
    "member",
    text("member"),
    text("number"),
    text("name"),
    text("masked_name"),
    text("phone", null=True),
    text("joined_on"),
    UniqueConstraint("shard_key", "number"),
    Index(None, "shard_key", "phone"),
)

member_card = table(
    "member_card",
    "tag",
    text("tag"),
    text("member"),
    text("alias"),
    Index(None, "shard_key", "member"),
)

shop = table(
    "shop",
    "shop_id",
    text("shop_id"),
    text("name_zh"),
    text("name_en"),
    text("category"),
)

reward = table(
    "reward",
    "reward_id",
    text("reward_id"),
    text("name_zh"),
    text("name_en"),
    big("points"),
    text("kind"),
    text("home_shop", null=True),
    small("offered"),
)

rule_book = table(
    "rule_book",
    "version",
    text("version"),
    data("canonical"),
    big("effective_ms"),
)

staff = table(
    "staff",
    "login",
    text("login"),
    text("name"),
    text("role"),
    text("password_hash"),
    small("active"),
    big("created_ms"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)
