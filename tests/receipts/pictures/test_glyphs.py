"""Glyphs read by a shop's dictionary are exact or unknown, and digits must be proved."""

import pytest
from msgspec import structs

from receipts.lessons import Lesson, taught
from receipts.pictures.as_text import paper_of_page
from receipts.pictures.glyph_lessons import lay, learn, pair
from receipts.pictures.glyph_proof import is_proved
from receipts.pictures.glyphs import UNKNOWN, Band, Cell, Glyphs, Mark, bands_of, cell_key, read
from receipts.pictures.page import Page
from receipts.reading import Reading, read_job, read_text
from receipts.templates import Template
from tests.receipts.raster import (
    LAST,
    expected_of,
    job_of,
    page_of_case,
    raster_names,
    shop_names,
    shop_of,
    template_of,
    text_of,
    told,
)

CASE = "raster_escpos_raster_58_zh_1"
#: The shop whose last receipt has goods that the others had not.
NEW_GOODS = "escpos_raster_58_zh"


def glyphs_of(shop: str) -> Glyphs:
    glyphs = template_of(shop).glyphs
    assert glyphs is not None
    return glyphs


def only(case: str, template: Template) -> Reading:
    (reading,) = read_job(job_of(case), template=template)
    return reading


def codes(reading: Reading) -> list[str]:
    return [why.code for why in reading.why]


@pytest.mark.parametrize("case", raster_names())
def test_a_picture_is_read_by_what_other_receipts_of_its_shop_taught(case):
    reading = only(case, template_of(shop_of(case)))
    assert told(reading) == expected_of(case)
    new = shop_of(case) == NEW_GOODS and case.endswith(LAST)
    assert reading.decision == ("review" if new else "award")


@pytest.mark.parametrize("shop", shop_names())
def test_a_dictionary_reads_back_every_word_it_was_taught(shop):
    for number in "123":
        case = f"raster_{shop}_{number}"
        lines = [line.split() for line in text_of(case).splitlines() if line.strip("- ")]
        bands = bands_of(page_of_case(case))
        assert [read(band, glyphs_of(shop)).text().split() for band in bands] == lines


@pytest.mark.parametrize("shop", shop_names())
def test_one_blank_between_words_is_read_as_one(shop):
    case = f"raster_{shop}_1"
    lines = [line.strip() for line in text_of(case).splitlines() if line.strip("- ")]
    texts = [read(band, glyphs_of(shop)).text() for band in bands_of(page_of_case(case))]
    words = [at for at, line in enumerate(lines) if "  " not in line]
    assert len(words) > 4
    assert [texts[at].strip() for at in words] == [lines[at] for at in words]


def test_an_unknown_glyph_is_never_guessed_and_sends_the_paper_to_a_person():
    reading = only(f"raster_{NEW_GOODS}_{LAST}", template_of(NEW_GOODS))
    assert any(UNKNOWN in line for line in reading.lines)
    assert (reading.decision, codes(reading)[0]) == ("review", "unknown_glyphs")


def test_an_unknown_digit_in_an_amount_sends_the_paper_to_a_person():
    template = template_of(shop_of(CASE))
    glyphs = glyphs_of(shop_of(CASE))
    digit = expected_of(CASE)["total"][0]
    cells = {key: cell for key, cell in glyphs.cells.items() if cell.text != digit}
    without = structs.replace(template, glyphs=structs.replace(glyphs, cells=cells))
    assert only(CASE, without).decision == "review"


def test_a_mark_seen_as_two_characters_teaches_nothing():
    page = page_of_case(CASE)
    lines = text_of(CASE).splitlines()
    false = [line.replace("8", "6") for line in lines]
    glyphs = learn([*pair(bands_of(page), lines), *pair(bands_of(page), false)])
    texts = {cell.text for cell in glyphs.cells.values()}
    assert "8" not in texts
    assert "5" in texts


def test_a_later_contradiction_takes_a_character_out_of_the_dictionary():
    page = page_of_case(CASE)
    lines = text_of(CASE).splitlines()
    glyphs = learn(pair(bands_of(page), lines))
    false = [line.replace("8", "6") for line in lines]
    again = learn(pair(bands_of(page), false), glyphs)
    assert "8" not in {cell.text for cell in again.cells.values()}


def test_lines_that_do_not_match_the_page_teach_nothing():
    assert pair(bands_of(page_of_case(CASE)), ["only", "two lines"]) == []


@pytest.mark.parametrize("case", raster_names()[::4])
def test_a_logo_does_not_shift_the_lines_below_it(case):
    bands = bands_of(page_of_case(case))
    lines = [line for line in text_of(case).splitlines() if line.strip("- ")]
    logo = structs.replace(bands[5], top=bands[0].top - 60)
    lessons = pair([logo, *bands], lines)
    assert lessons == list(zip(bands, lines, strict=True))


def test_a_logo_of_confirmed_receipts_is_passed_over_and_another_is_not():
    shop = "npm_column_58_zh"

    def headed(number: str, logo: bytes) -> Page:
        page = page_of_case(f"raster_{shop}_{number}")
        rows = [(logo * page.stride)[at : at + page.stride] for at in range(40)]
        return structs.replace(page, bits=b"".join(rows) + bytes(page.stride * 20) + page.bits)

    lessons = [
        Lesson(read_text(text_of(f"raster_{shop}_{each}"))[0], headed(each, b"\x0f\x33\x55"))
        for each in "123"
    ]
    glyphs = taught(Template(shop=shop), lessons, "ymd").glyphs
    assert glyphs is not None
    same, other = (
        paper_of_page(headed(LAST, logo), glyphs, None)
        for logo in (b"\x0f\x33\x55", b"\x0f\x31\x05")
    )
    assert [same.read_by, same.doubts] == ["glyphs", ()]
    assert [doubt.code for doubt in other.doubts] == ["unknown_glyphs"]


def test_a_lesson_that_reads_back_otherwise_is_not_learnt():
    """The text beside the page is another receipt's of the same shop."""
    other = read_text(text_of("raster_escpos_raster_58_zh_2"))[0]
    page = page_of_case("raster_escpos_raster_58_zh_1")
    assert taught(Template(shop="shop"), [Lesson(other, page)], "ymd").glyphs is None


# -- a page drawn here, dot by dot ---------------------------------------------------------------


def drawn(*art: str) -> Page:
    """A page of 16 dots: each row of the picture is a row of dots."""
    bits = ("".join("1" if dot == "#" else "0" for dot in row.ljust(16)) for row in art)
    return Page(16, b"".join(int(row, 2).to_bytes(2, "big") for row in bits))


ONE = ["  #", " ##", "  #", "  #", "  #", "  #", "  #", "  #"]
TWO_ROWS = [*ONE, "", "", "", "", "", "", *ONE]


def test_lines_are_parted_by_blank_rows_and_marks_by_blank_columns():
    (band,) = bands_of(drawn(*(f"{row.ljust(4)}{row}" for row in ONE)))
    assert (band.top, band.bottom, len(band.marks)) == (0, 8, 2)
    assert band.marks[0].key == band.marks[1].key
    assert len(bands_of(drawn(*TWO_ROWS))) == 2


def test_the_same_ink_high_and_low_on_its_line_are_two_marks():
    tall = ["#"] * 12
    high, low = [*tall], [*tall]
    high[1] = low[10] = "#  ##"
    keys = [bands_of(drawn(*art))[0].marks[1].key for art in (high, low)]
    assert keys[0] != keys[1]


def test_rules_bars_and_drawings_are_no_text():
    assert bands_of(drawn("# # # # # # # #", "# # # # # # # #")) == []
    bars = ["# # ## # # # ##"] * 40
    assert bands_of(drawn(*bars)) == []
    assert bands_of(drawn(*(["#" + " " * (at % 7) + "#" for at in range(90)]))) == []


def test_a_character_of_several_marks_is_known_by_the_dots_between_them():
    def band(*xs: int) -> Band:
        return Band(0, 20, tuple(Mark(x, x + 4, "ink", solid=False) for x in xs))

    near, far = band(0, 8), band(0, 9)
    glyphs = Glyphs(20, 8, {cell_key(near.marks): Cell("八")})
    assert read(near, glyphs).text() == "八"
    assert read(far, glyphs).text() == UNKNOWN * 2


def test_characters_that_touch_are_laid_over_one_mark():
    widths = [(0, 9), (12, 21), (24, 44)]  # the third is as wide as two characters
    band = Band(0, 18, tuple(Mark(x, end, f"{end - x}", solid=False) for x, end in widths))
    assert [each.text for each in lay(band, "A BCD", 20, {})] == ["A", "B", "CD"]
    assert lay(band, "much too long for this", 20, {}) == []


def test_digits_that_no_sum_distinguishes_are_not_believed():
    """17.00 paid by 17.00 might as well be 71.00 paid by 71.00."""
    shop = shop_of(CASE)
    glyphs = glyphs_of(shop)
    keys = {cell.text: key for key, cell in glyphs.cells.items()}
    reads = [read(band, glyphs) for band in bands_of(page_of_case(CASE))]
    line = next(each for each in reads if each.text().startswith("应付"))
    by_text = {glyph.text: glyph for glyph in line.glyphs}

    def written(text: str) -> object:
        marks = tuple(
            structs.replace(by_text["付"], text=char, key=keys.get(char, char), blanks=0)
            for char in text
        )
        return structs.replace(line, glyphs=marks)

    lines = (written("茶 17.00"), written("应付: 17.00"), written("现金: 17.00"))
    assert not is_proved(lines, glyphs, ())
    assert is_proved(lines, glyphs, template_of(shop).examples)
