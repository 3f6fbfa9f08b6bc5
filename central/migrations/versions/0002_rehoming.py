"""Who got the next epoch of a device, and which other machines asked for it."""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, PrimaryKeyConstraint, Table, Text
from sqlalchemy.sql.schema import SchemaItem

revision = "0002"
down_revision = "0001"

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pk"})


def big(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def data(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


def text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def table(name: str, key: str, *rest: SchemaItem) -> Table:
    primary = PrimaryKeyConstraint("shard_key", *key.split())
    shard_key = Column("shard_key", BigInteger, nullable=False, autoincrement=False)
    return Table(name, metadata, shard_key, *rest, primary)


epoch_grant = table(
    "epoch_grant",
    "device_id epoch",
    data("device_id"),
    big("epoch"),
    text("request_id"),
    text("session"),
    big("granted_ms"),
)

fence = table(
    "fence",
    "device_id epoch request_id",
    data("device_id"),
    big("epoch"),
    text("request_id"),
    text("session"),
    big("head_seq"),
    data("head_hash"),
    big("seen_ms"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)
