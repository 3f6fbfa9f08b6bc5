"""The leases that a device has open, found without looking at those it ever had."""

from alembic import op
from sqlalchemy import text

revision = "0024"
down_revision = "0023"

_OPEN = text("state = 0")


def upgrade() -> None:
    columns = ["shard_key", "device_id"]
    op.create_index("lease_open", "lease", columns, postgresql_where=_OPEN, sqlite_where=_OPEN)
