"""A redemption made at the desk or taken back there, as paper. Pure layout and words."""

from collections.abc import Iterator

from msgspec import Struct

from loyalty.codes import group
from paper.layout import QR, Blank, Cut, Element, Pair, Rule, Slip, Text
from paper.marker import HEADINGS, OWN_PRINT_MARK, Lang

_WORDS: dict[str, tuple[str, str]] = {
    "member": ("会员", "Member"),
    "spent": ("使用积分", "Points spent"),
    "code": ("券码", "Voucher code"),
    "until": ("有效期至", "Valid until"),
    "where": ("使用地点", "Where"),
    "once": (
        "本券仅限使用一次，复印或拍照无效，请妥善保管。",
        "Good for one use. Copies and photos are not accepted.",
    ),
    "hours": ("停车时长", "Parking"),
    "plate": ("车牌", "Plate"),
    "any plate": ("不限车牌", "any car"),
    "parking once": (
        "出场前在收费处扫描二维码或出示券码，抵扣一次；复印或拍照无效。",
        "Scan or show this code where you pay for parking. For one use; no copies, no photos.",
    ),
    "given back": ("退回积分", "Points back"),
    "void": ("作废券码", "Void voucher"),
    "cancelled": (
        "兑换已取消，积分已退回账户；原兑换券作废，不能再用。",
        "This redemption was cancelled and its points are back. The voucher is void.",
    ),
    "made": ("服务台", "Service desk"),
}


class VoucherPaper(Struct, frozen=True):
    """What stands on it; names in the paper's language, the member's number masked.

    A right to park is for so many `hours`, and for the car with this `plate`, if it names one;
    on other papers no car is named.
    """

    programme: str
    member: str
    reward: str
    points: int
    code: str
    signed: str
    valid_until: str
    where: str
    made_at: str
    terms: str = ""  # of a coupon
    hours: str = ""
    plate: str = ""


class CancelledPaper(Struct, frozen=True):
    """What stands on the notice that a redemption was taken back; `code` is the end of its own."""

    programme: str
    reward: str
    points: int
    code: str
    made_at: str


def compose(paper: VoucherPaper, lang: Lang) -> Slip:
    """Return the voucher as a layout document."""
    return tuple(_elements(paper, lang))


def compose_cancelled(paper: CancelledPaper, lang: Lang) -> Slip:
    """Return the notice that a redemption was taken back as a layout document."""

    def say(key: str) -> str:
        return _WORDS[key][lang == "en"]

    return (
        *_head("cancellation", paper.programme, lang),
        Text(paper.reward, "centre", bold=True, size=2),
        Rule(),
        Pair(say("given back"), f"{paper.points:+,}", bold=True, size=2),
        Rule(),
        Pair(say("void"), paper.code),
        Text(say("cancelled")),
        Pair(say("made"), paper.made_at),
        Cut(),
    )


def _head(kind: str, programme: str, lang: Lang) -> Iterator[Element]:
    yield Text(OWN_PRINT_MARK, "centre")
    yield Text(HEADINGS[kind][lang], "centre", bold=True, size=2)
    yield Text(programme, "centre")
    yield Rule("=")


def _elements(paper: VoucherPaper, lang: Lang) -> Iterator[Element]:
    def say(key: str) -> str:
        return _WORDS[key][lang == "en"]

    yield from _head("parking" if paper.hours else "redemption", paper.programme, lang)
    if paper.hours:
        yield Pair(say("hours"), paper.hours, bold=True, size=2)
        yield Pair(say("plate"), paper.plate or say("any plate"))
    else:
        yield Text(paper.reward, "centre", bold=True, size=2)
    yield Rule()
    yield Pair(say("member"), paper.member)
    yield Pair(say("spent"), f"{paper.points:,}")
    yield Rule()
    yield Text(say("code"), "centre")
    for half in (paper.code[:8], paper.code[8:]):  # the whole is too wide for 58 mm of paper
        yield Text(group(half).replace("-", " "), "centre", bold=True, size=2)
    yield Blank()  # the quiet zone, without which phones do not see the code
    yield QR(paper.signed)
    yield Blank()
    yield Pair(say("until"), paper.valid_until, bold=True)
    yield Pair(say("where"), paper.where)
    if paper.terms:
        yield Text(paper.terms)
    yield Text(say("parking once" if paper.hours else "once"))
    yield Pair(say("made"), paper.made_at)
    yield Cut()
