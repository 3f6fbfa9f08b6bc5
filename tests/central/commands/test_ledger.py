import json
from contextlib import contextmanager

import pytest
from sqlalchemy import select, update

from central import schema
from central.database import reading, scratch, writing
from central.ledger import verify as ledger
from tests.central.commands.test_statement import go_shopping


def rows(mall, table):
    with mall.parts() as parts, reading(parts.engine) as connection:
        query = select(table).order_by(*table.primary_key.columns)
        return [tuple(row) for row in connection.execute(query)]


def change(mall, table, **values):
    with mall.parts() as parts, writing(parts.engine) as connection:
        connection.execute(update(table).values(**values))


def test_a_ledger_that_is_what_its_log_says_is_verified(any_mall):
    go_shopping(any_mall)
    said = any_mall.json("central", "ledger", "verify")
    assert (said["ok"], said["findings"]) == (True, [])
    assert sum(said["totals"]["posted"].values()) == 0
    assert "问题 0" in any_mall.run("central", "ledger", "verify")


def test_a_balance_that_was_tampered_with_is_named_and_rebuilt(any_mall):
    go_shopping(any_mall)
    before = rows(any_mall, schema.account)
    change(any_mall, schema.account, held=1)
    said = any_mall.run("central", "ledger", "verify", "--lang", "en", code=1)
    assert "the ledger is not what its log says" in said
    any_mall.run("central", "ledger", "rebuild")
    assert rows(any_mall, schema.account) == before
    assert any_mall.json("central", "ledger", "verify")["ok"]


def test_an_event_that_was_tampered_with_is_named(mall):
    go_shopping(mall)
    change(mall, schema.inbox, body=b"{}")
    answer = mall.run("central", "ledger", "verify", "--json", code=1)
    said = json.loads(answer.splitlines()[0])
    assert not said["ok"]
    assert said["findings"]


def test_rebuilding_a_sound_ledger_changes_nothing(mall):
    go_shopping(mall)
    before = {name: rows(mall, table) for name, table in schema.metadata.tables.items()}
    assert mall.json("central", "ledger", "rebuild")["events"] > 40
    assert "rebuilt the ledger" in mall.run("central", "ledger", "rebuild", "--lang", "en")
    after = {name: rows(mall, table) for name, table in schema.metadata.tables.items()}
    assert after == before


@pytest.mark.parametrize("command", ["verify", "rebuild"])
def test_a_full_disk_is_told_with_where_room_is_wanted_and_nothing_changes(
    mall, command, monkeypatch
):
    @contextmanager
    def small():
        with scratch() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 20")
            yield connection

    go_shopping(mall)
    before = {name: rows(mall, table) for name, table in schema.metadata.tables.items()}
    monkeypatch.setattr(ledger, "scratch", small)
    assert "SQLITE_TMPDIR" in mall.run("central", "ledger", command, code=1)
    assert {name: rows(mall, it) for name, it in schema.metadata.tables.items()} == before
