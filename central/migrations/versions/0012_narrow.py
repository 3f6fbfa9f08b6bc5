"""Narrower tables for what every event writes, and numbers that chain an account's transfers.

The copies keep every row: transfers are numbered in the order of the ledger, sales are keyed by
their event instead of their receipt, and the indexes that no question needs any more are gone. On
SQLite the narrow tables become their key's index. On Citus, `central init --citus` distributes the
new tables afterwards.
"""

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
)
from sqlalchemy.sql.schema import SchemaItem

revision = "0012"
down_revision = "0011"

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s",
    }
)


def big(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def small(name: str) -> Column[int]:
    return Column(name, SmallInteger, nullable=False)


def data(name: str, *, null: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=null)


def text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null)


def table(name: str, key: str, *rest: SchemaItem, clustered: bool = True) -> Table:
    primary = PrimaryKeyConstraint("shard_key", *key.split())
    shard_key = Column("shard_key", BigInteger, nullable=False, autoincrement=False)
    return Table(name, metadata, shard_key, *rest, primary, sqlite_with_rowid=not clustered)


account = table(
    "account",
    "account_id",
    data("account_id"),
    small("kind"),
    big("posted"),
    big("held"),
    big("last_transfer"),
    big("turn"),
    CheckConstraint("held >= 0", name="held"),
    CheckConstraint("kind <> 1 OR posted - held >= 0", name="wallet"),
)

transfer = table(
    "transfer",
    "number",
    big("number"),
    data("device_id"),
    big("epoch"),
    big("seq"),
    small("leg"),
    big("turn"),
    big("booked_ms"),
    big("happened_ms"),
    data("debit_id"),
    data("credit_id"),
    big("debit_before"),
    big("credit_before"),
    big("amount"),
    small("code"),
    text("subject"),
    CheckConstraint("amount > 0", name="amount"),
)

sale = table(
    "sale",
    "device_id epoch seq",
    data("device_id"),
    big("epoch"),
    big("seq"),
    data("fingerprint"),
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
    Index(None, "shard_key", "shop_id", "number"),
    clustered=False,
)
Index(
    "sale_claim_hash",
    sale.c.shard_key,
    sale.c.claim_hash,
    postgresql_where=sale.c.claim_hash.is_not(None),
    sqlite_where=sale.c.claim_hash.is_not(None),
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

member_tier = table("member_tier", "member", text("member"), text("tier_id"))

card = table(
    "card",
    "tag",
    text("tag"),
    text("member"),
    Index(None, "shard_key", "member"),
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

#: On PostgreSQL these are as they were.
_ONLY_CLUSTERED = (lot, receipt_key, member_tier, card, feed)

# Where an account's transfers follow each other: the number before each one, 0 before the first.
_TRANSFERS = """
    WITH numbered AS (
        SELECT t.*, row_number() OVER (
            PARTITION BY t.shard_key ORDER BY i.turn, i.place, t.leg
        ) AS number
        FROM old_transfer t JOIN inbox i ON i.shard_key = t.shard_key
            AND i.device_id = t.device_id AND i.epoch = t.epoch AND i.seq = t.seq
    ), side AS (
        SELECT shard_key, debit_id AS account_id, number FROM numbered
        UNION ALL SELECT shard_key, credit_id, number FROM numbered
    ), chained AS (
        SELECT shard_key, account_id, number, COALESCE(lag(number) OVER (
            PARTITION BY shard_key, account_id ORDER BY number
        ), 0) AS before FROM side
    )
    INSERT INTO transfer (shard_key, number, device_id, epoch, seq, leg, turn, booked_ms,
        happened_ms, debit_id, credit_id, debit_before, credit_before, amount, code, subject)
    SELECT n.shard_key, n.number, n.device_id, n.epoch, n.seq, n.leg, n.turn, n.booked_ms,
        n.happened_ms, n.debit_id, n.credit_id, d.before, c.before, n.amount, n.code, n.subject
    FROM numbered n
    JOIN chained d ON d.shard_key = n.shard_key AND d.number = n.number
        AND d.account_id = n.debit_id
    JOIN chained c ON c.shard_key = n.shard_key AND c.number = n.number
        AND c.account_id = n.credit_id
"""
_ACCOUNTS = """
    WITH side AS (
        SELECT shard_key, debit_id AS account_id, number FROM transfer
        UNION ALL SELECT shard_key, credit_id, number FROM transfer
    ), last AS (
        SELECT shard_key, account_id, max(number) AS number FROM side
        GROUP BY shard_key, account_id
    )
    INSERT INTO account (shard_key, account_id, kind, posted, held, last_transfer, turn)
    SELECT a.shard_key, a.account_id, a.kind, a.posted, a.held, COALESCE(l.number, 0), a.turn
    FROM old_account a
    LEFT JOIN last l ON l.shard_key = a.shard_key AND l.account_id = a.account_id
"""


def upgrade() -> None:
    op.drop_index("inbox_shard_key_kind_turn", "inbox")
    clustered = _ONLY_CLUSTERED if op.get_bind().dialect.name == "sqlite" else ()
    made = (transfer, account, sale, *clustered)
    for one in made:
        op.execute(f"CREATE TABLE old_{one.name} AS SELECT * FROM {one.name}")  # noqa: S608
        op.drop_table(one.name)
    metadata.create_all(op.get_bind(), tables=made, checkfirst=False)
    op.execute(_TRANSFERS)
    op.execute(_ACCOUNTS)
    for one in (sale, *clustered):
        names = ", ".join(column.name for column in one.columns)
        copied = f"SELECT {names} FROM old_{one.name}"  # noqa: S608  # our own names
        op.execute(f"INSERT INTO {one.name} ({names}) {copied}")
    for one in made:
        op.drop_table(f"old_{one.name}")
