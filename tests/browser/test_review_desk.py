"""The whole way of a receipt in review: printed, sent to central, decided at the desk, heard of."""

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MEASURE, VIOLATIONS
from tillpoints.demo.pos.ticket import yuan
from tillpoints.demo.processes import wait_for
from tillpoints.demo.world import World

pytestmark = pytest.mark.browser

WAIT_MS = 30_000
RULES = {"targetPx": 44, "typePx": 13, "scrolls": True}
PHRASE = "correct horse battery"


@pytest.fixture(scope="module")
def world():
    with World() as running:
        command = [sys.executable, "-m", "tillpoints", "central", "user", "add", "desk1"]
        options = ["--name", "小李", "--password-stdin", "--config", str(running.config)]
        subprocess.run([*command, *options], input=f"{PHRASE}\n", text=True, check=True)
        yield running


@pytest.fixture(scope="module")
def pos(world):
    return world.bistro.pos(Random(5), world.clock)


@pytest.fixture
def desk(browser, world):
    context = browser.new_context(viewport={"width": 1024, "height": 768}, reduced_motion="reduce")
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    errors = []
    page.add_init_script(VIOLATIONS)
    page.on("console", lambda line: line.type == "error" and errors.append(line.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"http://127.0.0.1:{world.central_port}/desk/reviews")
    page.locator('input[name="login"]').fill("desk1")
    page.locator('input[name="password"]').fill(PHRASE)
    page.keyboard.press("Enter")
    page.wait_for_url(f"http://127.0.0.1:{world.central_port}/desk/reviews")
    yield page
    context.close()
    # A refused decision is a page with its own status, which the console mentions.
    assert [error for error in errors if "409" not in error] == []


def reviews(world):
    return (world.bistro.screens.state() or {}).get("reviews")


def picture(page, name):
    folder = os.environ.get("TILLPOINTS_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


def print_unclear(world, pos):
    before = reviews(world)
    printed = pos.unclear()
    wait_for("the till to ask", lambda: reviews(world) == before + 1, timeout_s=30)
    return printed


def test_the_desk_decides_a_tills_paper_and_the_till_hears_of_it(world, pos, desk):
    person = world.people()[0]
    world.bistro.scanner.scan(f"TPM{person.number}")
    wait_for("the member", lambda: (world.bistro.screens.state() or {}).get("member"), timeout_s=30)
    printed = print_unclear(world, pos)

    def sent():
        desk.goto(f"http://127.0.0.1:{world.central_port}/desk/reviews")
        return desk.locator(".paper img").count() == 1

    wait_for("the paper to arrive at the desk", sent, timeout_s=30)
    desk.wait_for_function("document.querySelector('.paper img').naturalWidth > 0")
    for lang in ("zh", "en"):
        for size in ((1024, 768), (800, 600)):
            desk.set_viewport_size({"width": size[0], "height": size[1]})
            desk.goto(f"http://127.0.0.1:{world.central_port}/desk/reviews?lang={lang}")
            desk.wait_for_function("document.querySelector('.paper img').naturalWidth > 0")
            picture(desk, f"desk-{lang}-{size[0]}")
            assert desk.evaluate(MEASURE, RULES) == []
    desk.locator('input[name="amount"]').fill(yuan(printed.owed_fen))
    desk.locator("button.strong").click()
    expect(desk.locator("p.told")).to_contain_text("Corrected")
    expect(desk.locator(".item.done").first).to_contain_text("desk1")
    wait_for("the till to hear of it", lambda: reviews(world) == 0, timeout_s=30)
    told = world.on_central("central", "ledger", "verify", "--json")
    assert '"ok": true' in told


def test_the_desk_is_told_when_the_till_was_first(world, pos, desk):
    print_unclear(world, pos)

    def sent():
        desk.goto(f"http://127.0.0.1:{world.central_port}/desk/reviews")
        return desk.locator('input[name="amount"]').count() == 1

    wait_for("the paper to arrive at the desk", sent, timeout_s=30)
    (item,) = world.bistro.screens.reviews()
    world.bistro.screens.do(
        "review_reject", review_id=item["review_id"], staff="1007", why="尚未付款"
    )
    wait_for(
        "central to hear of it",
        lambda: (world.bistro.screens.state() or {}).get("queue") == 0 and reviews(world) == 0,
        timeout_s=30,
    )
    desk.locator("button.strong").click()
    expect(desk.locator("p.problem")).to_contain_text("1007")
