"""A shop's template helps the reader, and no template, however wrong, makes a wrong award."""

import json
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec import structs

from receipts.lessons import Lesson, taught, teaches
from receipts.pictures.glyphs import Cell
from receipts.reading import Reading, read_job, read_text
from receipts.templates import Template, load, path_of, save
from tests.receipts.jobs import text_of as sample
from tests.receipts.raster import (
    LAST,
    expected_of,
    job_of,
    raster_names,
    shop_of,
    template_of,
    text_of,
    told,
)
from tillpoints.commands.read import command

LASTS = [case for case in raster_names() if case.endswith(LAST)]
SAMPLE = "01_restaurant_checkout_58"
PAPER = (
    "某某小店\n销售小票\n单号:A0017  台号:B0003\n时间:2025-11-08 12:00:00\n"
    "茶  30.00\n饭  20.00\n合计  50.00\n现金  60.00\n找零  10.00\n"
)


def only(readings: list[Reading]) -> Reading:
    (reading,) = readings
    return reading


def codes(reading: Reading) -> list[str]:
    return [why.code for why in reading.why]


def learnt(*papers: str, order: str = "ymd") -> Template:
    lessons = [Lesson(only(read_text(paper, date_order=order))) for paper in papers]
    return taught(Template(shop="shop"), lessons, order)


# -- what a template learns and how it helps -----------------------------------------------------


def test_confirmed_receipts_teach_labels_number_and_heading():
    template = learnt(PAPER, PAPER.replace("A0017", "A123"))
    assert template == Template(
        shop="shop",
        papers=2,
        header=("某某小店",),
        number_labels=("单号",),
        number_pattern=r"A\d+",
        time_labels=("时间",),
        currency="CNY",
        columns=22,
    )


def test_a_paper_that_arithmetic_does_not_confirm_teaches_nothing():
    paper = PAPER.replace("现金  60.00", "现金  61.00")
    assert not teaches(only(read_text(paper)))
    assert learnt(paper) == Template(shop="shop")


def test_a_refund_is_not_a_shop_s_usual_receipt_and_teaches_nothing():
    refund = only(read_text(sample("09_refund_80")))
    assert refund.decision == "award"
    assert not teaches(refund)


def test_the_taught_label_tells_the_number_among_others():
    paper = PAPER.replace("单号:A0017  台号:B0003", "订单号:B0003\n流水:A0017")
    other = only(read_text(paper))
    template = structs.replace(learnt(PAPER), number_labels=("流水",))
    assert (other.number, only(read_text(paper, template=template)).number) == ("B0003", "A0017")


def test_a_taught_time_label_tells_the_time_among_others():
    paper = PAPER.replace("时间:", "交易:2025-11-08 13:00:00\n开单:")
    template = structs.replace(learnt(PAPER), time_labels=("开单",))
    assert only(read_text(paper, template=template)).printed_at == "2025-11-08T12:00:00"


def test_the_date_order_is_learnt_from_dates_that_need_one():
    paper = PAPER.replace("2025-11-08", "08/11/25")
    assert learnt(paper, order="dmy").date_order == "dmy"
    assert learnt(PAPER, order="dmy").date_order is None


def test_a_heading_that_is_not_the_shop_s_sends_the_paper_to_a_person():
    template = learnt(PAPER)
    other = only(read_text(PAPER.replace("某某小店", "隔壁超市")))
    asked = only(read_text(PAPER.replace("某某小店", "隔壁超市"), template=template))
    assert (other.decision, asked.decision) == ("award", "review")
    assert codes(asked)[0] == "other_layout"


def test_a_heading_with_one_character_misread_is_spelt_as_taught():
    template = learnt(PAPER.replace("某某小店", "湖畔小店总店"))
    paper = PAPER.replace("某某小店", "湖衅小店总店")
    assert only(read_text(paper, template=template)).merchant == "湖畔小店总店"


def test_a_taught_label_suggests_an_amount_that_is_not_awarded():
    paper = "某某小店\n销售小票\n单号:A1\n2025-11-08 10:00:00\n合计  88.00\n应付  80.00\n"
    template = structs.replace(learnt(PAPER), owed_labels=("合计",))
    suggested = only(read_text(paper, template=template))
    assert (suggested.owed_fen, suggested.decision) == (8800, "review")


# -- wrong templates -----------------------------------------------------------------------------


def is_wrong_award(case: str, reading: Reading) -> bool:
    return reading.decision == "award" and told(reading)["total"] != expected_of(case)["total"]


def with_digits(template: Template, changed: dict[str, str], *, examples: bool) -> Template:
    assert template.glyphs is not None
    cells = {
        key: Cell(changed.get(cell.text, cell.text), cell.left, cell.right)
        for key, cell in template.glyphs.cells.items()
    }
    glyphs = structs.replace(template.glyphs, cells=cells)
    return structs.replace(template, glyphs=glyphs, examples=template.examples if examples else ())


@pytest.mark.parametrize("examples", [True, False])
@pytest.mark.parametrize("case", LASTS)
def test_a_dictionary_with_two_digits_exchanged_makes_no_wrong_award(case, examples):
    template = template_of(shop_of(case))
    for one, two in combinations("0123456789", 2):
        poisoned = with_digits(template, {one: two, two: one}, examples=examples)
        reading = only(read_job(job_of(case), template=poisoned))
        assert not is_wrong_award(case, reading), (one, two)


@pytest.mark.parametrize("case", LASTS)
def test_a_dictionary_with_one_digit_taken_for_another_makes_no_wrong_award(case):
    template = template_of(shop_of(case))
    for one, two in combinations("0123456789", 2):
        poisoned = with_digits(template, {one: two}, examples=False)
        reading = only(read_job(job_of(case), template=poisoned))
        assert not is_wrong_award(case, reading), (one, two)


@pytest.mark.parametrize(
    "poison",
    [
        {"owed_labels": ("小计", "品名", "会员优惠")},
        {"number_labels": ("桌号",), "number_pattern": r"[A-Z]\d+"},
        {"number_labels": ("开台", "会员"), "number_pattern": ".*"},
        {"time_labels": ("开台",)},
        {"header": ("禾鹿",)},
        {"currency": "JPY", "dialect": "star"},
    ],
)
def test_wrong_hints_change_no_amount_that_arithmetic_supports(poison):
    text = sample(SAMPLE)
    template = structs.replace(learnt(text), **poison)
    reading = only(read_text(text, template=template))
    assert reading.owed_fen == 21400


def test_a_wrong_label_does_not_award_what_the_sums_contradict():
    text = sample(SAMPLE).replace(
        "现金实收                  220.00", "现金实收                  320.00"
    )
    template = structs.replace(learnt(sample(SAMPLE)), owed_labels=("小计",))
    reading = only(read_text(text, template=template))
    assert reading.decision == "review"


# -- files and the command -----------------------------------------------------------------------


def test_a_template_is_the_same_after_a_file(tmp_path):
    template = template_of(shop_of(LASTS[0]))
    path = save(template, tmp_path / "new")
    assert path.name == f"{template.shop}.json"
    assert load(tmp_path / "new", template.shop) == template
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("body", "told_what"),
    [
        ('{"shop": "a", "colour": "red"}', "colour"),
        ('{"shop": "a", "number_pattern": "("}', "number_pattern"),
        ('{"shop": "a", "date_order": "yy"}', "date_order"),
        ('{"shop": "../a"}', "letters, digits"),
        ("{", "a.json"),
    ],
)
def test_a_file_that_is_no_template_is_refused_with_what_is_wrong(tmp_path, body, told_what):
    path_of(tmp_path, "a").write_text(body)
    with pytest.raises(ValueError, match=told_what):
        load(tmp_path, "a")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(each) for each in arguments])


def documents(result: Result) -> list[dict[str, object]]:
    return [json.loads(line)["documents"][0] for line in result.stdout.splitlines()]


def test_the_command_learns_a_shop_and_then_reads_its_pictures(tmp_path):
    case = next(case for case in LASTS if "npm_star" in case)
    jobs = []
    for number in "123":
        job = tmp_path / f"{number}.bin"
        other = case.removesuffix(LAST) + number
        job.write_bytes(job_of(other))
        job.with_name(job.name + ".txt").write_text(text_of(other), encoding="utf-8")
        jobs.append(job)
    known = tmp_path / "templates"
    lesson = run("--teach", "lantern", "--templates", known, *jobs)
    assert (lesson.exit_code, "3 papers taught it" in lesson.stderr) == (0, True)
    job = tmp_path / "next.bin"
    job.write_bytes(job_of(case))
    (read,) = documents(run("--shop", "lantern", "--templates", known, job))
    assert read["decision"] == "award"
    assert {name: read[name] for name in expected_of(case)} == expected_of(case)


def test_teaching_again_adds_to_what_was_known(tmp_path):
    paper = tmp_path / "paper.txt"
    paper.write_text(PAPER, encoding="utf-8")
    for _ in range(2):
        assert run("--text", "--teach", "shop", "--templates", tmp_path, paper).exit_code == 0
    assert load(tmp_path, "shop").papers == 2


def test_a_text_beside_a_job_with_another_number_of_papers_is_refused(tmp_path):
    job = tmp_path / "job.bin"
    job.write_bytes(job_of(LASTS[0]))
    job.with_name("job.bin.txt").write_text(f"{text_of(LASTS[0])}[[CUT]]\n{PAPER}", "utf-8")
    result = run("--teach", "shop", "--templates", tmp_path, job)
    assert result.exit_code == 1
    assert "holds 2 papers" in result.stdout
