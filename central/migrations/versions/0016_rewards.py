"""What rewards are besides their price, their stock, and what redemptions take."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)

revision = "0016"
down_revision = "0015"

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pk"})


def _table(name: str, key: str, *columns: Column[object]) -> None:
    shard_key = Column("shard_key", BigInteger, nullable=False, autoincrement=False)
    Table(name, metadata, shard_key, *columns, PrimaryKeyConstraint("shard_key", *key.split()))


_table(
    "redemption",
    "lease_id",
    Column("lease_id", Text, nullable=False),
    Column("content", Text, nullable=False),
)
_table(
    "reserved",
    "name",
    Column("name", Text, nullable=False),
    Column("content", Text, nullable=False),
)
_table(
    "reward_stock",
    "reward_id place",
    Column("reward_id", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("supplied", BigInteger, nullable=False),
)

_voucher = Table(
    "voucher",
    MetaData(),
    Column("shard_key", BigInteger),
    Column("valid_until", Text),
    Column("state", SmallInteger),
)


def upgrade() -> None:
    op.add_column("reward", Column("details", Text, nullable=True))
    metadata.create_all(op.get_bind(), checkfirst=False)
    paid = _voucher.c.state == 1
    Index(
        "voucher_paid",
        _voucher.c.shard_key,
        _voucher.c.valid_until,
        postgresql_where=paid,
        sqlite_where=paid,
    ).create(op.get_bind())
