import os
import stat

import pytest

from central import keys
from loyalty.chain import sign, signed_by


def test_new_keys_are_readable_by_their_user_alone_and_work(tmp_path):
    path = tmp_path / "central.keys"
    assert keys.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loaded = keys.load(path)
    assert signed_by(loaded.central_public, sign(loaded.central_key, b"x"), b"x")
    assert len({loaded.tenant_key, loaded.desk_secret, loaded.central_public}) == 3


def test_keys_that_exist_are_never_written_over(tmp_path):
    path = tmp_path / "central.keys"
    keys.create(path)
    before = path.read_bytes()
    assert not keys.create(path)
    assert path.read_bytes() == before


def test_two_servers_have_different_keys(tmp_path):
    keys.create(tmp_path / "a")
    keys.create(tmp_path / "b")
    assert keys.load(tmp_path / "a").tenant_key != keys.load(tmp_path / "b").tenant_key


def test_keys_do_not_show_themselves(tmp_path):
    keys.create(tmp_path / "k")
    shown = repr(keys.load(tmp_path / "k"))
    secret_lines = (tmp_path / "k").read_text().splitlines()[1:]
    assert not [line for line in secret_lines if line.split('"')[1] in shown]
    assert "key" not in shown.lower().replace("keys", "")


def test_keys_that_others_can_read_are_refused(tmp_path):
    path = tmp_path / "central.keys"
    keys.create(path)
    path.chmod(0o640)
    with pytest.raises(keys.KeysError, match="others can read it"):
        keys.load(path)


def test_a_tenant_key_is_added_and_all_that_was_there_stays(tmp_path):
    path, link = tmp_path / "secrets" / "central.keys", tmp_path / "central.keys"
    path.parent.mkdir()
    link.symlink_to(path)
    keys.create(path)
    before, first = path.read_bytes(), keys.load(path)
    later = keys.add_tenant_key(link)
    assert link.is_symlink()
    assert path.read_bytes().startswith(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["central.keys"]
    assert later.tenant_keys[:1] == first.tenant_keys
    assert len(set(keys.add_tenant_key(path).tenant_keys)) == 3
    assert (later.tenant_key, later.at(1).tenant_key) == later.tenant_keys
    assert later.central_public == first.central_public
    with pytest.raises(keys.KeysError, match="lacks tenant_key_2"):
        later.at(2)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_keys_stay_their_users_whoever_adds_one(tmp_path):
    path = tmp_path / "central.keys"
    keys.create(path)
    os.chown(path, 65534, 65534)
    keys.add_tenant_key(path)
    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 65534)


def test_missing_keys_say_what_to_do(tmp_path):
    with pytest.raises(keys.KeysError, match="run `tillpoints central init`"):
        keys.load(tmp_path / "central.keys")


@pytest.mark.parametrize(
    "text",
    ["", "central_key = 'zz'", "central_key = 'aabb'\n", "\0", "central_key = "],
)
def test_damaged_keys_are_refused_without_quoting_them(tmp_path, text):
    path = tmp_path / "central.keys"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(keys.KeysError) as refusal:
        keys.load(path)
    assert "zz" not in str(refusal.value)
    assert "aabb" not in str(refusal.value)
