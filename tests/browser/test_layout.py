"""Every state of both screens at its real sizes, in both languages, measured in Chromium."""

import pytest

from tests.browser.snapshots import KIOSK, TILL

pytestmark = pytest.mark.browser

TILL_SIZES = [(1024, 768), (800, 600), (480, 640)]
KIOSK_SIZE = (1080, 1920)
KIOSK_RULES = {"target_px": 88, "type_px": 24}
LYING_SIZE = (800, 480)
LYING_RULES = {"target_px": 44, "type_px": 13}


def till_rules(size):
    return {"target_px": 44, "type_px": 13, "scrolls": size[0] <= 640}


def broken(screen, states, rules):
    faults = {}
    for name, make in states.items():
        screen.show(make())
        faults[name] = screen.faults(**rules)
    return {name: found for name, found in faults.items() if found}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", TILL_SIZES)
def test_the_till_panel_fits_in_every_state(open_screen, size, lang):
    screen = open_screen("till", size, TILL["idle"](), lang)
    assert broken(screen, TILL, till_rules(size)) == {}
    assert screen.errors == []


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", TILL_SIZES)
def test_the_till_panels_explanations_and_dialogs_fit(open_screen, size, lang):
    screen = open_screen("till", size, TILL["idle"](), lang)
    rules = till_rules(size)
    for row in range(1, 11):
        screen.touch(f".sale:nth-child({row}) .line")
    screen.settle()
    assert screen.faults(**rules) == []
    for opener in ["type", "reassign", "reverse"]:
        screen.touch(f'[data-do="{opener}"]')
        screen.settle()
        assert screen.faults(**rules) == [], opener
        screen.touch('dialog[open] [data-do="close"]')
    assert screen.errors == []


@pytest.mark.parametrize("contrast", ["normal", "high"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_kiosk_fits_in_every_state(open_screen, lang, contrast):
    screen = open_screen("kiosk", KIOSK_SIZE, KIOSK["home"](), lang)
    if contrast == "high":
        screen.touch('[data-do="contrast"]')
    # The welcome comes last: it forgets what the visitor chose.
    states = dict(sorted(KIOSK.items(), key=lambda it: it[0].startswith("welcome")))
    assert broken(screen, states, KIOSK_RULES) == {}
    assert screen.errors == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_kiosks_sheets_fit(open_screen, lang):
    screen = open_screen("kiosk", KIOSK_SIZE, KIOSK["welcome"](), lang)
    for opener in ["type_member", "type_claim", "help"]:
        screen.touch(f'[data-do="{opener}"]')
        screen.settle()
        assert screen.faults(**KIOSK_RULES) == [], opener
        screen.touch('dialog[open] [data-do="close"]')
    assert screen.errors == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_kiosk_fits_a_seven_inch_panel_that_lies_on_its_side(open_screen, lang):
    screen = open_screen("kiosk", LYING_SIZE, KIOSK["home"](), lang)
    states = dict(sorted(KIOSK.items(), key=lambda it: it[0].startswith("welcome")))
    assert broken(screen, states, LYING_RULES) == {}
    for opener in ["type_member", "type_claim", "help"]:
        screen.touch(f'[data-do="{opener}"]')
        screen.settle()
        assert screen.faults(**LYING_RULES) == [], opener
        screen.touch('dialog[open] [data-do="close"]')
    assert screen.errors == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_a_kiosk_visitor_touches_is_in_the_lower_part(open_screen, lang):
    screen = open_screen("kiosk", KIOSK_SIZE, KIOSK["home"](), lang)
    for name, make in KIOSK.items():
        screen.show(make())
        highest = screen.page.evaluate(
            "() => Math.min(...[...document.querySelectorAll('button')]"
            ".filter((it) => it.checkVisibility()).map((it) => it.getBoundingClientRect().top))"
        )
        assert highest > KIOSK_SIZE[1] * 0.36, name


def test_a_small_window_shows_the_whole_kiosk_in_little(open_screen):
    screen = open_screen("kiosk", (480, 640), KIOSK["home"](), "zh")
    assert broken(screen, KIOSK, {"target_px": 20, "type_px": 6}) == {}


FAULTS = {
    "is only": ".entry .field { min-height: 20px; height: 20px; padding: 0 }",
    "overlaps": ".entry .button { margin-left: -80px }",
    "is set in": ".soft { font-size: 9px !important }",
    "sticks out of": ".card h1 { white-space: nowrap; margin-left: 500px }",
    "is printed over": ".card p { margin-top: -36px }",
    "px wide": ".bar { width: 1300px }",
    "the page scrolls": "body { height: 900px }",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_measure_sees_a_fault_that_is_put_in(open_screen, fault):
    screen = open_screen("till", (1024, 768), TILL["idle"](), "zh")
    screen.page.evaluate(
        "(css) => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css);"
        " document.adoptedStyleSheets = [sheet]; }",
        FAULTS[fault],
    )
    assert any(fault in found for found in screen.faults(**till_rules((1024, 768))))
