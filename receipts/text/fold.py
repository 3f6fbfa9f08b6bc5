"""Printed lines brought to one form before anything is searched in them.

Full-width forms become ASCII, blanks inside Chinese words go, paper blanks become single ones. It
must keep every digit and sign: amounts are read from folded text.
"""

import re
import unicodedata

_CJK = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0002ffff"
_SPACED_CJK = re.compile(f"(?<=[{_CJK}])[ \u3000]+(?=[{_CJK}])")
_HAN = re.compile(f"[{_CJK}]")
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffd]")

#: What is changed beyond the normal form.
_CHANGED = re.compile("[\t\u2010-\u2015\u2212\x00-\x08\x0b-\x1f\x7f\ufffd]")

#: A rule, a row of stars or dots: it separates and says nothing.
RULE = re.compile(r"^[\s\-=_*~.·#+—─━═│|]{4,}$|^[\s\-=_*]+$|^(.)\1{7,}$")


def fold(line: str) -> str:
    """Return the line in ASCII where it has an ASCII twin, with its blanks kept."""
    if line.isascii():
        return _CONTROL.sub("", line.replace("\t", "  ")).rstrip()
    if unicodedata.is_normalized("NFKC", line) and not _CHANGED.search(line):
        return line.rstrip()
    folded = unicodedata.normalize("NFKC", line.replace("\t", "  "))
    folded = folded.replace("¥", "￥").replace("￥", "¥")
    return _CONTROL.sub("", _DASHES.sub("-", folded)).rstrip()


def close_up(text: str) -> str:
    """Return the text without the blanks that spread a Chinese word (`合　　计` is `合计`).

    A gap between two words of two characters or more is a column and stays.
    """
    if text.isascii():
        return text
    return _SPACED_CJK.sub(_joint, text)


def _joint(gap: re.Match[str]) -> str:
    """Close a gap beside a single character; between two words it is a column."""
    text = gap.string
    lone_before = not _HAN.match(text, gap.start() - 2) or gap.start() < 2
    lone_after = not _HAN.match(text, gap.end() + 1)
    return "" if lone_before or lone_after else gap[0]
