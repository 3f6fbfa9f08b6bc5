"""The style that no linter watches, kept by walking the tree."""

import re
import shlex
import unicodedata
from pathlib import Path

import click

from tillpoints.cli import main

ROOT = Path(__file__).parent.parent
PRODUCT = (
    "central",
    "edge_agent",
    "firmware_configs",
    "kiosk_ui",
    "loyalty",
    "paper",
    "receipts",
    "tillpoints",
)
# Hidden names other than our own two, and what Python writes.
LEFT_BY_A_RUN = re.compile(
    r"/(\.(?!ci/|gitignore)[^/]*|__pycache__|build|dist|[^/]*\.egg-info)(/|$)"
)


def files_of_the_tree() -> list[Path]:
    names = (path.relative_to(ROOT) for path in sorted(ROOT.rglob("*")) if path.is_file())
    return [name for name in names if not LEFT_BY_A_RUN.search(f"/{name.as_posix()}")]


FILES = files_of_the_tree()
CASES = [name for name in FILES if name.parts[:2] == ("tests", "cases")]
LOCK_FILES = [name for name in FILES if name.parts[0] == "requirements" and name.suffix == ".txt"]
OURS = [name for name in FILES if name not in {*CASES, *LOCK_FILES, Path("LICENSE")}]


def text_of(name: Path) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def lines_with(pattern: str, names: list[Path]) -> list[str]:
    """Every place where the pattern stands; this file, which spells the patterns, is left out."""
    found = re.compile(pattern)
    return [
        f"{name}:{number}: {line.strip()[:80]}"
        for name in names
        if name != Path("tests/test_tidy.py")
        for number, line in enumerate(text_of(name).splitlines(), 1)
        if found.search(line)
    ]


def commands_shown(page: Path) -> list[str]:
    blocks = re.findall(r"(?ms)^```sh\n(.*?)^```", text_of(page))
    lines = "".join(blocks).splitlines()
    return [command for line in lines if (command := line.split("#")[0].strip())]


def test_every_file_of_ours_is_text():
    not_text = []
    for name in OURS:
        try:
            not_text += [name] if "\0" in text_of(name) else []
        except UnicodeDecodeError:
            not_text.append(name)
    assert not not_text


def test_a_captured_case_is_small():
    assert not [name for name in CASES if (ROOT / name).stat().st_size > 64 * 1024]


def test_no_line_is_wider_than_100_columns():
    # In a drawing a line is a path, and in a catalogue a sentence.
    files = [name for name in OURS if name.suffix not in {".svg", ".json"}]
    assert not [
        f"{name}:{number}"
        for name in files
        for number, line in enumerate(text_of(name).splitlines(), 1)
        if columns(line) > 100
    ]


def test_no_product_file_is_longer_than_350_lines():
    # A migration is a record of what was done; it is never edited, so never split.
    files = [name for name in OURS if name.parts[0] in PRODUCT and "versions" not in name.parts]
    assert not [name for name in files if len(text_of(name).splitlines()) > 350]


def test_nothing_is_left_to_do_in_a_comment():
    assert not lines_with(r"\b(TODO|FIXME|XXX|HACK)\b", OURS)


def test_no_file_names_a_package_index_or_a_folder_of_one_machine():
    registry = r"pypi\.org|pythonhosted|--(extra-)?index-url|--find-links|npmjs|jsdelivr|unpkg"
    machine = r"(?<![\w.])/(home|root|work|opt)/\w"
    assert not lines_with(f"{registry}|{machine}", [*OURS, *LOCK_FILES])


def test_the_changelog_has_a_place_for_the_next_change():
    assert re.search(r"^## \[Unreleased\]$", text_of(Path("CHANGELOG.md")), re.MULTILINE)


def test_both_readmes_show_the_same_commands():
    english = commands_shown(Path("README.md"))
    assert {"make demo", "make test"} <= set(english)
    assert commands_shown(Path("README.zh-CN.md")) == english


def test_every_command_in_a_page_exists_with_its_options():
    targets = set(re.findall(r"^([a-z-]+):", text_of(Path("Makefile")), re.MULTILINE))
    for page in (name for name in OURS if name.suffix == ".md"):
        for shown in commands_shown(page):
            program, *words = shlex.split(shown)
            if program == "make":
                assert set(words) <= targets, f"{page}: {shown}"
            elif Path(program).name == "tillpoints":
                assert not unknown_words(words), f"{page}: {shown}"


def unknown_words(words: list[str]) -> list[str]:
    """Return which subcommands and options the command does not have."""
    command: click.Command | None = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name, *words = words
        command = command.get_command(click.Context(command), name)
        if command is None:
            return [name]
    assert command is not None
    options = {option for each in command.params for option in each.opts} | {"--help"}
    return [word for word in words if word.startswith("-") and word not in options]


def test_every_path_that_a_page_links_to_exists():
    for page in (name for name in OURS if name.suffix == ".md"):
        links = re.findall(r"\]\((?!https?:)([^)#]+)", text_of(page))
        assert [link for link in links if not (ROOT / page.parent / link).exists()] == [], page
