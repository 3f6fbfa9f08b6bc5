"""The fingerprint: what is one receipt, and what is two."""

import pytest
from msgspec import structs

from loyalty.receipt import Item, Kind, Receipt, fingerprint, normalise_number, without_lines

SALE = Receipt(
    shop_id="s1",
    kind=Kind.SALE,
    number="HL202511080037",
    printed_at="2025-11-08T13:16:42",
    currency="CNY",
    owed_fen=21400,
    items=(Item("酸菜鱼", "1", 9800),),
)


@pytest.mark.parametrize(
    "same",
    [
        {"reprint": True},
        {"items": ()},
        {"number": " hl20251108 0037"},
        {"number": "ＨＬ２０２５１１０８００３７"},
        {"printed_at": "2025-11-08T18:05:11"},
        {"text_digest": "x"},
    ],
)
def test_the_print_its_reprint_and_its_copies_are_one_receipt(same: dict[str, object]) -> None:
    assert fingerprint(structs.replace(SALE, **same)) == fingerprint(SALE)


@pytest.mark.parametrize(
    "other",
    [
        {"shop_id": "s2"},
        {"number": "HL202511080038"},
        {"printed_at": "2025-11-09T13:16:42"},
        {"owed_fen": -21400},
        {"owed_fen": 21401},
        {"currency": "HKD"},
    ],
)
def test_two_sales_that_differ_in_one_fact_are_two_receipts(other: dict[str, object]) -> None:
    assert fingerprint(structs.replace(SALE, **other)) != fingerprint(SALE)


def test_a_person_may_say_that_the_same_facts_are_another_sale() -> None:
    assert fingerprint(SALE, "2") != fingerprint(SALE)


def test_without_a_number_the_lines_and_the_time_say_which_receipt_it_is() -> None:
    plain = structs.replace(SALE, number=None, text_digest="abc")
    assert fingerprint(plain) != fingerprint(structs.replace(plain, text_digest="abd"))
    later = structs.replace(plain, printed_at="2025-11-08T13:16:43")
    assert fingerprint(plain) != fingerprint(later)


def test_neighbouring_fields_cannot_be_shifted_into_each_other() -> None:
    one = structs.replace(SALE, shop_id="a", number="BC")
    two = structs.replace(SALE, shop_id="aB", number="C")
    assert fingerprint(one) != fingerprint(two)


def test_a_receipt_with_neither_number_nor_lines_has_no_identity() -> None:
    with pytest.raises(ValueError, match="digest of its lines"):
        fingerprint(structs.replace(SALE, number=None))


def test_what_was_bought_does_not_leave_the_till() -> None:
    assert without_lines(SALE).items == ()
    assert fingerprint(without_lines(SALE)) == fingerprint(SALE)


def test_numbers_are_compared_without_blanks_width_case_and_hash_sign() -> None:
    assert normalise_number("#１１03 002 000871 ") == "1103002000871"
