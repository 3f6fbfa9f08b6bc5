"""Licence plates as drivers type them. Pure.

Plates of mainland China by GA 36-2018: a province, a letter, then five characters, or six on cars
of new energy. A plate tells of a person: it stands on a slip and in no event.
"""

import re

#: What a plate begins with.
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_LETTER, _SIGN = "[A-HJ-NP-Z]", "[A-HJ-NP-Z0-9]"
#: Five signs, the last of which may name a use: trailer, learner, police, Hong Kong, Macao.
_PLAIN = f"{_SIGN}{{4}}(?:{_SIGN}|[挂学警港澳])"
#: New energy: a letter and five signs for small cars, five digits and a letter for large ones.
_SMALL, _LARGE = f"[A-HJK]{_SIGN}[0-9]{{4}}", "[0-9]{5}[A-HJK]"
_PLATE = re.compile(f"[{PROVINCES}]{_LETTER}(?:{_SMALL}|{_LARGE}|{_PLAIN})")
_BETWEEN = re.compile(r"[\s·•.\-]")


def read_plate(text: str) -> str | None:
    """Return a typed plate in one form, 粤B12345; None if it is none, and "" for nothing at all."""
    plate = _BETWEEN.sub("", text).upper()
    return plate if not plate or _PLATE.fullmatch(plate) else None


def shown(plate: str) -> str:
    """Return a plate as it is written on a car: 粤B·12345."""
    return f"{plate[:2]}·{plate[2:]}" if plate else ""
