"""The files of the screens: words in catalogues only, nothing inline, every reference real."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import kiosk_ui

UI = Path(kiosk_ui.__file__).parent
CATALOGUES = {
    language: json.loads((UI / "i18n" / f"{language}.json").read_text())
    for language in ("zh", "en")
}
PAGES = sorted(UI.glob("*.html"))
MODULES = sorted((UI / "js").rglob("*.js"))
HAN = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


class Page(HTMLParser):
    """Every tag with its attributes, and all text, of one page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data):
        self.text += data.strip()

    def values(self, *names: str) -> list[str]:
        return [tag[name] for _, tag in self.tags for name in names if name in tag]


def words_used() -> set[str]:
    """Every key that a page marks or a module names as a whole string."""
    used = {
        key for page in PAGES for key in Page(page).values("data-t", "data-t-label", "data-title")
    }
    for module in MODULES:
        used.update(re.findall(r'"([a-z_]+(?:\.[a-z_]+)*)"', module.read_text()))
    return used


def keys_asked_for() -> set[str]:
    """Every key that surely means a catalogue entry: marked in a page, or given to t()."""
    asked = {
        key for page in PAGES for key in Page(page).values("data-t", "data-t-label", "data-title")
    }
    for module in MODULES:
        asked.update(re.findall(r'\bt\(\s*"([^"]+)"', module.read_text()))
        asked.update(re.findall(r'\bwords: "([^"]+)"', module.read_text()))
    return asked


def test_both_catalogues_have_the_same_keys_in_the_same_order():
    assert list(CATALOGUES["zh"]) == list(CATALOGUES["en"]) == sorted(CATALOGUES["zh"])


@pytest.mark.parametrize("key", CATALOGUES["zh"])
def test_both_languages_fill_in_the_same_values(key):
    places = [re.findall(r"\{(\w+)\}", CATALOGUES[language][key]) for language in ("zh", "en")]
    assert sorted(places[0]) == sorted(places[1])
    assert all(CATALOGUES[language][key].strip() for language in ("zh", "en"))


def test_chinese_is_chinese_and_english_is_english():
    plain = {"language.en", "language.zh"}
    zh = [key for key, words in CATALOGUES["zh"].items() if not HAN.search(words)]
    en = [key for key, words in CATALOGUES["en"].items() if HAN.search(words)]
    assert set(zh) | set(en) <= plain


def test_every_key_is_used():
    assert set(CATALOGUES["zh"]) - words_used() == set()


def test_every_word_asked_for_is_in_the_catalogues():
    assert keys_asked_for() - set(CATALOGUES["zh"]) == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda it: it.name)
def test_a_page_holds_no_words_of_its_own(page):
    found = Page(page)
    assert found.text == ""
    assert [
        words for words in found.values("title", "placeholder", "aria-label", "alt") if words
    ] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda it: it.name)
def test_a_module_holds_no_words_that_a_person_reads(module):
    code = re.sub(
        r"/\*.*?\*/|(?m:^\s*//.*$)|(?m:\s//\s.*$)", "", module.read_text(), flags=re.DOTALL
    )
    assert HAN.findall(code) == []
    code = re.sub(r"new Error\([^;]*\);", "", code)
    sentences = [
        text for text in re.findall(r'"([^"\n]*)"', code) if re.search(r"[A-Za-z] [A-Za-z]", text)
    ]
    assert sentences == []
    shown = re.findall(r'(?:textContent|title|alt) = ("[^"]+"|`[A-Za-z][^$`]*`)', code)
    assert shown == []


@pytest.mark.parametrize("page", PAGES, ids=lambda it: it.name)
def test_a_page_runs_and_styles_nothing_inline(page):
    found = Page(page)
    assert [tag for tag, has in found.tags if tag == "style" or "style" in has] == []
    assert [has for tag, has in found.tags if tag == "script" and "src" not in has] == []
    assert [name for _, has in found.tags for name in has if name.startswith("on")] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda it: it.name)
def test_everything_a_page_names_is_a_file_or_an_icon_of_ours(page):
    icons = set(re.findall(r'symbol id="([^"]+)"', (UI / "icons.svg").read_text()))
    for address in Page(page).values("src", "href"):
        if address.startswith("#"):
            assert address[1:] in icons
        else:
            assert (UI / address.removeprefix("/ui/")).is_file(), address


def test_every_icon_is_used_and_every_icon_named_exists():
    icons = set(re.findall(r'symbol id="([^"]+)"', (UI / "icons.svg").read_text()))
    used = {address[1:] for page in PAGES for address in Page(page).values("href")}
    named = set()
    for module in MODULES:
        code = module.read_text()
        used.update(re.findall(r'"([a-z-]+)"', code))
        named.update(re.findall(r'\bicon: "([a-z-]+)"', code))
        named.update(re.findall(r'\bicon\([^;]*?"([a-z-]+)"\);', code))
    assert icons - used == set()
    assert named - icons == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda it: it.name)
def test_a_module_imports_only_modules_of_ours(module):
    for address in re.findall(r'\bfrom "([^"]+)"', module.read_text()):
        assert (module.parent / address).is_file(), address


@pytest.mark.parametrize(
    "path",
    [path for path in UI.rglob("*") if path.suffix in {".html", ".css", ".js", ".svg", ".json"}],
    ids=lambda it: it.name,
)
def test_nothing_is_fetched_from_elsewhere(path):
    addresses = set(re.findall(r"https?://[^\s\"')]+", path.read_text()))
    assert addresses <= {"http://www.w3.org/2000/svg"}
