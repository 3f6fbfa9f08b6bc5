"""A real Chromium, and screens in it that report every console error and policy violation."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.double import Double, Server
from tests.conftest import CHROMIUM

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MEASURE = (Path(__file__).parent / "measure.js").read_text()
VIOLATIONS = (
    "document.addEventListener('securitypolicyviolation',"
    " (event) => console.error('policy violation: ' + event.violatedDirective))"
)


class Screen:
    """One page in a browser, and what went wrong in it."""

    def __init__(self, page: Page, double: Double) -> None:
        self.page = page
        self.double = double
        self.errors: list[str] = []
        page.on("console", lambda line: line.type == "error" and self.errors.append(line.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.add_init_script(VIOLATIONS)

    def show(self, snapshot: dict) -> None:
        """Show a snapshot and wait until the page has drawn it and stands still."""
        self.double.show(snapshot)
        self.page.wait_for_selector(f'html[data-version="{self.double.version}"]')
        self.settle()

    def settle(self) -> None:
        """Wait for pictures and for motion to end."""
        self.page.wait_for_function(
            "() => [...document.images].every((it) => it.complete)"
            " && document.getAnimations().every((it) => it.playState === 'finished')"
        )

    def faults(self, *, target_px: int, type_px: int, scrolls: bool = False) -> list[str]:
        """Return what a person would see as broken layout."""
        wanted = {"targetPx": target_px, "typePx": type_px, "scrolls": scrolls}
        return self.page.evaluate(MEASURE, wanted)

    def touch(self, selector: str) -> None:
        """Touch the first visible element that matches."""
        self.page.locator(f"{selector} >> visible=true").first.tap()

    def sent(self, count: int) -> list[dict]:
        """Return the commands sent, once there are `count`."""
        with self.double.changed:
            assert self.double.changed.wait_for(lambda: len(self.double.commands) >= count, 5)
        return self.double.commands


# Not for the whole session: Playwright leaves a running loop behind in this thread, and another
# module may want a browser of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def open_screen(browser: Browser) -> Iterator[Callable[..., Screen]]:
    """Open /till or /kiosk on a double of its own at a size and in a language."""
    opened = []

    def opening(role: str, size: tuple[int, int], first: dict, lang: str | None = None) -> Screen:
        server = Server()
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, has_touch=True, reduced_motion="reduce"
        )
        opened.append((context, server))
        screen = Screen(context.new_page(), server.double)
        server.double.show(first)
        screen.page.goto(f"{server.address}/{role}" + (f"?lang={lang}" if lang else ""))
        screen.page.wait_for_selector("body:not([hidden])")
        screen.settle()
        return screen

    yield opening
    for context, server in opened:
        context.close()
        server.close()
