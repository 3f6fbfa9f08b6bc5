"""A CSV file of the mall as rows with named columns, or the list of everything wrong with it.

Owns what a file may look like: UTF-8 with or without a byte-order mark, commas, one header line.
It knows nothing of members or shops; those rooms say which columns there are and read the cells.
"""

import csv
import difflib
import io
import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from msgspec import Struct

_PROBLEMS_SHOWN = 20
_DIGITS_MAX = 18
_NAME_LETTERS_MAX = 60
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")

T = TypeVar("T")
Word = TypeVar("Word", bound=str)


class Problem(Struct, frozen=True):
    """One thing that is wrong: `line` 1 is the header; an empty `column` is the whole line."""

    line: int
    column: str
    zh: str
    en: str


class SheetError(ValueError):
    """The file cannot be taken as it is; nothing of it was."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        self.name = name
        self.problems = problems
        lines = [
            f"{name}:{each.line}: {each.column + ': ' if each.column else ''}{each.zh} / {each.en}"
            for each in problems[:_PROBLEMS_SHOWN]
        ]
        if more := len(problems) - len(lines):
            lines.append(f"{name}: 另有 {more} 处错误 / {more} more")
        super().__init__("\n".join(lines))


class CellError(ValueError):
    """What is wrong with one cell, in both languages; `read_rows` adds where it stands."""

    def __init__(self, column: str, zh: str, en: str) -> None:
        self.column, self.zh, self.en = column, zh, en
        super().__init__(f"{column}: {zh} / {en}")


class Row(Struct, frozen=True):
    """One line of the file: its cells by column, without blanks around them."""

    line: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """Return a cell that must not be empty. Raises CellError if it is."""
        if not (value := self.cells[column]):
            raise CellError(column, "不能为空", "must not be empty")
        return value

    def name(self, column: str) -> str:
        """Return a cell that is a name people read. Raises CellError if it is empty or long."""
        value = self.text(column)
        if len(value) > _NAME_LETTERS_MAX or not value.isprintable():
            raise CellError(
                column,
                f"名称最多 {_NAME_LETTERS_MAX} 字，且不能有控制字符",
                f"a name has at most {_NAME_LETTERS_MAX} letters and no control characters",
            )
        return value

    def an_id(self, column: str) -> str:
        """Return a cell that is an id: it travels in events and stands in keys for ever."""
        value = self.text(column)
        if not _ID.fullmatch(value):
            raise CellError(
                column,
                f"“{value}”只能用小写字母、数字和 . _ -，最多 40 个",
                f"{value!r} may hold a-z, 0-9, '.', '_' and '-' only, at most 40 of them",
            )
        return value

    def choice(self, column: str, choices: Iterable[Word]) -> Word:
        """Return a cell that is one of `choices`. Raises CellError otherwise."""
        known = list(choices)
        value = self.cells[column]
        for one in known:
            if one == value:
                return one
        listed = ", ".join(known)
        raise CellError(column, f"“{value}”应为：{listed}", f"{value!r} is not one of: {listed}")

    def whole_number(self, column: str, least: int, most: int) -> int:
        """Return a cell that is a whole number in a range. Raises CellError otherwise."""
        value = self.cells[column]
        plain = value.isascii() and value.isdecimal() and len(value) <= _DIGITS_MAX
        if not plain or not least <= int(value) <= most:
            raise CellError(
                column,
                f"“{value}”应为 {least} 至 {most} 的整数",
                f"{value!r} is not a whole number from {least} to {most}",
            )
        return int(value)


def read_rows(
    name: str,
    data: bytes,
    columns: dict[str, bool],
    read: Callable[[Row], T],
    key: Callable[[T], str] | None = None,
) -> list[T]:
    """Return every row of a CSV file as `read` makes it.

    `columns` are the names that may stand in the header, True for those that must. A column that
    is not there reads as empty. `key` names what no two rows may share ("" is exempt).
    Raises SheetError with every problem found.
    """
    found: list[T] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for row in _rows(name, data, columns, problems):
        try:
            value = read(row)
        except CellError as error:
            problems.append(Problem(row.line, error.column, error.zh, error.en))
            continue
        if key and (this := key(value)):
            if this in seen:
                zh, en = f"与第 {seen[this]} 行重复", f"the same as line {seen[this]}"
                problems.append(Problem(row.line, "", zh, en))
            seen.setdefault(this, row.line)
        found.append(value)
    if problems:
        raise SheetError(name, problems)
    return found


def _rows(
    name: str, data: bytes, columns: dict[str, bool], problems: list[Problem]
) -> Iterable[Row]:
    lines = csv.reader(io.StringIO(_decoded(name, data), newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(lines, [])]
        _check_header(name, header, columns)
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                problems.append(
                    Problem(
                        lines.line_num,
                        "",
                        f"有 {len(cells)} 列，表头有 {len(header)} 列",
                        f"{len(cells)} cells where the header has {len(header)}",
                    )
                )
                continue
            given = dict(zip(header, (cell.strip() for cell in cells), strict=True))
            yield Row(lines.line_num, {column: given.get(column, "") for column in columns})
    except csv.Error as error:
        problems.append(
            Problem(lines.line_num, "", f"不是有效的 CSV：{error}", f"not CSV: {error}")
        )


def _decoded(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = Problem(
            line, "", "不是 UTF-8 编码，请另存为 CSV UTF-8", "not UTF-8: save it as CSV UTF-8"
        )
        raise SheetError(name, [problem]) from error


def _check_header(name: str, header: list[str], columns: dict[str, bool]) -> None:
    problems = []
    for column in header:
        if column not in columns:
            close = difflib.get_close_matches(column, columns, n=1)
            known = close[0] if close else ", ".join(columns)
            problems.append(
                Problem(1, column, f"没有这一列，是否为 {known}？", f"no such column; {known}?")
            )
        elif header.count(column) > 1:
            problems.append(Problem(1, column, "重复的列", "this column stands twice"))
    problems += [
        Problem(1, column, "缺少这一列", "this column is missing")
        for column, needed in columns.items()
        if needed and column not in header
    ]
    if problems:
        raise SheetError(name, problems)
