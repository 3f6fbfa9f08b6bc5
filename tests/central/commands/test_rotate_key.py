import pytest
from sqlalchemy import select

from central import importing, keys, rotating, schema
from central.app import open_parts
from central.config import load
from central.database import reading
from central.ledger.queries import balance_of
from central.members.lookup import find_member
from loyalty.codes import card_tag, make_member_number, make_short_code
from loyalty.directory import DirectoryHeld
from loyalty.events import Holder
from loyalty.member_file import key_check
from loyalty.wire import PULL_PATH, MemberRow, PullAnswer, PullRequest, Topic
from tests.central.commands.test_backup import book_of, code_for, mall_in, restored_from
from tests.loyalty.directories import opened

NUMBER, LATER = (make_member_number(digits) for digits in ("58656238139", "72343504267"))
BAND = "04A2B3C4D5"
CLAIM = make_short_code("C", lambda below: 7)
SHEET = "number,name,phone,tier,aliases\n"
WANG = f"{NUMBER},王小明,13800138000,,{BAND}\n"
LI = f"{LATER},李雷,13900139000,,\n"


@pytest.fixture
def people(any_mall):
    """A mall, on each database in turn, with one member who has two cards."""
    any_mall.bring_in("members", SHEET + WANG)
    return any_mall


@pytest.fixture
def some(mall):
    """The same on SQLite alone, for what does not depend on the database."""
    mall.bring_in("members", SHEET + WANG)
    return mall


def tenant_keys(mall):
    return keys.load(mall.folder / "central.keys").tenant_keys


def pulled(till, key, name="", position=0):
    """Pull as a device that uses this tenant key."""
    held = DirectoryHeld(name, position, position, key_check(key))
    return till.ask(PULL_PATH, PullRequest(bytes(16), 0, 5000, held), PullAnswer)


def file_of(mall):
    """Make a member file as the server would after a restart."""
    with mall.server() as server:
        files = server.client.application.extensions["central"][0].member_files
        files.close()
        return opened(files.path(files.make()).read_bytes())


def member_of(mall, code=NUMBER):
    with mall.parts() as parts, reading(parts.engine) as connection:
        return find_member(connection, 1, parts.keys.tenant_key, code).member


def points(mall, number):
    with mall.parts() as parts, reading(parts.engine) as connection:
        return balance_of(connection, 1, Holder("member", member_of(mall, number))).balance


def test_the_next_file_knows_every_card_under_the_new_key_and_none_under_the_old(people):
    member = member_of(people)
    said = people.run("central", "rotate-key", "tenant")
    assert "restart the server" in said
    old, new = tenant_keys(people)
    assert new.hex() not in said
    file = file_of(people)
    assert file.header.key_check == key_check(new)
    for code in (NUMBER, BAND):
        assert file.member_of(card_tag(new, code)) == member
        assert file.member_of(card_tag(old, code)) is None
        assert file.open_balance(card_tag(old, code)) is None
        assert member_of(people, code) == member
    assert people.json("central", "ledger", "verify")["ok"]


def test_rows_name_both_keys_tags_until_the_next_rotation(people):
    people.run("central", "rotate-key", "tenant")
    people.run("central", "rotate-key", "tenant")
    first, second, third = tenant_keys(people)
    code = code_for(people)
    with people.server() as server:
        row = server.device(code).feed(Topic.MEMBER, MemberRow)[member_of(people)]
    expected = {card_tag(key, one) for key in (second, third) for one in (NUMBER, BAND)}
    assert set(row.tags) == expected
    assert card_tag(first, NUMBER) not in row.tags
    assert people.json("central", "ledger", "verify")["ok"]


def test_a_sale_written_down_under_the_old_key_finds_its_member(people):
    book, code = book_of(people), code_for(people)
    with people.server() as server:
        till = server.device(code)
        (old,) = tenant_keys(people)
        till.write(till.sale(Holder("card", card_tag(old, NUMBER)), book=book))
        till.write(till.sale(Holder("card", card_tag(old, LATER)), book=book, fen=30_000))
        till.write(till.sale(None, book=book, fen=20_000, code=CLAIM))
        till.write(till.claim(CLAIM, Holder("card", card_tag(old, LATER)), 200))
        people.run("central", "rotate-key", "tenant")
        people.bring_in("members", SHEET + LI)  # joins after the rotation, before the till is back
        till.send()
    assert points(people, NUMBER) == 100
    assert points(people, LATER) == 300 + 200
    assert people.json("central", "ledger", "verify")["ok"]


def test_points_on_a_card_from_two_keys_ago_find_the_member_who_registers_it(people):
    book, code = book_of(people), code_for(people)
    with people.server() as server:
        till = server.device(code)
        (first,) = tenant_keys(people)
        till.push(till.sale(Holder("card", card_tag(first, LATER)), book=book))
    for _ in range(2):
        people.run("central", "rotate-key", "tenant")
        with people.server() as server:
            till.programme = server
            pulled(till, tenant_keys(people)[-1])
    people.bring_in("members", SHEET + LI)
    assert points(people, LATER) == 100
    assert "未变 1" in people.bring_in("members", SHEET + LI)
    with people.parts() as parts, reading(parts.engine) as connection:
        held = connection.execute(select(schema.member_card.c.key_number)).scalars()
        assert sorted(number or 0 for number in held) == [0, 1, 1, 1, 2, 2, 2]
    people.run("central", "ledger", "rebuild")
    assert points(people, LATER) == 100
    assert people.json("central", "ledger", "verify")["ok"]


def test_a_device_hears_of_the_key_after_the_restart_and_the_next_rotation_waits_for_it(people):
    code = code_for(people)
    with people.server() as server:
        till = server.device(code)
        (old,) = tenant_keys(people)
        people.run("central", "rotate-key", "tenant")
        assert pulled(till, old).new_key is None  # this server does not know the key yet
    new = tenant_keys(people)[1]
    with people.server() as server:
        till.programme = server
        server.client.application.extensions["central"][0].member_files.close()
        far = pulled(till, old, "ab" * 32, 10)
        assert far.new_key.tenant_key == new
        again = pulled(till, old, far.offer.name, far.offer.position)
        assert again.offer.name == far.offer.name
        assert again.offer.delta_name == ""
        assert "till-1" in people.run("central", "rotate-key", "tenant", code=1)
        assert len(tenant_keys(people)) == 2
        assert pulled(till, new).new_key is None
    people.run("central", "rotate-key", "tenant")
    assert len(tenant_keys(people)) == 3


def test_a_revoked_device_is_not_waited_for(some):
    code = code_for(some)
    with some.server() as server:
        server.device(code)
    assert not some.json("fleet", "status")["devices"][0]["has_old_key"]
    some.run("central", "rotate-key", "tenant")
    assert some.json("fleet", "status")["devices"][0]["has_old_key"]
    assert "旧的会员密钥" in some.run("fleet", "status")
    assert "old tenant key: till-1" in some.run("fleet", "status", "--lang", "en")
    assert "1 devices" in some.run("central", "rotate-key", "tenant", code=1)
    some.run("fleet", "revoke", "till-1")
    some.run("central", "rotate-key", "tenant")


def test_a_device_that_enrols_after_the_rotation_has_todays_key_at_once(some):
    some.run("central", "rotate-key", "tenant")
    code = code_for(some)
    with some.server() as server:
        assert server.device(code).enrolled.tenant_key == tenant_keys(some)[1]
    some.run("central", "rotate-key", "tenant")


def test_a_rotation_that_fails_leaves_the_key_in_force_and_the_next_takes_what_it_wrote(
    some, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(rotating, "keep_tenant_number", _the_power_goes)
        with pytest.raises(RuntimeError, match="the power goes"):
            some.run("central", "rotate-key", "tenant")
    first, second = tenant_keys(some)
    with some.parts() as parts:
        assert parts.keys.tenant_key == first
    assert member_of(some) is not None
    some.run("central", "rotate-key", "tenant")
    assert tenant_keys(some) == (first, second)
    with some.parts() as parts:
        assert parts.keys.tenant_key == second


def _the_power_goes(*_):
    raise RuntimeError("the power goes")


def test_a_backup_from_before_goes_on_under_the_key_of_its_time(some, tmp_path):
    file = tmp_path / "mall.backup"
    some.run("central", "backup", str(file))
    some.run("central", "rotate-key", "tenant")
    first, second = tenant_keys(some)
    other = restored_from(some, file, mall_in(tmp_path / "elsewhere"))
    with other.parts() as parts:
        assert parts.keys.tenant_key == first
    assert file_of(other).member_of(card_tag(first, NUMBER)) == member_of(other)
    other.run("central", "rotate-key", "tenant")
    assert tenant_keys(other) == (first, second)


def test_keys_from_before_a_rotation_do_not_open_the_database(some):
    path = some.folder / "central.keys"
    before = path.read_bytes()
    some.run("central", "rotate-key", "tenant")
    after = path.read_bytes()
    assert after.startswith(before)
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(before)
    assert "lacks tenant_key_1" in some.run("fleet", "list", code=3)
    path.write_bytes(after)
    some.run("fleet", "list")


def test_an_import_that_began_before_a_rotation_is_begun_again(some):
    parts = open_parts(load(some.config))
    try:
        some.run("central", "rotate-key", "tenant")
        with reading(parts.engine) as connection, pytest.raises(keys.KeysError, match="again"):
            importing.cards_of(connection, parts)
    finally:
        parts.close()
