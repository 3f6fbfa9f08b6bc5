"""What a role imports, declares and pins is the same."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.test_tidy import FILES, PRODUCT, ROOT, text_of
from tillpoints.commands.doctor import LIBRARIES

PROJECT = tomllib.loads(text_of(Path("pyproject.toml")))
EXTRAS = PROJECT["project"]["optional-dependencies"] | {
    "base": PROJECT["project"]["dependencies"],
    "build": PROJECT["build-system"]["requires"],
}
# Which extras a lock is made of, and which ones a room may import from.
LOCKS = {
    "till": ("base", "build", "agent"),
    "central": ("base", "build", "central"),
    "ocr": ("base", "build", "ocr"),
    "test": ("base", "build", "agent", "central", "test"),
}
ROOMS = {
    "edge_agent": ("base", "agent"),
    "central": ("base", "central"),
    "receipts": ("base", "ocr"),  # the OCR library itself is found by name, when it is there
    "tillpoints": ("base", "agent", "central"),
    "tests": ("base", "agent", "central", "test", "fuzz"),
}
# Used without an import of ours: SQLAlchemy loads the one, zoneinfo reads the other.
LOADED_BY_NAME = {"psycopg", "tzdata"}


def plain(distribution: str) -> str:
    """The name of a requirement or distribution, as locks write it."""
    name = re.split(r"[\[<>=!~ ;]", distribution)[0].lower().replace("_", "-")
    return name.removesuffix("-binary")  # the same library, ready-made


def declared(extras: tuple[str, ...]) -> set[str]:
    return {plain(requirement) for extra in extras for requirement in EXTRAS[extra]}


def imported(room: str) -> dict[str, str]:
    """Distribution -> one file of the room that imports it."""
    known = packages_distributions()
    ours = {*PRODUCT, "tests"}
    found: dict[str, str] = {}
    for name in (name for name in FILES if name.parts[0] == room and name.suffix == ".py"):
        for node in ast.walk(ast.parse(text_of(name))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules = [node.module]
            for top in {module.split(".")[0] for module in modules}:
                if top not in ours and top not in sys.stdlib_module_names:
                    found[plain(known.get(top, [top])[0])] = str(name)
    return found


def pinned(lock: str) -> dict[str, set[str]]:
    """Versions by package; a package may have one version per Python."""
    versions: dict[str, set[str]] = {}
    text = text_of(Path("requirements", f"{lock}.txt"))
    for name, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE):
        versions.setdefault(name, set()).add(version)
    return versions


@pytest.mark.parametrize("room", [*PRODUCT, "tests"])
def test_a_room_imports_only_what_its_role_declares(room):
    missing = {
        distribution: name
        for distribution, name in imported(room).items()
        if distribution not in declared(ROOMS.get(room, ("base",)))
    }
    assert not missing


@pytest.mark.parametrize("extra", ["base", "agent", "central"])
def test_nothing_is_declared_that_nobody_imports(extra):
    rooms = {"agent": ["edge_agent"], "central": ["central"]}.get(extra, PRODUCT)
    used = {distribution for room in rooms for distribution in imported(room)}
    assert declared((extra,)) - used - LOADED_BY_NAME == set()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_complete_and_pinned_by_hash(lock):
    assert declared(LOCKS[lock]) <= set(pinned(lock))
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    requirements = re.findall(r"^[a-z0-9].*", text, re.MULTILINE)
    assert all(line.endswith("\\") for line in requirements), "a requirement has no hash"


def test_the_locks_agree_on_every_version():
    all_versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, versions in pinned(lock).items():
            assert all_versions.setdefault(name, versions) == versions, f"{name} in {lock}"


def test_the_build_backend_is_the_same_in_both_places():
    assert PROJECT["dependency-groups"]["build"] == EXTRAS["build"]


@pytest.mark.parametrize("extra", ["agent", "central"])
def test_doctor_asks_for_what_a_role_declares(extra):
    known = packages_distributions()
    assert {plain(known[name][0]) for name in LIBRARIES[extra]} == declared((extra,))
