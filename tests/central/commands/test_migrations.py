from datetime import date
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from central import migrations, schema
from central.database import reading, writing
from central.ledger.rule_commands import GrantTier
from central.ledger.verify import rebuild, verify
from central.ledger.writing import loading
from central.ledger.writing.bulk import insert_plain
from central.ledger.writing.lots import unpacked
from loyalty.catalogue import Details, Terms
from tests.central.programme import DAY_MS, card, member

CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
"""
INDEXES = """
SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2
"""
SQLITE = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"


def shape_of(engine):
    """Every table, column, key, check and index, as the database itself describes them."""
    questions = [SQLITE] if engine.dialect.name == "sqlite" else [CONSTRAINTS, INDEXES]
    with reading(engine) as connection:
        rows = [row for ask in questions for row in connection.execute(text(ask))]
        # A column that was added later stands on the line of the one before it.
        found = [tuple(" ".join(str(part).split()) for part in row) for row in rows]
        tables = inspect(connection)
        found += [
            (table, column["name"], str(column["type"]), column["nullable"])
            for table in sorted(tables.get_table_names())
            for column in tables.get_columns(table)
        ]
    return [part for part in found if "alembic_version" not in str(part)]


def test_a_migrated_database_has_exactly_the_shape_of_the_schema(two_empty_databases):
    migrated, made = two_empty_databases
    with writing(migrated) as connection:
        migrations.upgrade(connection)
    with writing(made) as connection:
        schema.metadata.create_all(connection)
    assert shape_of(migrated) == shape_of(made)
    assert len(shape_of(made)) > len(schema.metadata.tables)


def test_every_version_is_the_number_in_the_name_of_its_file():
    """A server looks at the names alone, without Alembic."""
    scripts = ScriptDirectory(Path(migrations.__file__).parent)
    revisions = [one.revision for one in scripts.walk_revisions()]
    assert all(map(migrations.is_known, revisions))
    names = [path.name.split("_")[0] for path in (Path(scripts.dir) / "versions").glob("*.py")]
    assert sorted(names) == sorted(revisions)
    assert max(names) == scripts.get_current_head()


def test_a_database_is_current_only_once_it_was_migrated(two_empty_databases):
    engine, _ = two_empty_databases
    with reading(engine) as connection:
        assert not migrations.is_current(connection)
    for _ in range(2):  # the second time finds nothing to do
        with writing(engine) as connection:
            migrations.upgrade(connection)
        with reading(engine) as connection:
            assert migrations.is_current(connection)


def test_a_database_from_the_future_is_not_current(two_empty_databases):
    engine, _ = two_empty_databases
    with writing(engine) as connection:
        migrations.upgrade(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with reading(engine) as connection:
        assert not migrations.is_current(connection)


def test_a_migration_that_fails_leaves_the_database_as_it_was(two_empty_databases):
    engine, _ = two_empty_databases
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE voucher (mine INTEGER)"))
    before = shape_of(engine)

    def upgrade():
        with writing(engine) as connection:
            migrations.upgrade(connection)

    with pytest.raises(Exception, match="voucher"):
        upgrade()
    assert shape_of(engine) == before


#: What versions after 0011 added to its tables.
_NEW = {
    "contact": {"epoch", "last_written"},
    "shard": {"central_public", "tenant_number"},
    "device": {"tenant_number"},
    "transfer": {"number", "debit_before", "credit_before"},
    "account": {"last_transfer", "next_expiry", "lots", "purchases", "bought_on"},
    "receipt_key": {"printed_on"},
}
#: What version 0028 and those after it added.
_SINCE_0028 = ("purchases", "bought_on", "tenant_number")


def _tables_before(*others):
    """The tables of this version without those that no version before 0032 had, nor `others`."""
    left_out = (schema.card_owner, *others)
    return [table for table in schema.metadata.sorted_tables if table not in left_out]


def as_before(row, table):
    """A row of this version as version 0011 had it."""
    values = {key: row._mapping[key] for key in row._mapping if key not in _NEW.get(table, ())}
    return {**values, "book": None} if table == "transfer" else values


def as_migrated(row, table):
    """A row of this version as a migration leaves it: the device's next push tells the rest."""
    untold = _NEW[table] if table in ("contact", "device") else ()
    return tuple(None if key in untold else row._mapping[key] for key in row._mapping)


def lots_as_before(programme):
    """The lots of this version as rows of their own, which version 0018 put into accounts."""
    for account in programme.rows(schema.account):
        for lot in unpacked(account.lots):
            key = {"shard_key": account.shard_key, "account_id": account.account_id}
            left = {"expires_on": lot.expires_on.isoformat(), "remaining": lot.left}
            yield {**key, "lot_id": lot.lot_id, **left}


def test_a_ledger_of_an_older_version_is_the_same_one_afterwards(programme, two_empty_databases):
    """Its transfers are numbered and chained as if this version had booked them."""
    till = programme.till
    programme.add_member("a", "gold", ["c1"])
    paid = till.sale(card("c1"), fen=50_000)
    till.push(paid, till.sale(code="C1"), till.sale(member("b")), till.refund(paid, fen=999))
    programme.other.push(programme.other.claim("C1", member("a")))
    programme.add_member("b", "", ["c9"])
    programme.add_member("c", "", ["c9"])
    older, _ = two_empty_databases
    with writing(older) as connection, reading(programme.engine) as now:
        migrations.upgrade(connection, "0011")
        for table in _tables_before(_REFOLDED):
            mine = table.select().where(table.c.shard_key == programme.shard_key)
            rows = [as_before(row, table.name) for row in now.execute(mine)]
            for row in sorted(rows, key=str, reverse=True):
                insert_plain(connection, table.name, tuple(row), [tuple(row.values())])
        for row in lots_as_before(programme):
            insert_plain(connection, "lot", tuple(row), [tuple(row.values())])
        migrations.upgrade(connection)
    assert unlike(older, programme) == [_REFOLDED]
    with writing(older) as connection:
        rebuild(connection, programme.shard_key)
    assert unlike(older, programme) == []
    with reading(older) as connection:
        assert verify(connection, programme.shard_key) == []


#: What refunds returned of a bill was not kept once: its table is made again out of the log.
_REFOLDED = schema.paid_bill


def unlike(older, programme):
    """Return the tables of an older version's ledger that differ from those of this one."""
    found = []
    with reading(older) as connection, reading(programme.engine) as now:
        for table in schema.metadata.sorted_tables:
            mine = table.select().where(table.c.shard_key == programme.shard_key)
            mine = mine.order_by(*table.primary_key.columns)
            expected = [as_migrated(row, table.name) for row in now.execute(mine)]
            if connection.execute(mine).all() != expected:
                found.append(table)
    return found


def test_the_changes_of_tier_of_before_are_found_by_their_member(programme, two_empty_databases):
    for tier_id in ("base", "gold", "gold", "base"):
        programme.add_member("a", tier_id)
    programme.service.run(GrantTier("a", "gold", date(2026, 12, 31), "li", "开业嘉宾"))
    older, _ = two_empty_databases
    with writing(older) as connection, reading(programme.engine) as now:
        migrations.upgrade(connection, "0025")
        for table in _tables_before(schema.tier_change):
            mine = table.select().where(table.c.shard_key == programme.shard_key)
            for row in now.execute(mine):
                values = {key: row._mapping[key] for key in row._mapping if key not in _SINCE_0028}
                insert_plain(connection, table.name, tuple(values), [tuple(values.values())])
        migrations.upgrade(connection)
    rows = programme.rows(schema.tier_change)
    assert len(rows) == 3
    with reading(older) as connection:
        mine = schema.tier_change.select().order_by(schema.tier_change.c.seq)
        assert connection.execute(mine).all() == rows
        assert verify(connection, programme.shard_key) == []


def test_the_purchases_of_before_are_counted_for_their_members(programme, two_empty_databases):
    """Of member, of card, claimed; not what came back whole, nor of a card that nobody owned."""
    till, day = programme.till, "2026-05-29"
    till.push(till.sale(card("c1")))
    programme.add_member("a", "gold", ["c1"])
    till.push(till.sale(card("c1"), points=150), till.sale(code="C1"))
    returned = till.sale(member("b"))
    till.push(till.claim("C1", member("a")), returned, till.refund(returned))
    programme.now_ms += DAY_MS
    till.push(till.sale(member("a")), till.sale(member("c"), fen=50, points=0))
    older, _ = two_empty_databases
    with writing(older) as connection, reading(programme.engine) as now:
        migrations.upgrade(connection, "0027")
        for table in _tables_before():
            mine = table.select().where(table.c.shard_key == programme.shard_key)
            for row in now.execute(mine):
                values = {key: row._mapping[key] for key in row._mapping if key not in _SINCE_0028}
                if table is not schema.account or row.last_transfer:  # else it has no points yet
                    insert_plain(connection, table.name, tuple(values), [tuple(values.values())])
        migrations.upgrade(connection)
    t = schema.account
    mine = t.select().where(t.c.kind == 1).order_by(t.c.account_id)
    with reading(older) as connection:
        found = connection.execute(mine).all()
        assert found == [row for row in programme.rows(t) if row.kind == 1]
        assert verify(connection, programme.shard_key) == []
    people = [row for row in found if row.account_id.startswith(b"\x01member:")]
    bought = [(row.account_id[1:], row.purchases, row.bought_on) for row in people]
    assert bought == [
        (b"member:a", 3, f"{day} {day} 2026-05-30"),
        (b"member:b", None, None),
        (b"member:c", 1, "2026-05-30"),
    ]


def test_what_the_catalogue_has_today_counts_for_all_the_time_before(
    programme, two_empty_databases
):
    programme.add_reward("tea", 100, about_zh="茶", limit=2)
    programme.add_reward("cup", 300, offered=0)
    older, _ = two_empty_databases
    with writing(older) as connection, reading(programme.engine) as now:
        migrations.upgrade(connection, "0029")
        mine = schema.reward.select().where(schema.reward.c.shard_key == programme.shard_key)
        for row in now.execute(mine):
            insert_plain(connection, "reward", tuple(row._mapping), [tuple(row)])
        migrations.upgrade(connection)
        read = loading.read(connection, programme.shard_key, "terms", ["tea", "cup"])
    assert read == {
        "tea": (Terms(0, 100, details=Details(about_zh="茶", limit=2)),),
        "cup": (Terms(0, 300, offered=False),),
    }
