"""Which characters a printer would have put on paper for the bytes it was sent.

Owns national sets and the choice between encodings where the stream does not say. Bytes are never
searched as ASCII before they are decoded: the second half of a Chinese character may be a
backslash or a brace.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from paper.width import columns
from receipts.stream import pages as single_byte
from receipts.stream.pages import PLAIN_PAGES, letter_points, page_name

#: So much text is enough to tell its encoding.
SAMPLE_MAX = 8192

_NATIONAL_AT = "#$@[\\]^`{|}~"
_NATIONAL: dict[int, str] = {
    1: "#$à°ç§^`éùè¨", 2: "#$§ÄÖÜ^`äöüß", 3: "£$@[\\]^`{|}~", 4: "#$@ÆØÅ^`æøå~",
    5: "#¤ÉÄÖÅÜéäöåü", 6: "#$@°\\é^ùàòèì", 7: "₧$@¡Ñ¿^`¨ñ}~", 8: "#$@[¥]^`{|}~",
    9: "#¤ÉÆØÅÜéæøåü", 10: "#$ÉÆØÅÜéæøåü", 11: "#$á¡Ñ¿é`íñóú", 12: "#$á¡Ñ¿éüíñóú",
    13: "#$@[₩]^`{|}~", 14: "#$ŽŠĐĆČžšđćč", 15: "#¥@[\\]^`{|}~", 16: "#₫@[\\]^`{|}~",
}  # fmt: skip
_NATIONAL_TABLES = {
    number: str.maketrans(_NATIONAL_AT, glyphs) for number, glyphs in _NATIONAL.items()
}

#: National sets of ESC R whose double-byte text is neither of the Chinese ones.
_ASIAN_SETS = {8: "cp932", 13: "cp949"}
MULTIBYTE = ("gb18030", "big5hkscs", "cp932", "cp949")

# Rules drawn with the box characters of CP437: as double-byte text they would be one hanzi over
# and over (C4 C4 is 哪), which no receipt says.
# Any other byte so often in a row is a rule of a page that is not known here.
_BOX = b"\xc4\xcd\xb3\xba\xdb\xb0\xb1\xb2\xdc\xdf\xc1\xc2\xcf\xd1"
_OTHER_RULE_MIN = 8
_ALIKE = re.compile(rb"([\x80-\xff])\1{3,}")
_LINE_ENDS = re.compile(rb"[\r\n]+")
_HIGH = re.compile(rb"[\x80-\xff]")
_GB_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")

# Words that stand on nearly every receipt of a script; finding some proves an encoding.
_WORDS = re.compile(
    "合计|总计|单号|金额|现金|微信|支付|时间|日期|收银|找零|应收|实收|应付|小票|数量|单价|商品|品名"
    "|谢谢|欢迎|优惠|会员|电话|地址|退货|退款|订单|桌号|小计"
    "|合計|總計|總數|單號|金額|時間|電話|地址|收銀|小計|折扣|現金|多謝|謝謝|歡迎|數量|單價|發票"
    "|統一"
)
_KANA = re.compile("[\u3041-\u30ff]")

#: In these a byte below 80h is its ASCII character.
ASCII_ALIKE = frozenset(("utf-8", *MULTIBYTE)) | PLAIN_PAGES


class TextState(NamedTuple):
    """What the stream has said about its characters. None: it has not."""

    kanji: bool | None = None  # FS & / FS .
    page: int | None = None  # ESC t n
    utf8: bool = False  # FS ( C
    shift_jis: bool = False  # FS C
    national: int = 0  # ESC R n


class Choice(NamedTuple):
    """An encoding, whether something better than a guess stands behind it, and the page beside it.

    `page` is the single-byte page in force: what is no text of the encoding is of that.
    """

    encoding: str
    certain: bool
    page: str


def national(text: str, number: int) -> str:
    """Return ASCII `text` as national set `number` of ESC R draws it."""
    table = _NATIONAL_TABLES.get(number)
    return text.translate(table) if table else text


def choose(
    runs: Iterable[bytes | bytearray],
    state: TextState,
    pages: dict[int, str],
    *,
    chinese: bool | None,
    last: str | None,
) -> Choice:
    """Return the encoding of the high-bit text in `runs`, which share one text state.

    `pages` are the dialect's own numbers, `chinese` the printer's own default; `last` what the same
    connection used before. Explicit words of the stream win; else the text itself decides.
    """
    sample = _LINE_ENDS.sub(b"\n", b"\n".join(map(_without_rules, runs)))[:SAMPLE_MAX]
    page = page_name(state.page or 0, pages, sample)
    said = _said(state, sample)
    if said is not None:
        return Choice(said or page, True, page)
    kanji = chinese if state.kanji is None else state.kanji
    candidates = ["utf-8", *MULTIBYTE[:3]]  # Korean looks like Chinese: only on the stream's word
    if not kanji or state.page:
        candidates.append(page)
    # ESC t named a page, if not Epson's of power-up, which many name before Chinese text.
    named = 0.6 if state.page or (pages and state.page is not None) else 0.0
    quick = _quick(sample)
    if quick is not None:
        return Choice(quick, True, page)
    scored = sorted(
        (
            (
                _score(sample, name, kanji=kanji, last=name == last)
                + (named if name == page else 0.0),
                -rank,
                name,
            )
            for rank, name in enumerate(candidates)
        ),
        reverse=True,
    )
    best, second = scored[0], scored[1]
    plain = best[2] == "gb18030" and best[0] >= 0.45  # little text, all of it common hanzi
    return Choice(best[2], plain or (best[0] > 0.1 and best[0] - second[0] > 0.05), page)


def _said(state: TextState, sample: bytes) -> str | None:
    """Return the encoding that the stream named, empty for the page in force, None for a guess."""
    if state.utf8:
        return "utf-8"
    if state.shift_jis:
        return "cp932"
    if state.kanji is False or not _HIGH.search(sample):
        return ""
    return _ASIAN_SETS.get(state.national)


def _quick(sample: bytes) -> str | None:
    """Return the encoding when the sample proves it, without weighing the others."""
    try:
        text = sample.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8" if any(char >= "\u2000" for char in text) else None
    try:
        text = sample.decode("gb18030")
    except UnicodeDecodeError:
        return None
    words = set()
    for match in _WORDS.finditer(text):
        words.add(match[0])
        if len(words) == 3:
            return "gb18030"
    return None


def _score(sample: bytes, name: str, *, kanji: bool | None, last: bool) -> float:
    """Return how much like a receipt the sample reads in an encoding, per high-bit byte."""
    text = single_byte.decode(sample, name, "replace")
    high = len(_HIGH.findall(sample))
    points = sum(map(_weigher(name), re.findall(r"[^\x00-\x7f]", text)))
    points += 1.5 * len(set(_WORDS.findall(text)))
    if name not in MULTIBYTE and name != "utf-8":
        points = letter_points(text)
        points -= 0.6 * high if kanji else 0.0
    elif name == "cp932":
        points = points if len(_KANA.findall(text)) >= 3 else -high
    return points / high + (0.1 if last else 0.0)


def _weigher(name: str) -> Callable[[str], float]:
    return {"gb18030": _gb_points, "big5hkscs": _big5_points}.get(name, _other_points)


def _gb_points(char: str) -> float:
    pair = char.encode("gb18030", "replace")
    if char == "\ufffd" or len(pair) != 2:
        return -2.0
    lead, trail = pair
    if trail < 0xA1:
        return -0.5  # the extension areas: rare in print
    if 0xB0 <= lead <= 0xD7:
        return 1.0
    return 0.6 if lead <= 0xA3 else 0.2


def _big5_points(char: str) -> float:
    pair = char.encode("big5hkscs", "replace")
    if char == "\ufffd" or len(pair) != 2:
        return -2.0
    lead = pair[0]
    if 0xA4 <= lead <= 0xC6:
        return 0.95
    return 0.6 if 0xA1 <= lead <= 0xA3 else 0.0


def _other_points(char: str) -> float:
    if char == "\ufffd":
        return -3.0
    if "\u3041" <= char <= "\u30ff" or "\uac00" <= char <= "\ud7a3":
        return 0.9
    if "\uff61" <= char <= "\uff9f":
        return 0.1
    return 1.2 if char >= "\u2000" else 0.4


def _rules(data: bytes | bytearray) -> Iterator[re.Match[bytes]]:
    for found in _ALIKE.finditer(data):
        if found[1] in _BOX or len(found[0]) >= _OTHER_RULE_MIN:
            yield found


def _without_rules(data: bytes | bytearray) -> bytes | bytearray:
    for found in reversed([*_rules(data)]):
        data = data[: found.start()] + data[found.end() :]
    return data


def has_rule(data: bytes) -> bool:
    """Return whether `data` holds a rule drawn with box characters, which is no text."""
    return next(_rules(data), None) is not None


def decode(data: bytes, choice: Choice) -> tuple[str, str, bool]:
    """Return `data` as text, the encoding used and whether nothing was lost or guessed."""
    if not _HIGH.search(data):
        return data.decode("ascii"), "ascii", True
    ruled = next(_rules(data), None)
    if ruled:
        parts = (data[: ruled.start()], data[ruled.end() :])
        (head, _, sure), (tail, _, sure_too) = (decode(part, choice) for part in parts)
        return head + ruled[0].decode("cp437") + tail, choice.encoding, sure and sure_too
    with suppress(UnicodeDecodeError):
        text = single_byte.decode(data, choice.encoding)
        return text, choice.encoding, choice.certain or _is_frame(text)
    for name in ("utf-8", "gb18030", choice.page):
        try:
            text = single_byte.decode(data, name)
        except UnicodeDecodeError:
            continue
        # A currency mark or an accented letter of the page in force stands among Chinese lines.
        fits = letter_points(text) >= 0.7 or _is_frame(text)
        return text, name, name == choice.page and fits
    return single_byte.decode(data, choice.encoding, "replace"), choice.encoding, False


def _is_frame(text: str) -> bool:
    """Return whether all it has is box characters that stand alone, as no half of a hanzi does."""
    pieces = {"".join(set(each)) for each in text.split()}
    return bool(pieces) and all(len(each) == 1 and "\u2500" <= each < "\u2600" for each in pieces)


def cells(data: bytes, text: str, encoding: str) -> int:
    """Return how many columns the decoded `data` takes: one a byte, double-byte characters two."""
    if encoding == "utf-8" or len(data) > 2 * len(text):
        return columns(text)
    return len(data)
