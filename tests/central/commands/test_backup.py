import pytest
from sqlalchemy import select, update

from central import backup, schema
from central.database import reading, writing
from central.rewards import pictures
from loyalty.events import Holder
from loyalty.wire import LEASE_PATH, LeaseAnswer, LeaseRequest
from tests.central.commands.conftest import database
from tests.central.commands.test_statement import go_shopping
from tests.central.mall import Mall

#: What a restore makes new: an incarnation, when it was, who is awaited, how far the file goes.
NEW = {"shard", "restored", "durable", "awaited"}
CARD = Holder("card", "c1" * 8)
#: What central says about a card's lease when it says nothing of a restore.
NEXT_QUESTION = "member_unknown"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_mall(request, tmp_path):
    """A mall whose database is empty, on each kind of database."""
    if request.param == "sqlite":
        yield mall_in(tmp_path / "elsewhere")
        return
    with database(request.getfixturevalue("databases"), "template0") as url:
        yield mall_in(tmp_path / "elsewhere", url)


def mall_in(folder, *url):
    folder.mkdir()
    return Mall(folder, *url)


def restored_from(mall, file, empty):
    """Restore a mall's backup elsewhere; return the mall there."""
    restore(mall, file, empty)
    return empty


def restore(mall, file, empty):
    """Restore a mall's backup elsewhere, beside a copy of its keys; return what is said of it."""
    (empty.folder / "central.keys").write_bytes((mall.folder / "central.keys").read_bytes())
    (empty.folder / "central.keys").chmod(0o600)
    return empty.run("central", "restore", str(file))


def rows(mall):
    with mall.parts() as parts, reading(parts.engine) as connection:
        return {
            name: [
                tuple(row)
                for row in connection.execute(table.select().order_by(*table.primary_key))
            ]
            for name, table in schema.metadata.tables.items()
        }


def code_for(mall, name="till-1", shop="helu"):
    """Return an enrolment code; to be asked for while no server of the mall talks between."""
    return mall.json("fleet", "enrol", "--name", name, "--role", "till", "--shop", shop)["code"]


def book_of(mall):
    with mall.parts() as parts, reading(parts.engine) as connection:
        return connection.execute(select(schema.rule_book.c.version)).scalar_one()


def test_a_restored_database_holds_every_row_whatever_its_kind(any_mall, empty_mall, tmp_path):
    file = tmp_path / "mall.backup"
    go_shopping(any_mall)
    said = any_mall.run("central", "backup", str(file))
    assert "all checked" in said
    assert file.stat().st_mode & 0o777 == 0o600
    before = rows(any_mall)
    after = rows(restored_from(any_mall, file, empty_mall))
    assert {name: after[name] for name in after.keys() - NEW} == {
        name: before[name] for name in before.keys() - NEW
    }
    assert after["shard"][0][3] != before["shard"][0][3]
    assert empty_mall.json("central", "ledger", "verify")["ok"]


def test_pictures_of_rewards_come_back_with_the_database(mall, tmp_path):
    file, picture = tmp_path / "mall.backup", b"\x89PNG\r\n\x1a\n a cup of tea"
    name = pictures.store(mall.folder / "pictures", picture)
    (mall.folder / "pictures" / f"{name}.new").write_bytes(b"half a picture")
    assert "1 pictures" in mall.run("central", "backup", str(file))
    other = restored_from(mall, file, mall_in(tmp_path / "elsewhere"))
    assert [one.name for one in (other.folder / "pictures").iterdir()] == [name]
    assert pictures.path(other.folder / "pictures", name).read_bytes() == picture


def test_a_till_learns_how_far_a_backup_covers_its_events(any_mall, tmp_path):
    book, code = book_of(any_mall), code_for(any_mall)
    with any_mall.server() as server:
        till = server.device(code)
        till.push(till.sale(CARD, book=book))
        assert till.send(till.request(1, 1)).durable_through == 0
        any_mall.run("central", "backup", str(tmp_path / "1.backup"))
        till.push(till.sale(CARD, book=book))
        assert till.send(till.request(2, 2)).durable_through == 1
        any_mall.run("central", "backup", str(tmp_path / "2.backup"))
        assert till.send(till.request(2, 2)).durable_through == 2


def test_tills_send_again_what_the_backup_lacks(any_mall, empty_mall, tmp_path):
    book, file, code = book_of(any_mall), tmp_path / "mall.backup", code_for(any_mall)
    with any_mall.server() as server:
        till = server.device(code)
        till.push(*[till.sale(CARD, book=book) for _ in range(2)])
        any_mall.run("central", "backup", str(file))
        till.push(*[till.sale(CARD, book=book) for _ in range(3)])
    restored_from(any_mall, file, empty_mall)
    with empty_mall.server() as server:
        till.programme = server
        till.write(till.sale(CARD, book=book))
        gap = till.send(till.request(6, 6))
        assert (gap.status, gap.expected_seq) == ("gap", 3)
        refilled = till.send(till.request(gap.expected_seq, 6))
        assert (refilled.status, refilled.acked_through) == ("ok", 6)
        assert refilled.incarnation != bytes(16)
    assert empty_mall.json("central", "ledger", "verify")["ok"]
    assert rows(empty_mall)["account"] != rows(any_mall)["account"]


def awaits(mall):
    return {each["name"]: each["awaited"] for each in mall.json("fleet", "list")["devices"]}


def test_no_lease_is_given_after_a_restore_while_a_lost_one_could_be_spent(mall, tmp_path):
    """A lease granted behind the backup may still be spent where central does not know of it."""
    book, file = book_of(mall), tmp_path / "mall.backup"
    elsewhere = mall_in(tmp_path / "elsewhere")
    ask = LeaseRequest("r1", CARD, "parking-2h", 1)
    code = code_for(mall)
    with mall.server() as server:
        till = server.device(code)
        till.push(till.sale(CARD, fen=90_000, points=900, book=book))
        mall.run("central", "backup", str(file))
    restored_from(mall, file, elsewhere)
    assert awaits(elsewhere)["till-1"]
    assert "恢复数据后待补传：till-1" in elsewhere.run("fleet", "status")
    assert "restore: till-1 has not told" in elsewhere.run("fleet", "status", "--lang", "en")
    with elsewhere.server() as server:
        till.programme = server
        assert till.ask(LEASE_PATH, ask, LeaseAnswer).refusal.code == "after_restore"
        till.incarnation = till.pull().incarnation
        till.send(till.request(1, 1))
        again = LeaseRequest("r2", ask.holder, ask.reward_id, 1)
        assert till.ask(LEASE_PATH, again, LeaseAnswer).refusal.code == "after_restore"
    with elsewhere.parts() as parts, reading(parts.engine) as connection:
        awaited = connection.execute(select(schema.awaited.c.device_id)).scalars().all()
    assert till.id not in awaited
    assert not awaits(elsewhere)["till-1"]


def test_a_restore_says_what_is_to_be_done_before_the_server_starts(mall, tmp_path):
    """A revocation that is forgotten gives the key of a stolen till back its power at once."""
    file, elsewhere = tmp_path / "mall.backup", mall_in(tmp_path / "elsewhere")
    mall.run("central", "backup", str(file))
    told = restore(mall, file, elsewhere)
    for words in ("启动服务前", "before the server starts", "fleet revoke", "central import"):
        assert words in told


def test_once_the_longest_lease_has_run_out_nobody_waits_for_a_silent_till(mall, tmp_path):
    elsewhere = mall_in(tmp_path / "elsewhere")
    code = code_for(mall)
    with mall.server() as server:
        server.device(code)
        mall.run("central", "backup", str(tmp_path / "mall.backup"))
    restored_from(mall, tmp_path / "mall.backup", elsewhere)
    with elsewhere.parts() as parts, writing(parts.engine) as connection:
        t = schema.restored
        connection.execute(update(t).values(restored_ms=t.c.restored_ms - 901_000))
    book, code = book_of(elsewhere), code_for(elsewhere, "till-2", "zhiye")
    with elsewhere.server() as server:
        other = server.device(code)
        other.push(other.sale(CARD, fen=90_000, points=900, book=book))
        ask = LeaseRequest("r1", CARD, "parking-2h", 1)
        assert other.ask(LEASE_PATH, ask, LeaseAnswer).refusal.code == NEXT_QUESTION


@pytest.mark.parametrize("place", [3, 40, -40, -1])
def test_a_flipped_bit_anywhere_in_a_backup_is_found(mall, tmp_path, place):
    file = tmp_path / "mall.backup"
    mall.run("central", "backup", str(file))
    data = bytearray(file.read_bytes())
    data[place] ^= 4
    file.write_bytes(data)
    elsewhere = mall_in(tmp_path / "elsewhere")
    assert "damaged" in elsewhere.run("central", "restore", str(file), code=1)


def test_a_backup_that_was_cut_short_is_none(mall, tmp_path):
    file = tmp_path / "mall.backup"
    mall.run("central", "backup", str(file))
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(backup.BackupError, match="cut short"):
        backup.check(file)


def test_a_broken_chain_is_copied_but_covers_nothing(mall, tmp_path):
    go_shopping(mall)
    with mall.parts() as parts, writing(parts.engine) as connection:
        connection.execute(update(schema.inbox).values(body=b"{}"))
    said = mall.run("central", "backup", str(tmp_path / "mall.backup"), code=1)
    assert "its hash does not follow" in said
    assert rows(mall)["durable"] == []


def test_neither_a_file_nor_a_database_is_written_over(mall, tmp_path):
    file = tmp_path / "mall.backup"
    mall.run("central", "backup", str(file))
    assert "never written over" in mall.run("central", "backup", str(file), code=1)
    assert "in use" in mall.run("central", "restore", str(file), code=1)
