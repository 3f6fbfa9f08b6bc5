import stat

import pytest
from sqlalchemy import text

from central.database import reading


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_init_makes_keys_and_a_database_that_only_their_user_can_read(new_mall):
    said = new_mall.run("central", "init")
    assert "made the keys" in said
    assert "the database is ready" in said
    assert mode_of(new_mall.folder / "central.keys") == 0o600
    assert mode_of(new_mall.folder / "central.db") == 0o600


def test_init_again_changes_nothing_and_never_writes_keys_over(mall):
    keys = (mall.folder / "central.keys").read_bytes()
    before = mall.json("fleet", "list")
    assert "there already" in mall.run("central", "init")
    assert (mall.folder / "central.keys").read_bytes() == keys
    assert mall.json("fleet", "list") == before


def test_keys_that_were_lost_are_not_replaced_in_silence(mall):
    """No till would believe a word of new ones."""
    keys = mall.folder / "central.keys"
    own = keys.read_bytes()
    keys.unlink()
    assert "put your copy there" in mall.run("central", "init", code=3)
    assert not keys.exists()
    assert "made the keys" in mall.run("central", "init", "--new-keys")
    keys.write_bytes(own)
    for command in (("central", "init"), ("central", "serve"), ("fleet", "list")):
        assert "put its own copy there" in mall.run(*command, code=3)
    assert "there already" in mall.run("central", "init", "--new-keys")
    assert mall.run("fleet", "list") is not None


def test_a_programme_can_be_renamed_but_its_zone_stays(mall):
    mall.config.write_text(mall.config.read_text().replace("会员积分", "星享会"))
    mall.run("central", "init")
    with mall.parts() as parts, reading(parts.engine) as connection:
        assert connection.execute(text("SELECT programme FROM shard")).scalar() == "澄湖天地星享会"
    mall.configure(head='zone = "Europe/Lisbon"')
    assert "Asia/Shanghai" in mall.run("central", "init", code=3)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("fleet", "list"), "run `tillpoints central init`"),
        (("central", "serve"), "run `tillpoints central init`"),
    ],
)
def test_what_was_not_initialised_is_a_configuration_error(new_mall, words, says):
    assert says in new_mall.run(*words, code=3)


def test_a_database_that_was_never_made_is_not_made_by_asking(new_mall):
    new_mall.run("central", "init")
    (new_mall.folder / "central.db").unlink()
    assert "central init" in new_mall.run("fleet", "list", code=3)
    assert not (new_mall.folder / "central.db").exists()


def test_a_folder_that_is_missing_is_a_configuration_error(new_mall):
    new_mall.configure(head='keys_file = "absent/central.keys"')
    assert "keys: " in new_mall.run("central", "init", code=3)


def test_a_setting_that_does_not_exist_is_a_configuration_error(new_mall):
    new_mall.configure(head='zones = "Asia/Shanghai"')
    assert "did you mean 'zone'?" in new_mall.run("central", "init", code=3)
