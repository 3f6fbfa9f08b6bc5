"""How far the numbers of a rule book may go, and names that must say something.

A number beyond these is a slip of the finger, and no sum or calendar could bear it: an award under
such a book would fail at every till. Asked of every key alike, so that a new key has its limit too.
"""

import unicodedata
from collections.abc import Iterator

from msgspec import Struct

Path = tuple[str | int, ...]
#: Where something is wrong, and what, in zh and en.
Beyond = tuple[Path, str, str]

YEARS_MAX = 100
DAYS_MAX = 3_660
#: Points, and amounts in fen: those of one event can be no larger.
NUMBER_MAX = 10**12
#: Characters; a slip of 58 mm has 16 of Chinese on a line.
NAME_MAX = 64
_NAMES = ("name", "name_zh", "name_en")


def beyond(part: Struct, path: Path = ()) -> Iterator[Beyond]:
    """Yield every number of a book, or of a part of one at `path`, that is too large."""
    for where, name, value in values(part, path):
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int) and number > _most(name):
                zh, en = f"{name} 最大 {_most(name)}", f"{name} is at most {_most(name)}"
                yield where, zh, en


def unnamed(part: Struct, path: Path = ()) -> Iterator[Beyond]:
    """Yield every name that is blank, too long for a slip, or holds what cannot be printed."""
    for where, name, value in values(part, path):
        text = str(value)
        if name in _NAMES and not text.strip():
            yield where, f"{name} 不能为空", f"{name} must not be empty"
        if name not in (*_NAMES, "id", "group"):
            continue
        if len(text) > NAME_MAX:
            zh, en = f"{name} 最多 {NAME_MAX} 个字", f"{name} has at most {NAME_MAX} characters"
            yield where, zh, en
        if any(unicodedata.category(one) == "Cc" for one in text):
            yield where, f"{name} 中有控制字符", f"{name} holds a control character"


def values(part: Struct, path: Path) -> Iterator[tuple[Path, str, object]]:
    """Yield place, key and value of all that a part and the parts inside it hold."""
    for name in part.__struct_fields__:
        value = getattr(part, name)
        if isinstance(value, tuple) and value and isinstance(value[0], Struct):
            for place, inner in enumerate(value):
                yield from values(inner, (*path, name, place))
        else:
            yield (*path, name), name, value


def _most(name: str) -> int:
    if name.endswith("_months"):
        return YEARS_MAX * 12
    return DAYS_MAX if name.endswith("_days") else NUMBER_MAX
