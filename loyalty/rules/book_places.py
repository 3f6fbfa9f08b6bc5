"""On which line of a TOML text a key stands, so that an error can send its writer there.

`tomllib` keeps no positions. This reads only what that takes: table headers, keys at the start of
a line, and where strings and arrays over several lines end. It never decides what a text means.
"""

import re

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\"'-]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\"'-]+)\s*=(.*)$")
_TEXT = re.compile(r'"""|\'\'\'|"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*$|[\[\]{}]')


class Places:
    """The lines of one text, from 1."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        table: Path = ()
        depth, quote = 0, ""
        for number, line in enumerate(text.splitlines(), 1):
            rest = line
            if not depth and not quote:
                if header := _HEADER.match(line):
                    table = self._open(header[2], number, repeated=header[1] == "[[")
                    self._lines.setdefault(table, number)
                    continue
                key = _KEY.match(line)
                if key is None:
                    continue
                self._lines.setdefault((*table, *_steps(key[1])), number)
                rest = key[2]
            depth, quote = _left_open(rest, depth, quote)

    def line_of(self, path: Path) -> int:
        """Return the line of a key, else of the table around it; 0 for the text as a whole."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 0)

    def rule_around(self, line: int) -> str:
        """Return the table that a line stands in, as campaigns[2]; empty above the first one."""
        above = [(at, path) for path, at in self._lines.items() if at <= line and len(path) > 1]
        _, path = max(above, key=lambda one: one[0], default=(0, ()))
        match path:
            case (str(table), int(place), *_):
                return f"{table}[{place + 1}]"
            case (table, *_):
                return str(table)
        return ""

    def _open(self, name: str, number: int, *, repeated: bool) -> Path:
        """Return the path of a table that begins; inside of an array it is its last entry's."""
        path: Path = ()
        steps = _steps(name)
        for place, step in enumerate(steps):
            path = (*path, step)
            last = place == len(steps) - 1
            if last and repeated:
                self._lines.setdefault(path, number)
                self._counts[path] = self._counts.get(path, 0) + 1
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        return path


def _steps(name: str) -> tuple[str, ...]:
    return tuple(step.strip().strip("\"'") for step in name.split("."))


def _left_open(text: str, depth: int, quote: str) -> tuple[int, str]:
    """Return how many brackets and which long quote are still open behind a line."""
    at = 0
    while at < len(text):
        if quote:
            end = text.find(quote, at)
            if end < 0:
                return depth, quote
            at, quote = end + len(quote), ""
            continue
        found = _TEXT.search(text, at)
        if found is None:
            break
        at = found.end()
        if found[0] in ('"""', "'''"):
            quote = found[0]
        elif found[0] in "[{":
            depth += 1
        elif found[0] in "]}":
            depth -= 1
    return depth, quote
