"""What the screens load: parts of pages by their names, whole pages only with their token."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from edge_agent.web.app import Screens, create_app
from edge_agent.web.board import Board

UI = Path(__file__).parents[3] / "kiosk_ui"


@pytest.fixture
def client() -> FlaskClient:
    screens = Screens(
        Board(),
        role=lambda: "till",
        submit=lambda command: True,
        hosts={"localhost"},
        streams_max=1,
    )
    return create_app(screens).test_client()


@pytest.mark.parametrize("path", sorted(UI.glob("*.html")), ids=lambda path: path.stem)
def test_a_page_is_served_with_its_token_and_a_part_as_it_is(
    client: FlaskClient, path: Path
) -> None:
    is_page = "{{token}}" in path.read_text(encoding="utf-8")
    with client.get(f"/ui/{path.name}") as answer:
        assert answer.status_code == (404 if is_page else 200)
    if is_page:
        assert b"{{token}}" not in client.get(f"/{path.stem}").data


def test_no_code_of_ours_is_served(client: FlaskClient) -> None:
    assert client.get("/ui/__init__.py").status_code == 404
