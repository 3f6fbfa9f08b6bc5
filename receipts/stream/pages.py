"""The single-byte pages of printers: their numbers, their tables, and which of them fits a text.

Numbers are Epson's (ESC t n) and Star's (ESC GS t n). Clones give the same numbers to other pages,
so where a number means several, the letters decide: in the right page they make words.
"""

import codecs
import re

#: ESC t n in Epson numbering. Other pages have no table here.
PAGES: dict[int, str] = {
    0: "cp437", 1: "katakana", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 11: "cp851",
    13: "cp857", 14: "cp737", 15: "iso8859-7", 16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858",
    21: "cp874", 26: "cp874", 32: "cp720", 33: "cp775", 34: "cp855", 35: "cp861", 36: "cp862",
    37: "cp864", 38: "cp869", 39: "iso8859-2", 40: "iso8859-15", 44: "cp1125", 45: "cp1250",
    46: "cp1251", 47: "cp1253", 48: "cp1254", 49: "cp1255", 50: "cp1256", 51: "cp1257",
    52: "cp1258", 53: "kz1048",
}  # fmt: skip

#: What else a number means on printers of Bixolon, Citizen, HP, Rongta, Sunmi, Xprinter and others.
_ELSEWHERE: dict[int, str] = {
    2: "cp858 cp852", 6: "cp1251 cp1252 cp852 cp858", 7: "cp866 cp1253",
    8: "cp862 cp857 cp1252", 9: "cp862", 10: "cp737", 11: "cp1255 cp874", 12: "cp857",
    13: "cp1251", 14: "cp1255", 15: "cp862 kz1048", 21: "cp862 cp1257", 22: "cp864",
    23: "cp1251 cp1252", 24: "cp737 cp1253", 25: "cp1257 cp1254", 26: "cp1257", 27: "cp1258",
    28: "cp864 cp1251 cp855", 29: "cp857 cp737", 30: "cp1250 cp775", 31: "cp775 cp862",
    32: "cp1255 cp1254 cp1258", 33: "cp1256 cp1255", 34: "cp1256", 35: "cp1258", 36: "cp855",
    37: "cp857", 38: "iso8859-7 cp1252", 40: "cp1256 cp864", 41: "cp1258", 44: "iso8859-15",
    46: "cp866", 47: "cp1250 cp874",
}  # fmt: skip

#: ESC GS t n of Star.
STAR_PAGES = {
    0: "star", 1: "cp437", 2: "katakana", 3: "cp437", 4: "cp858", 5: "cp852", 6: "cp860",
    7: "cp861", 8: "cp863", 9: "cp865", 10: "cp866", 11: "cp855", 12: "cp857", 13: "cp862",
    14: "cp864", 15: "cp737", 16: "cp851", 17: "cp869", 18: "iso8859-7", 21: "cp874", 32: "cp1252",
    33: "cp1250", 34: "cp1251", 64: "cp866",
}  # fmt: skip

UNKNOWN_PAGE = "cp437"
#: Pages that clones give numbers of their own, the likeliest first.
_ANY = (UNKNOWN_PAGE, "cp1252", "cp858", "cp850", "iso8859-15", "cp1251", "cp866")

_LINES = "▁▂▃▄▅▆▇█▏▎▍▌▋▊▉┼┴┬┤├▔─│▕┌┐└┘╭╮╰╯"
#: The upper halves that Python has no codec for; a middle dot for what is not in Unicode.
_UPPER = {
    "katakana": (
        _LINES + "\ufffe｡｢｣､･ｦｧｨｩｪｫｬｭｮｯｰｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿ"
        "ﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾞﾟ═╞╪╡◢◣◥◤♠♥♦♣●○╱╲╳円年月日時分秒〒市区町村人▒\ufffe"
    ),
    "cp851": (
        "ÇüéâäàΆçêëèïîΈÄΉΊ\ufffeΌôöΎûùΏÖÜά£έήίϊΐόύΑΒΓΔΕΖΗ½ΘΙ«»░▒▓│┤ΚΛΜΝ╣║╗╝ΞΟ┐"
        "└┴┬├─┼ΠΡ╚╔╩╦╠═╬ΣΤΥΦΧΨΩαβγ┘┌█▄δε▀ζηθικλμνξοπρσςτ´·±υφχ§ψ¸°¨ωϋΰώ■ "
    ),
    "star": (
        _LINES + "ÄÖÜß§ªº·¢½··¥¼Āëéèēêïíìīîöóòōôüú"
        "ùūûç¿··Ē·¡ÅøØäáàāâ°℃℉ΩµΣσ··χ∞±÷π▌▄▀▐┼┘└┐█▒·····╭···▁▍··▚▞◢◣··╰╯╮"
    ),
    # As printers have it: with the euro sign, which Python's table lacks.
    "cp857": bytes(range(0x80, 0x100)).decode("cp857", "replace").replace("\ufffd", "€", 1),
}
_TABLES = {
    name: "".join(map(chr, range(0x80))) + upper.replace("\ufffd", "\ufffe")
    for name, upper in _UPPER.items()
}

#: In these a byte below 80h is its ASCII character (CP864 has an Arabic percent sign at 25h).
PLAIN_PAGES = frozenset(PAGES.values()) - {"cp864"} - _TABLES.keys()


def decode(data: bytes, name: str, errors: str = "strict") -> str:
    """Return `data` in a page or an encoding. Raises UnicodeDecodeError where it has no meaning."""
    table = _TABLES.get(name)
    return codecs.charmap_decode(data, errors, table)[0] if table else data.decode(name, errors)


def page_name(number: int, pages: dict[int, str], sample: bytes) -> str:
    """Return the page that a number means, where it means several the one whose letters fit."""
    if pages:
        return pages.get(number, UNKNOWN_PAGE)
    named = PAGES.get(number)
    names = [named] if named else []
    names += _ELSEWHERE.get(number, "").split()
    if named is None:
        names += _ANY
    if len(names) == 1 or sample.isascii():
        return names[0]
    texts = (_FRAMES.sub("", decode(sample, name, "replace")) for name in names)
    return max((letter_points(text), -at, names[at]) for at, text in enumerate(texts))[2]


_WORD = re.compile(r"[^\W\d_]*[^\W\d_\x00-\x7f][^\W\d_]*")
_MARK_BY_NUMBER = re.compile(r"[£¥€₧¢](?=\s?\d)|(?<=\d)\s?[€£¥°%½]|^\s*[€£¥]\s*$", re.MULTILINE)
_FRAMES = re.compile("[\u2500-\u25ff]")
_HIGH = re.compile(r"[^\x00-\x7f]")
#: Latin, Greek, Cyrillic, Hebrew and Thai: no word is of two. Katakana are half of any hanzi.
_SCRIPTS = re.compile(
    "[a-zA-Z\u00c0-\u024f]+|[\u0386-\u03ff]+|[\u0400-\u04ff]+|[\u0590-\u05ff]+|[\u0e01-\u0e5b]+"
)


def letter_points(text: str) -> float:
    """Return how well letters make words and currency marks stand by numbers in a text."""
    good = 2 * len(_MARK_BY_NUMBER.findall(text))
    for word in _WORD.findall(text):
        if len(word) > 1 and _SCRIPTS.fullmatch(word) and not _mixed(word):
            good += len(_HIGH.findall(word))
    strange = len(_HIGH.findall(text)) - good
    return 0.7 * good - 0.3 * max(0, strange)


def _mixed(word: str) -> bool:
    """Return whether capitals stand inside a word, or one letter is nearly all of it."""
    if len(set(word)) * 3 < len(word):
        return True
    return word != word.lower() and not word.isupper() and not word[1:].islower()
