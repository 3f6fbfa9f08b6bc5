"""Printed lines brought to one form before anything is searched in them.

Full-width forms become ASCII, blanks inside Chinese words go, paper blanks become single ones. It
must keep every digit and sign: amounts are read from folded text.
"""

import re
import unicodedata

_CJK = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0002ffff"
_SPACED_CJK = re.compile(f"(?<=[{_CJK}])[ \u3000]+(?=[{_CJK}])")
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffd]")

#: A rule, a row of stars or dots: it separates and says nothing.
RULE = re.compile(r"^[\s\-=_*~.·#+—─━═│|]{4,}$|^[\s\-=_*]+$|^(.)\1{7,}$")


def fold(line: str) -> str:
    """Return the line in ASCII where it has an ASCII twin, with its blanks kept."""
    if line.isascii():
        return _CONTROL.sub("", line.replace("\t", "  ")).rstrip()
    folded = unicodedata.normalize("NFKC", line.replace("\t", "  "))
    folded = folded.replace("¥", "￥").replace("￥", "¥")
    return _CONTROL.sub("", _DASHES.sub("-", folded)).rstrip()


def close_up(text: str) -> str:
    """Return the text without the blanks that spread a Chinese word (`合　　计` is `合计`).

    A gap of three or more between two words of two characters or more is a column, not spreading.
    """
    if text.isascii():
        return text
    return _SPACED_CJK.sub(_joint, text)


def _joint(gap: re.Match[str]) -> str:
    before, after = gap.string[: gap.start()], gap.string[gap.end() :]
    word_before = re.search(f"[{_CJK}]*$", before)
    word_after = re.match(f"[{_CJK}]*", after)
    assert word_before is not None
    assert word_after is not None
    spread = len(word_before[0]) == 1 or len(word_after[0]) == 1
    return "" if spread else gap[0]
