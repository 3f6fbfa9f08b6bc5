"""members.csv: what a mall may say about its members.

An empty cell leaves what is known of a member; a lone "-" under `aliases` takes all cards away,
under `labels` all labels. `labels` and `birth_month` are what the rules may ask.
Cells that cannot be taken are named by place, never quoted: they are personal data.
"""

import re
from datetime import date

from msgspec import Struct

from central.sheets import CellError, Row, read_rows
from loyalty.codes import BadCode, MemberNumber, OtherCode, classify, is_member_number
from loyalty.rules.rulebook import RuleBook

COLUMNS = {
    "number": True,
    "name": True,
    "phone": True,
    "tier": False,
    "aliases": False,
    "joined_on": False,
    "labels": False,
    "birth_month": False,
}
ALIAS_SEPARATOR = ";"
NO_ALIASES = "-"
_LABELS_MAX = 20
_LABEL = re.compile(r"[\w.-]{1,40}")
_ALIASES_MAX = 8
_ALIAS_LETTERS_MAX = 64
_PHONE = re.compile(r"\+?[0-9]{6,20}")


class MemberLine(Struct, frozen=True):
    """One member as the file has them. Empty or None is what the file leaves open.

    A line without a number stands for the member with its phone, or for a new one.
    """

    line: int
    number: str
    name: str
    phone: str | None
    tier_id: str
    aliases: tuple[str, ...] | None
    joined_on: str
    labels: tuple[str, ...] | None = None
    birth_month: int | None = None


def read_members(name: str, data: bytes, book: RuleBook) -> list[MemberLine]:
    """Return the members of a file called `name`; tiers are those of `book`. Raises SheetError."""
    tiers = {word: tier.id for tier in book.tiers for word in (tier.id, tier.name_zh, tier.name_en)}

    def read(row: Row) -> MemberLine:
        number, phone = _number(row), _phone(row)
        if not number and not phone:
            raise CellError(
                "number", "会员号和手机号至少填一个", "give the member number or the phone"
            )
        tier = row.cells["tier"]
        return MemberLine(
            line=row.line,
            number=number,
            name=row.name("name"),
            phone=phone,
            tier_id=tiers[row.choice("tier", tiers)] if tier else "",
            aliases=_aliases(row.cells["aliases"]),
            joined_on=_day(row),
            labels=_labels(row.cells["labels"]),
            birth_month=_month(row),
        )

    return read_rows(name, data, COLUMNS, read, key=_identity)


def _identity(member: MemberLine) -> str:
    return member.number or f"{member.phone}"


def _number(row: Row) -> str:
    number = row.cells["number"].replace(" ", "")
    if number and not is_member_number(number):
        raise CellError(
            "number",
            "应为 12 位数字，最后一位是校验位",
            "a member number is 12 digits of which the last is the check digit",
        )
    return number


def _phone(row: Row) -> str | None:
    phone = re.sub(r"[ -]", "", row.cells["phone"])
    if phone and not _PHONE.fullmatch(phone):
        raise CellError("phone", "应为 6 至 20 位数字", "a phone number is 6 to 20 digits")
    return phone or None


def _aliases(cell: str) -> tuple[str, ...] | None:
    if not cell:
        return None
    given = [] if cell == NO_ALIASES else [part for part in cell.split(ALIAS_SEPARATOR) if part]
    if len(given) > _ALIASES_MAX:
        raise CellError("aliases", f"最多 {_ALIASES_MAX} 张卡", f"at most {_ALIASES_MAX} cards")
    return tuple(dict.fromkeys(_alias(text) for text in given))


def _labels(cell: str) -> tuple[str, ...] | None:
    if not cell:
        return None
    given = [] if cell == NO_ALIASES else [part for part in cell.split(ALIAS_SEPARATOR) if part]
    if len(given) > _LABELS_MAX or not all(_LABEL.fullmatch(one) for one in given):
        zh = f"最多 {_LABELS_MAX} 个标签，只用文字、数字和 . _ -"
        en = f"at most {_LABELS_MAX} labels of letters, digits, '.', '_' and '-'"
        raise CellError("labels", zh, en)
    return tuple(sorted(set(given)))


def _month(row: Row) -> int | None:
    return row.whole_number("birth_month", 0, 12) if row.cells["birth_month"] else None


def _alias(text: str) -> str:
    """Return a card's code as a till will see it when the card is scanned."""
    scan = classify(text)
    match scan:
        case OtherCode(code) if len(code) <= _ALIAS_LETTERS_MAX:
            return code
        case OtherCode():
            raise CellError(
                "aliases", "卡号过长", f"a card has at most {_ALIAS_LETTERS_MAX} letters"
            )
        case MemberNumber() | BadCode():
            raise CellError(
                "aliases", "会员号不能作卡号", "a member number is not a card of its own"
            )
        case _:
            raise CellError(
                "aliases",
                "这是付款码、银行卡号或本系统的券码，不能作会员卡",
                "this is a payment code, a bank card or a voucher, not a member card",
            )


def _day(row: Row) -> str:
    day = row.cells["joined_on"]
    try:
        return date.fromisoformat(day).isoformat() if day else ""
    except ValueError as error:
        raise CellError(
            "joined_on", "应为 2025-11-08 这样的日期", "a day like 2025-11-08"
        ) from error
