"""Pictures of rewards: kept under their hash, told to kiosks, served to whoever asks by name."""

import hashlib

import pytest

from central.app import close, create_app
from central.config import load
from central.rewards import pictures
from central.rewards.pictures import BYTES_MAX, NoPicture
from tests.central.mall import Mall

PNG = b"\x89PNG\r\n\x1a\n and what a picture holds"
NAME = f"{hashlib.sha256(PNG).hexdigest()}.png"


@pytest.mark.parametrize(
    ("data", "kind"),
    [(PNG, "png"), (b"\xff\xd8\xff\xe0 jpeg", "jpg"), (b"RIFF\x10\x00\n\x00WEBPVP8 ", "webp")],
)
def test_a_picture_is_kept_once_under_the_hash_of_its_bytes(tmp_path, data, kind):
    names = {pictures.store(tmp_path, data) for _ in range(2)}
    assert names == {f"{hashlib.sha256(data).hexdigest()}.{kind}"}
    (name,) = names
    assert pictures.path(tmp_path, name).read_bytes() == data
    assert [one.name for one in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("data", [b"", b"<svg/>", b"GIF89a", PNG + bytes(BYTES_MAX)])
def test_what_a_kiosk_would_not_show_is_not_kept(tmp_path, data):
    with pytest.raises(NoPicture):
        pictures.store(tmp_path, data)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../central.toml", "central.toml", f"{'0' * 64}.png", ""])
def test_only_pictures_are_found_by_name(tmp_path, name):
    (tmp_path / "central.toml").write_text("secret")
    assert pictures.path(tmp_path, name) is None


@pytest.fixture
def mall(tmp_path):
    mall = Mall(tmp_path)
    mall.run("central", "init")
    return mall


def test_a_picture_that_lies_beside_the_file_reaches_kiosks_and_pages(mall):
    (mall.folder / "flask.png").write_bytes(PNG)
    line = "reward_id,name_zh,points,kind,picture\nflask,杯,5,goods,flask.png\n"
    mall.bring_in("rewards", line)
    mall.bring_in("rewards", line.replace("flask.png", NAME))  # told by its own name: the same
    app = create_app(load(mall.config))
    try:
        client = app.test_client()
        with client.get(f"/pictures/{NAME}") as answer:
            assert (answer.status_code, answer.data) == (200, PNG)
            assert "immutable" in answer.headers["Cache-Control"]
        assert client.get("/pictures/central.toml").status_code == 404
    finally:
        close(app)


def test_a_picture_that_is_not_there_keeps_the_whole_file_out(mall):
    line = "reward_id,name_zh,points,kind,picture\nflask,杯,5,goods,flask.png\n"
    assert "读不到图片文件" in mall.bring_in("rewards", line, code=1)
