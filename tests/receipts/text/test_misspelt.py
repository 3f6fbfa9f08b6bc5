"""Labels and dates that a scanner misspelt are set right; words, codes and amounts stay."""

import pytest

from receipts.reading import read_text
from receipts.text.misspelt import spelt


@pytest.mark.parametrize(
    ("seen", "printed"),
    [
        ("TOTAI 4.90", "TOTAL 4.90"),
        ("T0TAL INCLU5IVE", "TOTAL INCLUSIVE"),
        ("SUB-TOT4L", "SUB-TOTAL"),
        ("GASH 10.00", "CASH 10.00"),
        ("GHANGF", "CHANGE"),
        ("GRANDTOTAL : 39.60", "GRAND TOTAL : 39.60"),
        ("DATE 23/I0/20I7", "DATE 23/10/2017"),
    ],
)
def test_a_misspelt_label_or_date_is_read_as_it_was_printed(seen, printed):
    assert spelt(seen) == printed


@pytest.mark.parametrize(
    "line",
    ["CHANCE 4.00", "TUNA 3.00", "CASHEW", "CASE", "INV CS-1O023", "AB/SD/12", "POST", "合计 4.90"],
)
def test_other_words_and_codes_stay_as_they_are(line):
    assert spelt(line) == line


def test_a_receipt_with_misspelt_labels_is_awarded_by_its_sums():
    (reading,) = read_text(
        "KEDAI LOTUS SDN BHD\nINV NO: KB8812\n08/1l/2025 10:00\nATLAS  1  6.20\nSOAP  1  4.40\n"
        "T0TAI RM 10.60\nGASH RM 20.00\nGHANGE RM 9.40\n"
    )
    assert (reading.owed_fen, reading.decision) == (1060, "award")
    assert reading.printed_at == "2025-11-08T10:00:00"


def test_a_mere_repetition_under_a_misspelt_label_goes_to_a_person():
    (reading,) = read_text(
        "KEDAI LOTUS SDN BHD\nINV NO: KB8812\n08/11/2025 10:00\nATLAS  1  6.20\nT0TAI RM 6.20\n"
        "CASH RM 6.20\n"
    )
    assert (reading.decision, [why.code for why in reading.why]) == ("review", ["worn"])
