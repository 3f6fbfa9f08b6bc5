"""The demo as its user runs it: the story, a small storm, the control room; and how each ends."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from playwright.sync_api import sync_playwright

from tests.conftest import CHROMIUM
from tillpoints.demo import sums
from tillpoints.demo.ports import Ports
from tillpoints.demo.processes import wait_for
from tillpoints.demo.story.telling import tell
from tillpoints.demo.teller import StoryDiffers, Teller
from tillpoints.demo.world import World

START_TIMEOUT_S = 240
PAGE_TIMEOUT_MS = 30_000
SIZES = [(1920, 1080), (1440, 900), (1280, 800)]


def demo(*arguments) -> list[str]:
    return [sys.executable, "-m", "tillpoints", "demo", *arguments]


def environment(folder) -> dict[str, str]:
    """Let the demo put its state below `folder`, where what it leaves behind is seen."""
    return {**os.environ, "TMPDIR": str(folder)}


def run_demo(folder, *arguments) -> dict:
    done = subprocess.run(
        demo(*arguments),
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=START_TIMEOUT_S * 2,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    assert nothing_left(folder)
    return json.loads(done.stdout)


def nothing_left(folder) -> bool:
    """Tell whether no file is left below `folder` and no process knows of it."""
    return not list(folder.iterdir()) and not running(folder)


def running(folder) -> list[str]:
    """Return the command lines of processes that were started for a demo below `folder`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder) in words:
            found.append(words)
    return found


def test_the_story_holds_and_leaves_nothing_behind(tmp_path):
    told = run_demo(tmp_path, "--once", "--json")
    assert told["ok"], told["difference"]
    assert len(told["steps"]) >= 15
    for step in told["steps"]:
        assert step["checks"], step["zh"]
        assert all(check["expected"] == check["seen"] for check in step["checks"])


def test_every_receipt_of_a_small_storm_earns_once(tmp_path):
    told = run_demo(tmp_path, "--storm", "--json", "--receipts", "40", "--kills", "2")
    assert told["differences"] == []
    assert told["kills"] == {"till-1": 2, "till-2": 2}
    assert told["awarded_at_tills"] + told["claimed_at_kiosk"] == 40
    assert told["sum_of_transfers"] == 0


def test_a_product_that_computes_otherwise_is_caught_at_the_first_step(monkeypatch):
    """As if the product gave too many points: here the story expects fewer instead."""
    monkeypatch.setattr(sums, "FEN_PER_POINT", 101)
    with World() as world, pytest.raises(StoryDiffers) as ended:
        tell(world, Teller())
    assert re.search(r"step 1, .*: points on the screen.*: expected .* seen ", str(ended.value))
    assert not world.folder.exists()


# ---- the control room


@contextmanager
def open_room(folder) -> Iterator[tuple[subprocess.Popen, str]]:
    port = Ports().take()
    process = subprocess.Popen(
        demo("--no-open", "--port", str(port)),
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        assert process.poll() is None, "".join(said)
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


def token_of(url) -> str:
    page = requests.get(url, timeout=10).text
    found = re.search(r'name="token" content="([^"]+)"', page)
    assert found is not None
    return found[1]


def move(url, token, **what) -> requests.Response:
    return requests.post(f"{url}/api/do", json=what, headers={"X-Token": token}, timeout=20)


def test_the_control_room_sells_and_ctrl_c_leaves_nothing_behind(tmp_path):
    with open_room(tmp_path) as (process, url):
        token = token_of(url)
        assert move(url, "guessed", do="sell", station="till-1").status_code == 403
        assert move(url, token, do="explode", station="till-1").status_code == 400
        assert move(url, token, do="reprint", station="till-1").status_code == 409
        assert move(url, token, do="sell", station="till-1").status_code == 200
        wait_for("a paper", lambda: requests.get(f"{url}/paper/till-1/1.svg", timeout=10).ok)
        stranger = requests.get(url, headers={"Host": "mall.example"}, timeout=10)
        assert stranger.status_code == 421
        assert running(tmp_path)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0, said
        assert "Traceback" not in said
    assert nothing_left(tmp_path)


def test_a_control_room_that_is_killed_outright_leaves_nothing_behind(tmp_path):
    with open_room(tmp_path) as (process, _):
        assert running(tmp_path)
        process.kill()
        process.wait()
        wait_for("the end of all its processes", lambda: nothing_left(tmp_path))


@pytest.mark.browser
def test_the_control_rooms_page_fits_and_its_tour_shows_what_it_says(tmp_path):
    with open_room(tmp_path) as (_, url), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.set_default_timeout(PAGE_TIMEOUT_MS)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        for lang in ("en", "zh"):
            page.goto(f"{url}/?lang={lang}")
            page.locator(".station").nth(2).wait_for()
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                assert overflowing(page) == [], (lang, width)
        take_the_tour(page)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert overflowing(page) == [], width
        browser.close()
        assert errors == []


def take_the_tour(page) -> None:
    """Press through all ten stops and wait for what each of them promises."""
    first, _, kiosk = (page.locator(".station").nth(number) for number in range(3))
    screens = [page.frame_locator("iframe").nth(number) for number in range(3)]

    def go(promise) -> None:
        page.locator(".go:not([disabled])").click()
        promise.first.wait_for()

    go(screens[0].get_by_text("杨**"))
    go(page.locator(".bookings li"))
    go(first.get_by_text("网线已断"))
    go(first.get_by_text("待上传 1"))
    go(first.get_by_text("重启 1 次"))
    go(page.locator(".bookings li").nth(1))
    go(first.get_by_text("到自助机扫描"))
    go(page.locator(".bookings li").nth(2))
    go(kiosk.get_by_text("到 till-2 核销"))
    go(screens[1].get_by_text("兑换券有效"))


def overflowing(page) -> list[str]:
    """Return which buttons, headings and columns are cut off or stick out of the window."""
    return page.evaluate(
        """() => [...document.querySelectorAll("button, h2, .station, .ledger, .look, .counts")]
            .filter((node) => {
                const box = node.getBoundingClientRect();
                if (!box.width || node.closest(".roll, .bookings")) return false;
                return box.right > innerWidth + 1 || box.bottom > innerHeight + 1 ||
                    (node.tagName === "BUTTON" && node.scrollWidth > node.clientWidth + 1);
            })
            .map((node) => `${node.tagName} ${node.className} ${node.textContent.slice(0, 20)}`)"""
    )
