"""Every case is read as a person would read it, whatever way the till sends it."""

import json
from pathlib import Path

import msgspec
import pytest

from loyalty.receipt import Kind
from receipts.reading import Reading, read_job, read_text
from tests.receipts.jobs import CASES, case_names, jobs_of, plain, text_of
from tillpoints.commands.read import document_of


def expected_of(case: str) -> list[dict[str, object]]:
    documents = json.loads(Path(CASES / case / "expected.json").read_text(encoding="utf-8"))
    return documents["documents"]


def told(readings: list[Reading]) -> list[dict[str, object]]:
    return [msgspec.to_builtins(document_of(reading)) for reading in readings]


def facts(reading: Reading) -> Reading:
    """What a reading says apart from how the paper was laid out."""
    return msgspec.structs.replace(reading, lines=(), text_digest="", sources=())


@pytest.mark.parametrize("case", case_names())
def test_a_case_is_read_as_expected(case):
    expected = expected_of(case)
    got = told(read_text(text_of(case)))
    assert [
        {name: document[name] for name in want}
        for document, want in zip(got, expected, strict=True)
    ] == expected


@pytest.mark.parametrize(
    ("case", "job"), [(case, job) for case in case_names() for job in jobs_of(case)]
)
def test_a_job_reads_like_its_text(case, job):
    from_text = [facts(reading) for reading in read_text(text_of(case))]
    assert [facts(reading) for reading in read_job(jobs_of(case)[job])] == from_text


def test_a_reprint_shares_the_digest_of_its_print():
    (original,) = read_text(text_of("01_restaurant_checkout_58"))
    (reprint,) = read_text(text_of("11_reprint_58"))
    assert original.text_digest == reprint.text_digest


def test_both_copies_share_their_digest_and_only_the_first_earns():
    first, second = read_job(plain(text_of("31_two_copies_58"), "gb18030"))
    assert first.text_digest == second.text_digest
    assert (first.copy, first.decision) == (False, "award")
    assert (second.copy, second.decision) == (True, "ignore")


def test_two_sales_of_the_same_goods_differ_in_their_digest():
    text = text_of("31_two_copies_58").split("[[CUT]]")[0]
    (one,) = read_text(text)
    (other,) = read_text(text.replace("0219", "0220"))
    assert one.text_digest != other.text_digest


def test_a_receipt_of_a_reading_carries_its_facts():
    (reading,) = read_text(text_of("21_balance_payment_80"))
    receipt = reading.receipt("shop-1")
    assert (receipt.shop_id, receipt.owed_fen, receipt.deposit_used_fen) == (
        "shop-1",
        298_000,
        100_000,
    )


def test_a_paper_without_an_amount_makes_no_receipt():
    (reading,) = read_text(text_of("27_queue_ticket_58"))
    with pytest.raises(ValueError, match="no amount owed"):
        reading.receipt("shop-1")


def changed(old: str, new: str, case: str = "01_restaurant_checkout_58") -> Reading:
    text = text_of(case)
    assert old in text
    (reading,) = read_text(text.replace(old, new))
    return reading


def codes(reading: Reading) -> list[str]:
    return [why.code for why in reading.why]


def test_a_total_that_the_payment_contradicts_goes_to_a_person():
    reading = changed("应收                      214.00", "应收                      314.00")
    assert reading.decision == "review"
    assert "payment_gap" in codes(reading)


def test_a_total_with_nothing_to_support_it_goes_to_a_person():
    (reading,) = read_text("某某小店\n销售小票\n单号:A100\n2025-11-08 10:00:00\n合计  88.00\n")
    assert (reading.owed_fen, reading.decision) == (8800, "review")
    assert codes(reading) == ["no_check"]


def test_a_paper_with_neither_number_nor_time_goes_to_a_person():
    (reading,) = read_text("某某小店\n销售小票\n茶  30.00\n饭  20.00\n合计  50.00\n现金  50.00\n")
    assert (reading.decision, codes(reading)) == ("review", ["no_identity"])


def test_a_pre_bill_that_shows_a_payment_goes_to_a_person():
    reading = changed("结账单", "预结单")
    assert (reading.kind, reading.decision) == (Kind.PRE_BILL, "review")


def test_a_currency_without_a_rule_goes_to_a_person_unless_it_was_named():
    text = "SHOP\nRECEIPT NO: A17\n2025-11-08 10:00\nTea  US$3.00\nCake  US$4.00\nTOTAL  US$7.00\n"
    text += "CASH  US$10.00\nCHANGE  US$3.00\n"
    assert [codes(reading) for reading in read_text(text)] == [["foreign_currency"]]
    assert [reading.decision for reading in read_text(text, currency="USD")] == ["award"]


def test_lost_bytes_send_a_sale_to_a_person():
    raw = plain(text_of("01_restaurant_checkout_58"), "gb18030")
    (reading,) = read_job(raw.replace("招牌".encode("gb18030"), b"\xff\xff\xff\xff"))
    assert reading.decision == "review"


def test_an_unknown_command_sends_a_sale_to_a_person():
    raw = plain(text_of("01_restaurant_checkout_58"), "gb18030")
    (reading,) = read_job(raw.replace(b"\n", b"\n\x1b\x7f", 1))
    assert (reading.decision, codes(reading)) == ("review", ["uncertain_bytes"])


def test_sums_whose_amounts_were_lost_go_to_a_person():
    text = text_of("29_fullwidth_58")
    (reading,) = read_text("".join("?" if "\uff10" <= char <= "\uff19" else char for char in text))
    assert (reading.kind, reading.decision, codes(reading)[0]) == (Kind.SALE, "review", "no_total")


def test_a_footer_about_refunds_makes_no_refund():
    reading = changed("谢谢惠顾 欢迎再次光临", "凭小票7日内可退货退款")
    assert (reading.kind, reading.decision) == (Kind.SALE, "award")


def test_an_unknown_dialect_is_refused_by_name():
    with pytest.raises(ValueError, match="unknown dialect 'nec'"):
        read_job(b"", dialect="nec")


def test_the_date_order_settles_a_date_of_three_short_numbers():
    text = "SHOP\nINVOICE NO: A17\nDATE: 08/11/25 10:00\nTea  3.00\nTOTAL 3.00\nCASH  3.00\n"
    times = [read_text(text, date_order=order)[0].printed_at for order in ("dmy", "mdy")]
    assert times == ["2025-11-08T10:00:00", "2025-08-11T10:00:00"]
