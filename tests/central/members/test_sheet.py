import pytest

from central.members.sheet import read_members
from central.sheets import SheetError
from loyalty.codes import make_member_number
from loyalty.rules import rulebook
from tests.central.mall import DEMO

BOOK = rulebook.from_toml((DEMO / "rules.toml").read_text(encoding="utf-8"))
NUMBER = make_member_number("58656238139")


def read(*lines, header="number,name,phone,tier,aliases,joined_on"):
    return read_members("members.csv", "\n".join((header, *lines)).encode(), BOOK)


def problem_of(*lines):
    with pytest.raises(SheetError) as refusal:
        read(*lines)
    return str(refusal.value)


def test_a_member_is_read_with_every_cell():
    (member,) = read(f"{NUMBER},王婉清,124 7521 9908,gold,NFC-04A1;VIP7,2024-02-29")
    assert (member.number, member.name, member.phone) == (NUMBER, "王婉清", "12475219908")
    assert (member.tier_id, member.aliases) == ("gold", ("NFC-04A1", "VIP7"))
    assert member.joined_on == "2024-02-29"


@pytest.mark.parametrize("tier", ["gold", "金卡", "Gold"])
def test_a_tier_is_its_id_or_its_name_in_either_language(tier):
    assert read(f"{NUMBER},王,1234567,{tier},,")[0].tier_id == "gold"


def test_empty_cells_leave_things_open_and_a_dash_takes_all_cards_away():
    first, second = read(",王,1234567,,,", ",李,1234568,,-,")
    assert (first.number, first.tier_id, first.aliases, first.joined_on) == ("", "", None, "")
    assert second.aliases == ()


def test_an_alias_is_kept_as_a_till_reads_it():
    (member,) = read(f"{NUMBER},王,,,ＮＦＣ-04A1;NFC-04A1,")
    assert member.aliases == ("NFC-04A1",)


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("586562381390,王,,,,", "number"),  # wrong check digit
        ("5865623813,王,,,,", "number"),
        (",王,,,,", "number"),  # neither number nor phone
        (f"{NUMBER},,,,,", "name"),
        (f"{NUMBER},王,12x,,,", "phone"),
        (f"{NUMBER},王,,platinum,,", "tier"),
        (f"{NUMBER},王,,,,2025-02-29", "joined_on"),
        (f"{NUMBER},王,,,134567890123456789,", "aliases"),  # a payment code
        (f"{NUMBER},王,,,6217000010001234567,", "aliases"),  # a bank card
        (f"{NUMBER},王,,,TPM{NUMBER},", "aliases"),
        (f"{NUMBER},王,,,{'x' * 65},", "aliases"),
        (f"{NUMBER},王,,,{';'.join('abcdefghi')},", "aliases"),
    ],
)
def test_what_cannot_be_taken_is_told_with_its_column(line, column):
    assert problem_of(line).startswith(f"members.csv:2: {column}: ")


def test_a_payment_code_or_card_number_is_never_quoted():
    assert "134567890123456789" not in problem_of(f"{NUMBER},王,,,134567890123456789,")
    assert "6217000010001234567" not in problem_of(f"{NUMBER},王,,,6217000010001234567,")


def test_one_member_twice_in_a_file_is_refused_without_naming_them():
    problem = problem_of(f"{NUMBER},王,,,,", f"{NUMBER},王,,,,")
    assert problem == "members.csv:3: 与第 2 行重复 / the same as line 2"
