"""Which character a key is, for each keyboard layout that a scanner can be set to.

A scanner sends keys, not characters, and means those of the layout that it was set up for; the
layout of the till's own keyboard has nothing to do with it. Pure tables; no state, no device.

Key codes are Linux's (include/uapi/linux/input-event-codes.h); the layouts are those of the same
name on Windows, because that is what scanners are set up for. A dead key stands here as its
Unicode combining mark. Where a layout has no such key, the place holds a blank.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

LayoutName = Literal["us", "uk", "de", "fr", "es", "it", "jp"]

SPACE_KEY = 57
ENTER_KEYS = frozenset({28, 96})  # KEY_ENTER, KEY_KPENTER
TAB_KEY = 15
#: KEY_KP0 .. KEY_KP9, in the order of their digits.
KEYPAD_DIGITS = (82, 79, 80, 81, 75, 76, 77, 71, 72, 73)
# KEY_KPASTERISK, KPMINUS, KPPLUS, KPSLASH, KPEQUAL, KPCOMMA
_KEYPAD_SIGNS = {55: "*", 74: "-", 78: "+", 98: "/", 117: "=", 121: ","}
_KEYPAD_DOT = 83

_DIGIT_ROW = (41, *range(2, 14))  # KEY_GRAVE, KEY_1 .. KEY_EQUAL
_TOP_ROW = tuple(range(16, 28))  # KEY_Q .. KEY_RIGHTBRACE
_HOME_ROW = (*range(30, 41), 43)  # KEY_A .. KEY_APOSTROPHE, KEY_BACKSLASH (left of Enter)
_LOW_ROW = (86, *range(44, 54))  # KEY_102ND, KEY_Z .. KEY_SLASH
_JAPANESE = (124, 89)  # KEY_YEN, KEY_RO

GRAVE, ACUTE, CIRCUMFLEX = "\u0300", "\u0301", "\u0302"
TILDE, DIAERESIS = "\u0303", "\u0308"
#: What a dead key followed by the space bar is.
SPACING = {GRAVE: "`", ACUTE: "´", CIRCUMFLEX: "^", TILDE: "~", DIAERESIS: "¨"}

# One row of keys: plain, with Shift, with AltGr, with both.
_Row = tuple[str, str] | tuple[str, str, str] | tuple[str, str, str, str]


class Levels(NamedTuple):
    """The characters of one key; an empty one is no character."""

    plain: str = ""
    shift: str = ""
    altgr: str = ""
    both: str = ""

    def at(self, *, shift: bool, altgr: bool) -> str:
        """Return the character with these modifiers held."""
        if altgr:
            return self.both if shift else self.altgr
        return self.shift if shift else self.plain

    def cased(self, *, altgr: bool) -> bool:
        """Tell whether Caps Lock turns Shift round on this key: it has a letter in both cases."""
        small, capital = (self.altgr, self.both) if altgr else (self.plain, self.shift)
        return small != capital and small.upper() == capital


Layout = dict[int, Levels]


def _layout(digits: _Row, top: _Row, home: _Row, low: _Row, *, dot: str = ".") -> Layout:
    keys: Layout = {SPACE_KEY: Levels(" ", " ", " ", " ")}
    for codes, rows in (
        (_DIGIT_ROW, digits),
        (_TOP_ROW, top),
        (_HOME_ROW, home),
        (_LOW_ROW, low),
    ):
        padded = [row.ljust(len(codes)) for row in rows]
        for place, code in enumerate(codes):
            keys[code] = Levels(*(row[place].strip() for row in padded))
    for digit, code in enumerate(KEYPAD_DIGITS):
        keys[code] = Levels(*[str(digit)] * 4)
    for code, sign in {**_KEYPAD_SIGNS, _KEYPAD_DOT: dot}.items():
        keys[code] = Levels(*[sign] * 4)
    return keys


_US = _layout(
    ("`1234567890-=", "~!@#$%^&*()_+"),
    ("qwertyuiop[]", "QWERTYUIOP{}"),
    ("asdfghjkl;'\\", 'ASDFGHJKL:"|'),
    ("\\zxcvbnm,./", "|ZXCVBNM<>?"),
)
_UK = _layout(
    ("`1234567890-=", '¬!"£$%^&*()_+', "¦   €"),
    ("qwertyuiop[]", "QWERTYUIOP{}", "  é   úíó", "  É   ÚÍÓ"),
    ("asdfghjkl;'#", "ASDFGHJKL:@~", "á", "Á"),
    ("\\zxcvbnm,./", "|ZXCVBNM<>?"),
)
_DE = _layout(
    (
        f"{CIRCUMFLEX}1234567890ß{ACUTE}",
        f'°!"§$%&/()=?{GRAVE}',
        "  ²³   {[]}\\",
    ),
    ("qwertzuiopü+", "QWERTZUIOPÜ*", "@ €        ~"),
    ("asdfghjklöä#", "ASDFGHJKLÖÄ'"),
    ("<yxcvbnm,.-", ">YXCVBNM;:_", "|      µ"),
    dot=",",
)
_FR = _layout(
    ("²&é\"'(-è_çà)=", " 1234567890°+", f"  {TILDE}#{{[|{GRAVE}\\^@]}}"),
    (f"azertyuiop{CIRCUMFLEX}$", f"AZERTYUIOP{DIAERESIS}£", "  €        ¤"),
    ("qsdfghjklmù*", "QSDFGHJKLM%µ"),
    ("<wxcvbn,;:!", ">WXCVBN?./§"),
)
_ES = _layout(
    ("º1234567890'¡", 'ª!"·$%&/()=?¿', f"\\|@#{TILDE}€¬"),
    (f"qwertyuiop{GRAVE}+", f"QWERTYUIOP{CIRCUMFLEX}*", "  €       []"),
    (f"asdfghjklñ{ACUTE}ç", f"ASDFGHJKLÑ{DIAERESIS}Ç", "          {}"),
    ("<zxcvbnm,.-", ">ZXCVBNM;:_"),
)
_IT = _layout(
    ("\\1234567890'ì", '|!"£$%&/()=?^', "     €"),
    ("qwertyuiopè+", "QWERTYUIOPé*", "  €       []", "          {}"),
    ("asdfghjklòàù", "ASDFGHJKLç°§", "         @#"),
    ("<zxcvbnm,.-", ">ZXCVBNM;:_"),
)
_JP = {
    **_layout(
        (" 1234567890-^", " !\"#$%&'() =~"),
        ("qwertyuiop@[", "QWERTYUIOP`{"),
        ("asdfghjkl;:]", "ASDFGHJKL+*}"),
        (" zxcvbnm,./", " ZXCVBNM<>?"),
    ),
    **dict(zip(_JAPANESE, (Levels("\\", "|"), Levels("\\", "_")), strict=True)),
}

LAYOUTS: dict[LayoutName, Layout] = {
    "us": _US,
    "uk": _UK,
    "de": _DE,
    "fr": _FR,
    "es": _ES,
    "it": _IT,
    "jp": _JP,
}
