"""The cells of rewards.csv that say for whom, when and how much: one method for each question."""

import re
from datetime import date

from msgspec import Struct

from central.sheets import CellError, Row
from loyalty.catalogue import Details, Part, Per

_POINTS_MAX = 10_000_000
_PIECES_MAX = 100
_STOCK_MAX = 1_000_000
_ABOUT_LETTERS_MAX = 200
_UNIT_LETTERS_MAX = 12
_MONEY = re.compile(r"(\d{1,7})(?:\.(\d{2}))?")
_PERCENT = re.compile(r"(\d{1,2})%")
_COUNTED = re.compile(r"([^\s:]{1,40}):(\d{1,7})")
_PICTURE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")
_PERS: tuple[Per, ...] = ("", "day", "month")


class Terms(Struct, frozen=True):
    """What the mall has that a reward can name."""

    shops: frozenset[str]
    tiers: frozenset[str]


class Cells(Struct, frozen=True):
    """One line of the file, read with what the mall has."""

    row: Row
    terms: Terms

    def details(self) -> Details:
        """Return all that a reward may have besides name and price. Raises CellError."""
        off_fen, off_percent = self._off()
        details = Details(
            about_zh=self._text("about_zh", _ABOUT_LETTERS_MAX),
            about_en=self._text("about_en", _ABOUT_LETTERS_MAX),
            picture=self._picture(),
            pieces_max=self._number("pieces_max", _PIECES_MAX) or 1,
            unit_zh=self._text("unit_zh", _UNIT_LETTERS_MAX),
            unit_en=self._text("unit_en", _UNIT_LETTERS_MAX),
            off_fen=off_fen,
            off_percent=off_percent,
            off_most_fen=self._money("off_most"),
            from_fen=self._money("from"),
            parts=tuple(Part(one, pieces) for one, pieces in self._counts("parts").items()),
            price_points=self._number("price_points", _POINTS_MAX),
            price_from=self._day("price_from"),
            price_until=self._day("price_until"),
            offered_from=self._day("offered_from"),
            offered_until=self._day("offered_until"),
            tiers=self._tiers("tiers"),
            early_tiers=self._tiers("early_tiers"),
            early_from=self._day("early_from"),
            limit=self._number("limit", _PIECES_MAX),
            limit_per=self.row.choice("limit_per", _PERS),
        )
        _check(details)
        return details

    def stock(self) -> dict[str, int] | None:
        """Return the pieces by place, None where the file says nothing of them."""
        if not self.row.cells["stock"]:
            return None
        text = self.row.cells["stock"]
        if text.isascii() and text.isdecimal():
            return {"": self.row.whole_number("stock", 0, _STOCK_MAX)}
        counts = self._counts("stock", _STOCK_MAX)
        for place in counts:
            self.shop("stock", place)
        return counts

    def shop(self, column: str, shop_id: str) -> None:
        """Raise CellError unless the mall has this shop."""
        if shop_id not in self.terms.shops:
            raise CellError(column, f"没有门店“{shop_id}”", f"there is no shop {shop_id!r}")

    def _text(self, column: str, letters_max: int) -> str:
        value = self.row.cells[column]
        if len(value) > letters_max or not value.isprintable():
            raise CellError(
                column,
                f"最多 {letters_max} 字，且不能有控制字符",
                f"at most {letters_max} letters and no control characters",
            )
        return value

    def _picture(self) -> str:
        value = self.row.cells["picture"]
        if value and not _PICTURE.fullmatch(value):
            raise CellError(
                "picture", "应为文件名，例如 thermos.png", "a file's name such as thermos.png"
            )
        return value

    def _number(self, column: str, most: int) -> int:
        return self.row.whole_number(column, 1, most) if self.row.cells[column] else 0

    def _money(self, column: str) -> int:
        """Return an amount such as 200 or 199.50 in fen."""
        value = self.row.cells[column]
        if not value:
            return 0
        found = _MONEY.fullmatch(value)
        if found is None:
            raise CellError(column, f"“{value}”应为金额", f"{value!r} is no amount of money")
        return int(found[1]) * 100 + int(found[2] or 0)

    def _off(self) -> tuple[int, int]:
        """Return what a coupon takes off: an amount in fen, or a percentage."""
        found = _PERCENT.fullmatch(self.row.cells["off"])
        if found is None:
            return self._money("off"), 0
        return 0, int(found[1])

    def _day(self, column: str) -> str:
        value = self.row.cells[column]
        if value:
            try:
                value = date.fromisoformat(value).isoformat()
            except ValueError as error:
                raise CellError(
                    column, f"“{value}”应为 2026-11-08", f"{value!r} is no day like 2026-11-08"
                ) from error
        return value

    def _tiers(self, column: str) -> tuple[str, ...]:
        named = tuple(self.row.cells[column].split())
        for one in named:
            if one not in self.terms.tiers:
                listed = ", ".join(sorted(self.terms.tiers))
                raise CellError(
                    column, f"没有等级“{one}”，应为：{listed}", f"no tier {one!r}; {listed}"
                )
        return named

    def _counts(self, column: str, most: int = _PIECES_MAX) -> dict[str, int]:
        """Return how many of each: `helu:20 zhiye:5`."""
        counts: dict[str, int] = {}
        for word in self.row.cells[column].split():
            found = _COUNTED.fullmatch(word)
            if found is None or found[1] in counts or int(found[2]) > most:
                raise CellError(
                    column, f"“{word}”应为 名称:数量", f"{word!r} is not like name:number"
                )
            counts[found[1]] = int(found[2])
        return counts


def _check(details: Details) -> None:
    """Raise CellError for details that contradict each other."""
    for column, first, last in (
        ("price_until", details.price_from, details.price_until),
        ("offered_until", details.offered_from, details.offered_until),
        ("early_from", details.early_from, details.offered_from),
    ):
        if first and last and first > last:
            raise CellError(column, f"{first} 晚于 {last}", f"{first} is after {last}")
    if bool(details.early_tiers) != bool(details.early_from):
        raise CellError("early_from", "与 early_tiers 同时填写", "goes together with early_tiers")
    if details.early_from and not details.offered_from:
        raise CellError("offered_from", "先行兑换须有开始日", "early access needs a first day")
    if (details.price_from or details.price_until) and not details.price_points:
        raise CellError("price_points", "限时价不能为空", "a limited time needs its price")
    if details.limit_per and not details.limit:
        raise CellError("limit", "不能为空", "must not be empty")
