"""The decoder puts on record what a printer would put on paper, however the bytes arrive."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receipts.stream.decoder import Decoder
from receipts.stream.dialects import DIALECTS
from receipts.stream.elements import (
    Aborted,
    Align,
    Code,
    Cut,
    Doubt,
    Drawer,
    Element,
    Feed,
    Line,
    Picture,
    Style,
)
from tests.receipts.jobs import case_names, jobs_of


def decode(raw: bytes, dialect: str | None = None) -> list[Element]:
    decoder = Decoder(dialect)
    return decoder.feed(raw) + decoder.close()


def pieces(raw: bytes, *cuts: int) -> list[Element]:
    decoder = Decoder()
    out: list[Element] = []
    for start, end in zip((0, *cuts), (*cuts, len(raw)), strict=True):
        out += decoder.feed(raw[start:end])
    return out + decoder.close()


def texts(raw: bytes, dialect: str | None = None) -> list[str]:
    return [each.text for each in decode(raw, dialect) if isinstance(each, Line) and each.text]


def doubts(raw: bytes) -> list[str]:
    return [each.code for each in decode(raw) if isinstance(each, Doubt)]


SPLIT = [
    ("01_restaurant_checkout_58", "gb18030, FS &"),
    ("06_cinema_58", "gb18030, native codes"),
    ("29_fullwidth_58", "gb18030, dressed"),
    ("31_two_copies_58", "utf-8, FS ( C"),
    ("17_hongkong_80", "big5-hkscs"),
    ("18_english_sg_58", "cp437, positions"),
]


@pytest.mark.parametrize(("case", "job"), SPLIT)
def test_cutting_the_stream_at_any_byte_changes_nothing(case, job):
    raw = jobs_of(case)[job]
    whole = decode(raw)
    assert [at for at in range(len(raw) + 1) if pieces(raw, at) != whole] == []


def test_single_bytes_give_the_same_as_the_whole():
    raw = jobs_of("06_cinema_58")["gb18030, native codes"]
    assert pieces(raw, *range(1, len(raw))) == decode(raw)


@pytest.mark.parametrize("case", case_names())
def test_every_case_decodes_alike_from_the_whole_and_from_single_bytes(case):
    for name, raw in jobs_of(case).items():
        if "dressed" in name or "native" in name or "CR" in name:
            assert pieces(raw, *range(1, len(raw))) == decode(raw), name


# Every command beside text that would show a lost or an eaten byte. Lengths: Epson ESC/POS guide.
COMMANDS = [
    "1b40", "1b2110", "1b2d01", "1b32", "1b3330", "1b4501", "1b4d01", "1b5200", "1b6101",
    "1b6405", "1b7410", "1b7b00", "1b240000", "1b5c0000", "1b630401", "1b7000 3232", "1b420201",
    "1b440810 18 00", "1b4400", "1b4408100a", "1b2a000300aabbcc", "1b2a210200 0a1b1d0a1b1d",
    "1b26034141 02 aabbccddeeff", "1b2841 0300 414141",
    "1c26", "1c2e", "1c2104", "1c530000", "1c70 0100", "1c7101 0100 0100 0a1b1d1c10040141",
    "1c32f8a1" + "0a" * 72, "1c28430200 3000",
    "1d2111", "1d4c0000", "1d500000", "1d6801", "1d7200", "1d5600", "1d564200", "1d3a", "1d61ff",
    "1d763000 0100 0300 0a1b1d", "1d2a0101 0a1b1d1c10040141", "1d284c0600 3043 4142 0101",
    "1d384c 04000000 30020a1b", "1d6b02 34303036333831333333393331 00", "1d6b4903 0a1b1d",
    "1d6b6100 01 0200 4142", "1d286b0300 315130", "1d433b 313b 323b 333b 343b 353b",
    "1d5e000000", "1d7c04", "100401", "100407 01", "100500", "10140100 05", "101403 0000000000",
    "1f1b1f91004950c0a80101", "1254",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_exactly_as_long_as_its_manual_says(command):
    raw = b"before\n" + bytes.fromhex(command) + b"after\n"
    assert texts(raw) == ["before", "after"]
    assert doubts(raw) == []
    assert [at for at in range(len(raw)) if pieces(raw, at) != decode(raw)] == []


@pytest.mark.parametrize(
    ("dialect", "command"),
    [
        ("sprt", "1b5701"),
        ("sprt", "1b4b0200 0a1b"),
        ("gprinter", "1b430202 05"),
        ("gprinter", "1b7100 3232"),
        ("zkc", "1b4303 0205"),
        ("star", "1b1e4600"),
        ("star", "1b1d7400"),
        ("star", "1b1d53000100020000 0a1b"),
        ("star", "1b2400"),
        ("star", "1b62063231 3041 421e"),
        ("star", "1b690101"),
        ("star", "1b4b0200 0a1b"),
        ("star", "1b1d7944310002000a1b"),
    ],
)
def test_a_dialect_has_its_own_lengths(dialect, command):
    raw = b"before\n" + bytes.fromhex(command) + b"after\n"
    assert texts(raw, dialect) == ["before", "after"]


def test_a_real_time_status_request_between_two_halves_of_a_character_is_transparent():
    raw = "合计".encode("gb18030")
    assert texts(raw[:1] + b"\x10\x04\x01" + raw[1:] + b"  12.00\n") == ["合计  12.00"]


def test_bytes_that_look_like_commands_inside_a_payload_are_payload():
    raw = b"\x1dv0\x00\x02\x00\x02\x00\x0a\x10\x04\x1bafter the picture\n"
    (picture,) = [each for each in decode(raw) if isinstance(each, Picture)]
    assert (picture.width, picture.rows, picture.bits) == (16, 2, b"\x0a\x10\x04\x1b")
    assert texts(raw) == ["after the picture"]


def test_column_graphics_become_rows():
    raw = b"\x1b*\x01\x09\x00" + bytes([0x80, 0x40, 0x20, 0x10, 8, 4, 2, 1, 0xFF]) + b"\n"
    (picture,) = [each for each in decode(raw) if isinstance(each, Picture)]
    assert (picture.width, picture.rows) == (9, 8)
    assert picture.bits[:4] == bytes([0b10000000, 0b10000000, 0b01000000, 0b10000000])


def test_stored_graphics_appear_when_they_are_printed():
    body = b"\x30\x70\x30\x01\x01\x31\x08\x00\x02\x00\xf0\x0f"
    store = b"\x1d(L" + len(body).to_bytes(2, "little") + body
    assert not [each for each in decode(store) if isinstance(each, Picture)]
    (picture,) = [
        each for each in decode(store + b"\x1d(L\x02\x00\x30\x32") if isinstance(each, Picture)
    ]
    assert (picture.width, picture.rows, picture.bits) == (8, 2, b"\xf0\x0f")


@pytest.mark.parametrize(
    ("raw", "symbology", "text"),
    [
        (b"\x1d(k\x06\x001P0abc\x1d(k\x03\x001Q0", "qr", "abc"),
        (b"\x1dka\x00\x03\x03\x00abc", "qr", "abc"),
        (b"\x1bZ\x00\x03\x03\x03\x00abc", "qr", "abc"),
        (b"\x1dk\x02400638133393\x00", "ean13", "400638133393"),
        (b"\x1dkI\x05{B123", "code128", "{B123"),
    ],
)
def test_codes_keep_their_content(raw, symbology, text):
    (code,) = [each for each in decode(raw + b"\n") if isinstance(each, Code)]
    assert (code.symbology, code.text) == (symbology, text)


def test_styles_follow_the_text_they_are_on():
    raw = b"\x1ba\x01\x1d!\x11\x1bE\x01Big\x1d!\x00\x1bE\x00 small\n"
    (line,) = [each for each in decode(raw) if isinstance(each, Line)]
    assert line.align is Align.CENTRE
    assert [(run.text, run.column, run.style) for run in line.runs] == [
        ("Big", 0, Style(width=2, height=2, bold=True)),
        (" small", 6, Style()),
    ]


def test_reset_ends_every_style():
    raw = b"\x1d!\x11\x1ba\x02\x1b-\x01a\n\x1b@b\n"
    last = [each for each in decode(raw) if isinstance(each, Line)][-1]
    assert (last.align, last.runs[0].style) == (Align.LEFT, Style())


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Item\tQty\tRM\n", "Item    Qty     RM"),
        (b"\x1bD\x0a\x14\x00Item\tQty\tRM\n", "Item      Qty       RM"),
        (b"Item\x1b$\x78\x00Qty\n", "Item      Qty"),
        (b"\x1b$\x78\x00Qty\x1b$\x00\x00Item\n", "Item      Qty"),
        (b"Total\x1b$\x00\x00Total\n", "Total"),
        (b"a\x1b\\\x18\x00b\n", "a  b"),
        ("合计".encode("gb18030") + b"\x1b$\x78\x00x\n", "合计      x"),
    ],
)
def test_positions_become_columns(raw, text):
    assert texts(raw) == [text]


def test_page_mode_is_read_from_top_to_bottom():
    raw = b"\x1bL\x1d$\x64\x00second\x1d$\x1e\x00first\x1b$\xf0\x00right\x0cafter\n"
    assert texts(raw) == ["first               right", "second", "after"]


def test_text_for_the_customer_display_is_not_on_the_paper():
    assert texts(b"\x1b=\x02\x0c TOTAL 12.00\x1b=\x01paper\n") == ["paper"]


def test_a_cancelled_line_is_dropped():
    elements = decode(b"printed\nhalf a line\x10\x05\x02after it\n")
    assert [each.text for each in elements if isinstance(each, Line)] == ["printed", "after it"]
    assert any(isinstance(each, Aborted) for each in elements)


def test_cuts_feeds_and_drawer_pulses_are_told():
    elements = decode(b"text\n\x1bd\x05\x1bJ\x20\x1dV\x42\x00\x1bp\x00\x19\x19")
    told = [each for each in elements if isinstance(each, Feed | Cut | Drawer)]
    assert [type(each) for each in told] == [Feed, Feed, Cut, Drawer]
    assert told[2] == Cut(partial=True, offset=11, end=15)


def test_a_macro_prints_again_what_it_recorded():
    assert texts(b"\x1d:line\n\x1d:\x1d^\x02\x00\x00") == ["line", "line", "line"]


def test_a_macro_that_runs_for_ever_is_stopped():
    raw = b"\x1d:x\n\x1d:" + b"\x1d^\xff\x00\x00" * 50
    assert len(texts(raw)) < 200
    assert "macro" in doubts(raw)


def test_a_garbled_stream_is_in_step_again_after_the_doubt():
    raw = b"\x1b\xff\x1d\xfe\x02\x03text\n"
    assert texts(raw) == ["text"]
    assert doubts(raw) == ["unknown_command"] * 2 + ["control_in_text"] * 2


def test_an_element_tells_where_its_bytes_stood():
    raw = b"\x1b@one\ntwo\n\x1dV\x00"
    lines = [each for each in decode(raw) if isinstance(each, Line)]
    assert [raw[line.offset : line.end] for line in lines] == [b"one\n", b"two\n"]


def test_a_huge_announced_picture_is_counted_and_not_kept():
    raw = b"a\n\x1d8L\xff\xff\xff\x7f" + b"0p0\x01\x011" + bytes(1000)
    elements = decode(raw + b"\x1b@b\n")
    assert [each.text for each in elements if isinstance(each, Line)] == ["a"]
    assert [each.code for each in elements if isinstance(each, Doubt)] == ["truncated"]


def test_a_line_without_end_is_folded():
    assert [len(text) for text in texts(b"x" * 10_000 + b"\n")] == [4096, 4096, 1808]


@pytest.mark.parametrize(
    "head", [b'SIZE 40 mm,30 mm\r\nTEXT 1,1,"3",0,1,1,"9.90"\r\n', b"^XA^FO50,50^FDx^FS^XZ"]
)
def test_a_label_language_is_no_paper(head):
    elements = decode(head + b"\x00" * 20)
    assert [each.code for each in elements if isinstance(each, Doubt)] == ["label"]
    assert not any(isinstance(each, Line) for each in elements)


@pytest.mark.parametrize("fill", [b"\x00", b"\x01", b"0", b"P", b"\xff"])
@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_every_command_of_every_dialect_is_carried_out(dialect, fill):
    for key in DIALECTS[dialect].rules:
        decode(b"text\n" + key + fill * 40 + b"\n", dialect)


@given(st.binary(max_size=400))
def test_any_bytes_decode_the_same_in_one_piece_and_in_two(raw):
    at = len(raw) // 2
    assert pieces(raw, at) == decode(raw)


@given(st.randoms(use_true_random=False))
def test_a_damaged_job_never_breaks_the_decoder(chance: random.Random):
    raw = bytearray(jobs_of("06_cinema_58")["gb18030, native codes"])
    for _ in range(chance.randrange(1, 12)):
        at = chance.randrange(len(raw))
        if chance.random() < 0.5:
            raw[at] = chance.randrange(256)
        else:
            del raw[at : at + chance.randrange(1, 8)]
    at = chance.randrange(len(raw))
    assert pieces(bytes(raw), at) == decode(bytes(raw))


@given(st.lists(st.sampled_from("\x1b\x1c\x1d\x10\x12\x1f\x00\n\r\t\x0c0Lk(8v*D!p"), max_size=80))
def test_command_soup_never_breaks_the_decoder(soup):
    raw = "".join(soup).encode("latin-1")
    assert pieces(raw, len(raw) // 3) == decode(raw)


LOOKS = [
    b"\x1b!\x30", b"\x1b!\x88", b"\x1bE\x01", b"\x1bE\x00", b"\x1ba\x01", b"\x1ba\n", b"\x1d!\x11",
    b"\x1d!\x00", b"\x1c!\x0c", b"\x1dB\r", b"\x1bM\x1b", b"\x1b{0", b"\x1bi\x01\x01", b"\x1bF",
    b"\x1b\x1da\x02", b"\x1bW1",
]  # fmt: skip
PIECES = [
    *(each.encode("gb18030") for each in ("合计", "茶 ", "㐂", "é")),
    b"12.50",
    b" ",
    b"\xc4" * 9,
]
ENDS = [b"\n", b"\r\n", b"\t", b"\x1b$\x40\x00", b"\x1bd\x01", b"\xd0", b"x" * 300]


@given(
    st.lists(st.sampled_from([*PIECES, *PIECES, *LOOKS, *ENDS, b"\n"]), max_size=60),
    st.sampled_from(["epson", "sprt", "star"]),
)
def test_lines_with_looks_inside_are_the_same_as_their_bytes_one_by_one(parts, dialect):
    raw = b"\x1b@" + b"".join(parts)
    decoder = Decoder(dialect)
    single = [element for at in range(len(raw)) for element in decoder.feed(raw[at : at + 1])]
    assert single + decoder.close() == decode(raw, dialect)


def test_a_percent_sign_beside_arabic_text_is_the_same_wherever_the_line_was_cut():
    raw = b"\x1b@\x1bt\x25" + "ﺱ 5%\n10%\n".encode("cp864", "replace").replace(b"?", b"\xd3") * 9
    whole = decode(raw)
    assert [at for at in range(len(raw)) if pieces(raw, at) != whole] == []


def test_rows_of_star_raster_make_one_picture_however_they_arrive():
    chance = random.Random(11)
    wide = [chance.randbytes(48) for _ in range(600)]
    narrow = [chance.randbytes(20) for _ in range(3)]
    rows = (b"b" + len(row).to_bytes(2, "little") + row for row in [*wide, *narrow])
    raw = b"\x1b*rA" + b"".join(rows) + b"\x1b*rB"
    whole = decode(raw)
    pictures = [each for each in whole if isinstance(each, Picture)]
    assert [(each.width, each.rows) for each in pictures] == [(384, 512), (384, 88), (160, 3)]
    assert b"".join(each.bits for each in pictures) == b"".join([*wide, *narrow])
    for _ in range(40):
        cuts = sorted(chance.randrange(len(raw)) for _ in range(3))
        assert pieces(raw, *cuts) == whole


@pytest.mark.parametrize(("number", "codec"), [(27, "cp1252"), (25, "cp858"), (59, "cp437")])
def test_a_page_number_of_a_clone_is_read_by_the_letters_it_makes(number, codec):
    text = "Café crème 5.00 £" if codec == "cp437" else "Café crème 5.00 €"
    raw = b"\x1b@\x1bt" + bytes([number]) + f"{text}\n".encode(codec)
    assert texts(raw) == [text]
