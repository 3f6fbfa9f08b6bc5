"""The kiosk's unit, started for real: what stands on its screen is the page and nothing else."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser import snapshots
from tests.browser.conftest import FLAGS
from tests.browser.double import Server
from tests.conftest import CHROMIUM
from tests.edge_agent.devices.conftest import wait_for
from tests.lab.kiosk import screen

#: Two browsers may draw the edge of a letter a little differently; a frame, a bubble or an empty
#: strip at the side is far above this. Grey levels of 255, on average.
ALIKE = 2.0


def grey(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"), dtype=float)


def in_a_browser_of(size, address):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=FLAGS,
            ignore_default_args=["--hide-scrollbars"],  # a kiosk's list has one when it is long
        )
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.goto(address)
        page.wait_for_selector("body:not([hidden])")
        page.wait_for_function(
            "() => [...document.images].every((it) => it.complete)"
            " && document.getAnimations().every((it) => it.playState !== 'running')"
        )
        picture = page.screenshot()
        browser.close()
    return picture


@pytest.fixture
def page():
    server = Server()
    server.double.show(snapshots.kiosk("home"))
    yield f"{server.address}/kiosk"
    server.close()


@pytest.fixture
def kiosk(page):
    missing = [each for each in screen.PROGRAMS if shutil.which(each) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)} (.ci/debian-packages)")
    shown = screen.KioskScreen(page)
    yield shown
    shown.close()


def test_the_page_fills_the_screen_and_nothing_lies_above_it(kiosk, page):
    first = wait_for(kiosk.picture)
    size = Image.open(io.BytesIO(first)).size
    wanted = grey(in_a_browser_of(size, page))
    assert wanted.std() > 5  # a page, and not an empty one

    def alike():
        assert kiosk.process.poll() is None, (kiosk.folder / "said").read_text()
        return np.abs(grey(kiosk.picture()) - wanted).mean() < ALIKE

    wait_for(alike)
