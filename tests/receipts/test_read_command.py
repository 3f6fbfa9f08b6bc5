"""`tillpoints read` keeps its contract with scripts."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from receipts.pictures import ocr as pictures_ocr
from tests.receipts.jobs import CASES, jobs_of
from tests.receipts.raster import job_of, raster_names
from tillpoints.commands.read import command

KEYS = [
    "kind", "merchant", "number", "time", "currency", "total", "eligible", "items", "tenders",
    "reprint", "confidence", "decision", "why",
]  # fmt: skip
RECEIPT = CASES / "01_restaurant_checkout_58" / "input.txt"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(each) for each in arguments])


def answers(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_one_json_line_per_file_with_the_fields_of_the_contract(tmp_path):
    job = tmp_path / "job.bin"
    job.write_bytes(jobs_of("01_restaurant_checkout_58")["gb18030, dressed"])
    result = run(job, job)
    assert result.exit_code == 0
    first, second = answers(result)
    assert first == second
    (document,) = first["documents"]
    assert list(document) == KEYS
    assert (document["total"], document["eligible"], document["decision"]) == (
        "214.00",
        "214.00",
        "award",
    )


def test_text_is_read_with_the_option_and_with_cut_marks_without_it():
    two_copies = CASES / "31_two_copies_58" / "input.txt"
    (asked,) = answers(run("--text", two_copies))
    (found,) = answers(run(two_copies))
    assert asked == found
    assert [each["decision"] for each in asked["documents"]] == ["award", "ignore"]


def test_the_currency_named_is_the_currency_of_a_paper_that_names_none(tmp_path):
    paper = tmp_path / "paper.txt"
    paper.write_text("SHOP\nRECEIPT 17\n08/11/2025\nTea  3.00\nTOTAL  3.00\nCASH  3.00\n")
    (answer,) = answers(run("--text", "--currency", "EUR", "--date-order", "dmy", paper))
    (document,) = answer["documents"]
    assert (document["currency"], document["time"]) == ("EUR", "2025-11-08T00:00:00")


def test_explain_shows_a_person_the_paper_and_the_reasons():
    result = run("--text", "--explain", RECEIPT)
    assert "sale -> award" in result.stdout
    assert "付款减找零正好等于应付金额 · Payment less change" in result.stdout
    assert "招牌酸菜鱼" in result.stdout


def test_a_damaged_picture_is_refused_in_its_own_line_and_the_rest_is_read(tmp_path):
    picture = tmp_path / "receipt.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    result = run("--text", picture, RECEIPT)
    assert result.exit_code == 1
    refused, read = answers(result)
    assert refused["documents"] == []
    assert "picture" in refused["error"]
    assert read["documents"][0]["decision"] == "award"


def test_text_in_another_encoding_is_refused_with_its_name(tmp_path):
    paper = tmp_path / "paper.txt"
    paper.write_bytes("合计".encode("gb18030"))
    result = run("--text", paper)
    assert result.exit_code == 1
    assert "utf-8" in str(answers(result)[0]["error"])


def test_wrong_usage_is_told_apart_from_failure(tmp_path):
    wrong = (
        ["--currency", "yuan"],
        ["--explain", "--json"],
        ["--dialect", "nec"],
        ["--shop", "nobody", "--templates", tmp_path],
        ["--teach", "../shop", "--templates", tmp_path],
        ["--teach", "one", "--shop", "other", "--templates", tmp_path],
    )
    assert [run(*each, RECEIPT).exit_code for each in wrong] == [2] * len(wrong)
    assert not list(tmp_path.iterdir())
    assert run(tmp_path / "nothing.bin").exit_code == 2


def test_explain_shows_where_each_fact_stands_and_spells_the_sums():
    out = run("--text", "--explain", RECEIPT).stdout
    assert "<-  23 | 应收                      214.00" in out
    assert "<-   9 | 结账:2025-11-08 13:16:42" in out
    assert "220.00 - 6.00 = 214.00" in out
    assert "213.00 + 21.30 - 20.00 - 0.30 = 214.00" in out
    assert "积分 award: 214.00 CNY" in out


def test_whoever_reads_pictures_without_the_extra_is_told_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures_ocr, "engine", lambda: None)
    job = tmp_path / "picture.bin"
    job.write_bytes(job_of(raster_names()[0]))
    result = run(job)
    assert [each["decision"] for each in answers(result)[0]["documents"]] == ["review"]
    assert "1 files are pictures: the extra tillpoints[ocr] reads them" in result.stderr
