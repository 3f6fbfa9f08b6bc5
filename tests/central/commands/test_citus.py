"""Citus is not to be had from the registries: its statements are compared with a file, not run."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, text

from central import citus
from central.database import CITUS, writing
from central.ledger.writing import bulk
from central.schema import metadata
from tests.central.commands.conftest import database
from tests.central.commands.test_statement import go_shopping
from tests.central.mall import DEMO, Mall

GOLDEN = Path(__file__).with_name("citus.sql")

# What our side of the cluster needs of Citus: where it notes tables, and the call that spreads one.
STAND_IN = """
    CREATE TABLE pg_dist_partition (logicalrelid regclass, beside text);
    CREATE FUNCTION create_distributed_table(
        table_name regclass, distribution_column text, colocate_with text
    ) RETURNS void LANGUAGE sql AS
    'INSERT INTO pg_dist_partition
        VALUES (table_name, concat_ws('' '', distribution_column, colocate_with))';
"""


@pytest.fixture
def cluster(databases, tmp_path):
    """A mall in a PostgreSQL database of its own, and the engine of that database."""
    with database(databases, "template0") as url:
        mall = Mall(tmp_path, url)
        mall.run("central", "init")
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text(STAND_IN))
        yield mall, engine
        engine.dispose()


def test_the_statements_for_a_cluster_are_those_of_the_file():
    assert citus.script() == GOLDEN.read_text(encoding="utf-8")


def test_every_table_is_distributed_by_its_shard_beside_the_shards_own_row():
    statements = citus.distribution()
    assert statements.keys() == metadata.tables.keys()
    assert next(iter(statements)) == "shard"
    assert all("'shard_key'" in one for one in statements.values())


def test_init_prints_the_statements_where_there_is_no_cluster(new_mall):
    assert new_mall.run("central", "init", "--citus").endswith(GOLDEN.read_text(encoding="utf-8"))


def test_init_prints_them_on_a_postgresql_without_the_extension_too(databases, tmp_path):
    with database(databases, "template0") as url:
        said = Mall(tmp_path, url).run("central", "init", "--citus")
    assert said.endswith(GOLDEN.read_text(encoding="utf-8"))
    assert "no Citus extension" in said


def test_init_distributes_each_table_of_a_cluster_once(cluster):
    mall, engine = cluster
    tables = metadata.tables.keys()
    assert f"distributed {len(tables)} tables" in mall.run("central", "init", "--citus")
    with engine.begin() as connection:
        noted = connection.execute(text("SELECT logicalrelid::text, beside FROM pg_dist_partition"))
        beside = dict(tuple(row) for row in noted)
    assert beside.pop("shard") == "shard_key none"
    assert beside == dict.fromkeys(tables - {"shard"}, "shard_key shard")
    assert "distributed 0 tables" in mall.run("central", "init", "--citus")


def test_rows_for_a_cluster_go_to_its_nodes_and_not_through_the_coordinator(cluster):
    """An INSERT out of arrays would run on the coordinator; plain rows go where they belong."""
    mall, _ = cluster
    for kind in ("rules", "shops", "rewards", "tills"):
        (file,) = DEMO.glob(f"{kind}.*")
        mall.run("central", "import", kind, str(file))
    go_shopping(mall)
    seen = []
    with mall.parts() as parts:
        event.listen(parts.engine, "before_cursor_execute", lambda *told: seen.append(told[2]))
        with writing(parts.engine) as connection:
            assert connection.info[CITUS] is True
            row = (1, bytes(16), 1, 0)
            columns = ("shard_key", "device_id", "epoch", "through_seq")
            bulk.upsert(connection, metadata.tables["durable"], columns, [row])
    assert not [one for one in seen if "unnest" in one]
    assert mall.json("central", "ledger", "verify")["ok"]
