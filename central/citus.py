"""How the tables lie on a Citus cluster: all by `shard_key`, and all rows of a programme together.

Every key and every statement of the hot path fixes the shard, so each runs on one node and no
transaction spans two (SYNC 2.11). Nothing else in central knows of Citus.
"""

from sqlalchemy import Connection, text

from central.schema import metadata

_FIRST = "shard"  # the others lie beside its rows


def distribution() -> dict[str, str]:
    """Return for each table, in the order to run them, the statement that distributes it."""
    others = sorted(name for name in metadata.tables if name != _FIRST)
    return {
        name: f"SELECT create_distributed_table('{name}', 'shard_key', colocate_with => '{beside}')"
        for name, beside in [(_FIRST, "none"), *((name, _FIRST) for name in others)]
    }


def script() -> str:
    """Return what to run once on the coordinator, in the programme's database."""
    return "".join(f"{statement};\n" for statement in distribution().values())


def is_there(connection: Connection) -> bool:
    """Tell whether the database is on a cluster that has the extension."""
    if connection.dialect.name != "postgresql":
        return False
    catalogue = text("SELECT to_regclass('pg_dist_partition') IS NOT NULL")
    return bool(connection.execute(catalogue).scalar_one())


def distribute(connection: Connection) -> int:
    """Distribute the tables that are not yet; return how many, in the caller's transaction."""
    known = connection.execute(text("SELECT logicalrelid::regclass::text FROM pg_dist_partition"))
    there = set(known.scalars())
    missing = [one for name, one in distribution().items() if name not in there]
    for statement in missing:
        connection.execute(text(statement))
    return len(missing)
