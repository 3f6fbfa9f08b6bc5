"""A redemption made at the desk, as paper. Pure layout and words."""

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
    "made": ("服务台", "Service desk"),
}


class VoucherPaper(Struct, frozen=True):
    """What stands on it; names in the paper's language, the member's number masked."""

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


def compose(paper: VoucherPaper, lang: Lang) -> Slip:
    """Return the voucher as a layout document."""
    return tuple(_elements(paper, lang))


def _elements(paper: VoucherPaper, lang: Lang) -> Iterator[Element]:
    def say(key: str) -> str:
        return _WORDS[key][lang == "en"]

    yield Text(OWN_PRINT_MARK, "centre")
    yield Text(HEADINGS["redemption"][lang], "centre", bold=True, size=2)
    yield Text(paper.programme, "centre")
    yield Rule("=")
    yield Text(paper.reward, "centre", bold=True, size=2)
    yield Rule()
    yield Pair(say("member"), paper.member)
    yield Pair(say("spent"), f"{paper.points:,}")
    yield Rule()
    yield Text(say("code"), "centre")
    yield Text(group(paper.code).replace("-", " "), "centre", bold=True, size=2)
    yield Blank()  # the quiet zone, without which phones do not see the code
    yield QR(paper.signed)
    yield Blank()
    yield Pair(say("until"), paper.valid_until, bold=True)
    yield Pair(say("where"), paper.where)
    if paper.terms:
        yield Text(paper.terms)
    yield Text(say("once"))
    yield Pair(say("made"), paper.made_at)
    yield Cut()
