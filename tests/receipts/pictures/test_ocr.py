"""OCR's words become lines, arithmetic rules over them, and image files are read like paper."""

from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageFilter

from receipts.pictures.files import is_image, load
from receipts.pictures.ocr import Ocr, Word, engine, lines_of, read_page
from receipts.pictures.page import Page
from receipts.reading import Reading, paper_of_picture, read_job, read_papers
from receipts.text.glued_words import parted
from tests.receipts.raster import (
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
COLUMN = 12.0

needs_ocr = pytest.mark.skipif(
    engine() is None, reason="the extra tillpoints[ocr] (rapidocr, onnxruntime) is not installed"
)


def word(text: str, x: float, y: float, score: float = 0.99, slope: float = 0.0) -> Word:
    width = COLUMN * sum(1 if char.isascii() else 2 for char in text)
    return Word(text, score, x, y, width, 24, slope)


def codes(reading: Reading) -> list[str]:
    return [why.code for why in reading.why]


def texts(*words: Word) -> list[str]:
    return [line.text for line in lines_of(list(words))]


# -- words and lines -----------------------------------------------------------------------------


def test_words_at_one_height_are_one_line_with_the_blanks_between_them():
    found = texts(word("98.00", 320, 101), word("鱼", 0, 98), word("5.00", 320, 130))
    assert found == [
        "鱼" + " " * 25 + "98.00",
        " " * 27 + "5.00",
    ]


def test_a_tilted_photograph_is_set_straight_by_the_slope_of_its_words():
    tilted = [
        word("TOTAL DUE", 0, 100, slope=0.1),
        word("46.00", 300, 130, slope=0.1),
        word("CASH PAID", 0, 130, slope=0.1),
        word("50.00", 300, 160, slope=0.1),
    ]
    assert [" ".join(text.split()) for text in texts(*tilted)] == [
        "TOTAL DUE 46.00",
        "CASH PAID 50.00",
    ]


def test_words_that_overlap_are_never_one_line():
    assert len(texts(word("上面一行", 0, 100), word("下面一行", 0, 108))) == 2


@pytest.mark.parametrize(
    ("glued", "apart"),
    [
        ("146.0046.00", "146.00 46.00"),
        ("8.9017.80-3.00", "8.90 17.80 -3.00"),
        ("1299.00", "1299.00"),
        ("0.486", "0.486"),
        ("日期:2025-11-0819:27:55", "日期:2025-11-08 19:27:55"),
        ("09/11/202513:05", "09/11/2025 13:05"),
        ("合计: ￥ 1 2 8 . 0 0", "合计: ￥ 128.00"),
        ("3 * 1 6. 0 0 4 8. 0 0", "3 * 16.00 48.00"),
        ("茶 2 1 30.00", "茶 2 1 30.00"),
        ("AMOUNTPAYABLE   50.00", "AMOUNT PAYABLE   50.00"),
        ("InvoiceDate:8/11/2025", "Invoice Date:8/11/2025"),
        ("SUBTOTAL 50.00", "SUBTOTAL 50.00"),
        ("CASHEWNUTS 50.00", "CASHEWNUTS 50.00"),
    ],
)
def test_what_was_run_together_is_parted(glued, apart):
    assert parted(glued) == apart


def test_a_long_page_is_read_in_slices_that_cut_no_line():
    page = Page(8, (b"\xff" * 24 + bytes(6)) * 100)
    tall: list[int] = []

    def ocr(image: bytes) -> list[Word]:
        with Image.open(BytesIO(image)) as picture:
            tall.append(picture.height)
        return [word("x", 0, 5)]

    lines = read_page(page, ocr)
    assert sum(tall) == page.height == 3000
    assert all(height <= 1400 for height in tall)
    assert [line.centre for line in lines] == [5, *(5 + sum(tall[:at]) for at in (1, 2))]
    assert all(
        page.bits[sum(tall[:at])] == 0 or page.bits[sum(tall[:at]) - 1] == 0 for at in (1, 2)
    )


# -- what OCR says is only believed with sums ----------------------------------------------------


def said(*lines: str, score: float = 0.99) -> Ocr:
    """An OCR that says these lines, at the heights where the page of `CASE` has its lines."""
    bands = range(6, 500, 26)
    words = [word(line, 0, top, score) for line, top in zip(lines, bands, strict=False)]
    return lambda _: words


PAID = ("某某小店", "销售小票", "", "单号:A17", "时间:2025-11-08 10:00:00", "")


def read_as(*lines: str, score: float = 0.99) -> Reading:
    page = Image.new("L", (900, 1200), 128)
    out = BytesIO()
    page.save(out, "JPEG")
    paper = paper_of_picture(out.getvalue(), ocr=said(*PAID, *lines, score=score))
    (reading,) = read_papers([paper])
    return reading


def test_two_sums_that_agree_award_what_ocr_read():
    reading = read_as("茶  30.00", "饭  20.00", "合计  50.00", "现金  60.00", "找零  10.00")
    assert (reading.owed_fen, reading.decision) == (5000, "award")
    assert reading.confidence < 0.8


def test_one_sum_is_not_enough_for_what_ocr_read():
    reading = read_as("应付  50.00", "现金  60.00", "找零  10.00")
    assert (reading.owed_fen, reading.decision, codes(reading)[0]) == (5000, "review", "one_check")


def test_a_word_for_another_kind_of_paper_counts_wherever_ocr_saw_it():
    sums = ("茶  30.00", "饭  20.00", "合计  50.00", "现金  60.00", "找零  10.00")
    reading = read_as(*sums, "号本单已作废因故请看背面说明 ￥￥")
    assert (reading.decision, codes(reading)[0]) == ("review", "contradiction")


def test_letters_that_ocr_was_unsure_of_send_the_paper_to_a_person():
    reading = read_as("茶  30.00", "饭  20.00", "合计  50.00", "现金  50.00", score=0.4)
    assert (reading.decision, codes(reading)[0]) == ("review", "lost_text")


def test_ink_that_ocr_passed_over_sends_the_paper_to_a_person():
    """The line that was not read could be the word refund."""
    lines = text_of(CASE).splitlines()
    lines[1] = ""
    words = [word(line.strip(), 0, at * 26 + 12) for at, line in enumerate(lines) if line.strip()]
    (reading,) = read_job(job_of(CASE), ocr=lambda _: words)
    assert (reading.decision, codes(reading)[0]) == ("review", "unread_ink")


def test_lines_that_the_dictionary_knows_are_taken_from_it_and_not_from_ocr():
    template = template_of(shop_of(CASE))
    new = "raster_escpos_raster_58_zh_4"
    lines = text_of(new).splitlines()
    misread = [line.replace("8", "6").strip() for line in lines]
    words = [word(line, 0, at * 26 + 12) for at, line in enumerate(misread) if line.strip("- ")]
    (reading,) = read_job(job_of(new), template=template, ocr=lambda _: words)
    assert told(reading)["total"] == expected_of(new)["total"]
    assert told(reading)["time"] == expected_of(new)["time"]


# -- image files ---------------------------------------------------------------------------------


def picture_of(page: Page) -> Image.Image:
    white = bytes(255 - byte for byte in page.bits)
    return Image.frombytes("1", (page.width, page.height), white)


def saved(picture: Image.Image, form: str = "PNG", **options: int) -> bytes:
    out = BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "GIF", "WEBP"])
def test_a_saved_page_is_the_page_itself(form):
    page = page_of_case(CASE)
    raw = saved(picture_of(page).convert("L"), form, **({"lossless": 1} if form == "WEBP" else {}))
    assert is_image(raw)
    assert load(raw) == page


@pytest.mark.parametrize("shop", shop_names())
def test_a_saved_page_reads_like_the_print(shop):
    case = f"raster_{shop}_1"
    raw = saved(picture_of(page_of_case(case)))
    template = template_of(shop)
    (reading,) = read_papers([paper_of_picture(raw, template=template)], template=template)
    (printed,) = read_job(job_of(case), template=template)
    assert reading == printed


def test_transparent_paper_is_white():
    page = page_of_case(CASE)
    ink = picture_of(page).convert("L").point(lambda level: 255 - level)
    clear = Image.merge("LA", (Image.new("L", ink.size, 0), ink))
    assert load(saved(clear)) == page


def test_a_photograph_without_ocr_goes_to_a_person():
    raw = saved(photograph(page_of_case(CASE), 0), "JPEG", quality=70)
    (reading,) = read_papers([paper_of_picture(raw)])
    assert (reading.decision, codes(reading)) == ("review", ["picture_only"])


@pytest.mark.parametrize("raw", [b"\x89PNG\r\n\x1a\n" + bytes(40), b"\xff\xd8\xff", b"BM" * 9])
def test_a_damaged_image_is_refused(raw):
    with pytest.raises(ValueError, match="damaged picture"):
        load(raw)


def test_a_photograph_on_which_nothing_makes_sense_is_never_just_ignored():
    upside_down = [word("AVd OL LNNOWV", 0, 0), word("SL'89 HSVO", 0, 40)]
    image = saved(Image.new("L", (1200, 900), 200), "PNG")
    (reading,) = read_papers([paper_of_picture(image, ocr=lambda _image: upside_down)])
    assert (reading.decision, codes(reading)[0]) == ("review", "lost_text")


# -- with the extra ------------------------------------------------------------------------------


def photograph(page: Page, angle: float) -> Image.Image:
    """The paper on a dark table, tilted, out of focus and badly lit."""
    paper = Image.new("L", (page.width + 120, page.height + 160), 250)
    paper.paste(picture_of(page).convert("L"), (60, 80))
    large = paper.resize((paper.width * 17 // 10, paper.height * 17 // 10))
    dim = large.point([40 + level * 78 // 100 for level in range(256)])
    tilted = dim.rotate(angle, expand=True, fillcolor=70, resample=Image.Resampling.BICUBIC)
    soft = tilted.filter(ImageFilter.GaussianBlur(1.2))
    light = Image.linear_gradient("L").resize(soft.size)
    return ImageChops.multiply(soft, light.point([150 + level * 4 // 10 for level in range(256)]))


@needs_ocr
@pytest.mark.parametrize("case", [case for case in raster_names() if case.endswith(("1", "4"))])
def test_ocr_reads_a_raster_job(case):
    (reading,) = read_job(job_of(case), ocr=engine())
    assert (told(reading), reading.decision) == (expected_of(case), "award")


@needs_ocr
@pytest.mark.parametrize("angle", [0, 2.5, -6])
@pytest.mark.parametrize("shop", shop_names())
def test_a_photograph_gives_the_same_facts_as_the_print(shop, angle):
    case = f"raster_{shop}_2"
    raw = saved(photograph(page_of_case(case), angle), "JPEG", quality=70)
    (reading,) = read_papers([paper_of_picture(raw, ocr=engine())])
    assert told(reading) == expected_of(case)
