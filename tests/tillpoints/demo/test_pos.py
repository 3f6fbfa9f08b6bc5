from datetime import datetime
from random import Random

import pytest

from receipts.reading import read_job
from tillpoints.demo.pos.bistro import Bistro
from tillpoints.demo.pos.boutique import Boutique
from tillpoints.demo.pos.printing import Pos, Printed
from tillpoints.demo.pos.ticket import CASH

NOON = datetime(2026, 11, 21, 12, 30, 5)  # noqa: DTZ001 - a shop's own clock
READ_AS = {
    "sale": ("sale", "award"),
    "reprint": ("sale", "ignore"),
    "refund": ("refund", "award"),
    "void": ("void", "award"),
    "pre_bill": ("pre_bill", "ignore"),
    "kitchen_ticket": ("kitchen_ticket", "ignore"),
    "card_slip": ("payment_slip", "ignore"),
}


def day_at(vendor, seed) -> list[Printed]:
    """Print one of everything that a vendor prints."""
    pos = Pos(vendor(), lambda raw: None, Random(seed), lambda: NOON)
    sale = pos.sell()
    day = [sale, pos.reprint(sale.ticket), pos.give_back(sale.ticket)]
    if vendor is Bistro:
        return [*day, pos.pre_bill(), pos.kitchen_ticket()]
    return [*day, pos.card_slip(sale.ticket)]


@pytest.mark.parametrize("vendor", [Bistro, Boutique])
def test_every_paper_of_a_pos_is_read_as_what_it_is(vendor):
    for seed in range(40):
        for printed in day_at(vendor, seed):
            [reading] = read_job(printed.raw)
            assert (reading.kind, reading.decision) == READ_AS[printed.kind], printed.raw


@pytest.mark.parametrize("vendor", [Bistro, Boutique])
def test_number_time_and_amount_of_what_moves_points_are_read_as_printed(vendor):
    for seed in range(40):
        for printed in day_at(vendor, seed)[:3]:
            [reading] = read_job(printed.raw)
            assert reading.owed_fen == printed.owed_fen
            assert reading.printed_at == NOON.isoformat()
            if printed.kind in ("sale", "reprint", "void"):
                assert reading.number == printed.number
            if printed.kind in ("refund", "void"):
                assert reading.original_number == printed.number


@pytest.mark.parametrize("vendor", [Bistro, Boutique])
def test_a_ticket_adds_up_and_is_paid(vendor):
    for seed in range(200):
        ticket = vendor().ticket(1, NOON, Random(seed))
        extras = sum(amount for _, amount in ticket.extras)
        assert ticket.owed_fen == sum(row.amount_fen for row in ticket.rows) + extras
        assert 0 < ticket.owed_fen <= ticket.paid_fen
        assert ticket.tender == CASH or ticket.paid_fen == ticket.owed_fen


@pytest.mark.parametrize("vendor", [Bistro, Boutique])
def test_no_line_is_wider_than_the_paper(vendor):
    for seed in range(40):
        for printed in day_at(vendor, seed):
            [reading] = read_job(printed.raw)
            widest = max(len(line.encode("gb18030")) for line in reading.lines)
            assert widest <= vendor.width


def test_the_same_seed_sells_the_same_baskets():
    assert day_at(Bistro, 7) == day_at(Bistro, 7)
    assert day_at(Bistro, 7) != day_at(Bistro, 8)


def test_every_sale_has_a_number_of_its_own():
    pos = Pos(Boutique(), lambda raw: None, Random(1), lambda: NOON)
    assert len({pos.sell().number for _ in range(300)}) == 300
