"""On SQLite, accounts in a table and an index beside it: their lots made their rows wide.

Rows of some 350 bytes make a tree of six levels out of a key's index, and a large ledger reads
three pages for each event. PostgreSQL always had it so. A million wallets take some ten seconds.
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

_NEW = sa.Table(
    "account",
    sa.MetaData(
        naming_convention={
            "pk": "%(table_name)s_pk",
            "ck": "%(table_name)s_%(constraint_name)s_check",
        }
    ),
    sa.Column("shard_key", sa.BigInteger, nullable=False, autoincrement=False),
    sa.Column("account_id", sa.LargeBinary, nullable=False),
    sa.Column("kind", sa.SmallInteger, nullable=False),
    sa.Column("posted", sa.BigInteger, nullable=False),
    sa.Column("held", sa.BigInteger, nullable=False),
    sa.Column("last_transfer", sa.BigInteger, nullable=False),
    sa.Column("turn", sa.BigInteger, nullable=False),
    sa.Column("next_expiry", sa.Text, nullable=True),
    sa.Column("lots", sa.LargeBinary, nullable=True),
    sa.Column("purchases", sa.BigInteger, nullable=True),
    sa.Column("bought_on", sa.Text, nullable=True),
    sa.CheckConstraint("held >= 0", name="held"),
    sa.CheckConstraint("kind <> 1 OR posted - held >= 0", name="wallet"),
    sa.PrimaryKeyConstraint("shard_key", "account_id"),
)


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    op.rename_table("account", "old_account")
    _NEW.create(connection)
    names = ", ".join(column.name for column in _NEW.columns)
    ordered = f"SELECT {names} FROM old_account ORDER BY shard_key, account_id"  # noqa: S608
    op.execute(f"INSERT INTO account ({names}) {ordered}")
    op.drop_table("old_account")
