"""A till, its clock and its members, for the tests of the state machines."""

import pytest

from edge_agent.effects import Member, Now, Terms
from loyalty.events import Holder, Moment
from loyalty.rules.rulebook import version
from loyalty.wire import ShopRow
from tests.loyalty.rules.conftest import a_rule_book


def now(at_s: float) -> Now:
    return Now(at_s, Moment(int(at_s * 1000), "boot", int(at_s * 1000)), "2026-11-08 13:16:42")


def member(key: str = "wang", tier_id: str = "basic", balance: int | None = 100) -> Member:
    return Member(Holder("member", key), "王**", "****0014", tier_id, balance)


def some_terms() -> Terms:
    book = a_rule_book()
    shop = ShopRow("s1", "禾鹿小馆", "Helu Bistro", "dining")
    return Terms("澄湖天地", "till-1", shop, book, version(book))


@pytest.fixture
def terms() -> Terms:
    return some_terms()


class PaperBox:
    """Takes what a till prints without its journal."""

    def __init__(self):
        self.slips = []

    def wake(self):
        """Nothing of the journal's is printed here."""

    def at_once(self, slip):
        self.slips.append(slip)
