"""Pictures of rewards on this machine's screens."""

import hashlib

import pytest
from flask import Flask

from edge_agent.web.pictures import blueprint

PNG = b"\x89PNG\r\n\x1a\n and what a picture holds"
NAME = f"{hashlib.sha256(PNG).hexdigest()}.png"


class Central:
    def __init__(self, data: bytes | None) -> None:
        self.data = data
        self.asked: list[str] = []

    def fetch(self, name: str) -> bytes | None:
        self.asked.append(name)
        return self.data


def page(folder, central):
    app = Flask("agent")
    app.register_blueprint(blueprint(folder / "pictures", central.fetch))
    return app.test_client()


def test_a_picture_is_fetched_once_and_then_shown_without_a_network(tmp_path):
    central = Central(PNG)
    client = page(tmp_path, central)
    assert [client.get(f"/api/picture/{NAME}").data for _ in range(3)] == [PNG] * 3
    assert central.asked == [NAME]
    cut_off = Central(None)
    answer = page(tmp_path, cut_off).get(f"/api/picture/{NAME}")
    assert (answer.data, answer.content_type, cut_off.asked) == (PNG, "image/png", [])


@pytest.mark.parametrize("data", [None, b"", PNG + b"!"])
def test_what_does_not_fit_its_name_is_not_shown_and_not_kept(tmp_path, data):
    assert page(tmp_path, Central(data)).get(f"/api/picture/{NAME}").status_code == 404
    assert not (tmp_path / "pictures").exists()


def test_a_kept_picture_that_was_damaged_is_fetched_anew(tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / NAME).write_bytes(b"cut")
    assert page(tmp_path, Central(PNG)).get(f"/api/picture/{NAME}").data == PNG


@pytest.mark.parametrize("name", ["agent.toml", "..%2Fagent.toml", "0" * 64])
def test_nothing_else_can_be_asked_for(tmp_path, name):
    central = Central(PNG)
    assert page(tmp_path, central).get(f"/api/picture/{name}").status_code == 404
    assert central.asked == []
