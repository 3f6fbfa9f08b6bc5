"""Bugs to plant in redeeming: stock, cancelling, expiry of vouchers, points as money."""

from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from msgspec import structs

from central.ledger.commands import Decision, UseVoucher
from central.ledger.judging import fold, returning, stock
from central.ledger.judging.accounts import REDEMPTION
from central.ledger.judging.rows import Judgement, VoucherState
from loyalty.events import VoucherCancelled, VoucherUse
from loyalty.rules import lots
from loyalty.wire import Verdict
from tillpoints.simulation.plants import Patch

_RETURNING = "central.ledger.judging.returning"


def given_back_twice() -> Sequence[Patch]:
    """A redemption that is taken back gives its points twice, with their lots."""
    pay_back = returning._pay_back  # noqa: SLF001

    def twice(*args: Any) -> None:
        pay_back(*args)
        pay_back(*args)

    return [(f"{_RETURNING}._pay_back", twice)]


def given_back_without_stock() -> Sequence[Patch]:
    """A redemption that is taken back leaves its pieces out of the stock."""
    careless = SimpleNamespace(put_back=lambda *_: None, take=stock.take)
    return [(f"{_RETURNING}.stock", careless)]


def given_back_as_new() -> Sequence[Patch]:
    """Points come back as if they were earned today."""

    def fresh(there: Any, pieces: Any) -> Any:
        year = timedelta(days=365)
        pieces = [structs.replace(one, expires_on=one.expires_on + year) for one in pieces]
        return lots.put_back(there, pieces)

    return [(f"{_RETURNING}.lots", SimpleNamespace(put_back=fresh))]


def used_after_cancel() -> Sequence[Patch]:
    """A voucher counts whether or not its points were given back."""
    decide = UseVoucher.decide

    def generous(self: UseVoucher, state: Any, at: Any) -> Decision:
        voucher = state.vouchers.get(self.code)
        if voucher is None or voucher.state not in (VoucherState.CANCELLED, VoucherState.EXPIRED):
            return decide(self, state, at)
        use = VoucherUse(at, self.code, by=self.device_id.hex(), request_id=self.request_id)
        return Decision((use,), self._used)

    return [("central.ledger.commands.UseVoucher.decide", generous), (f"{_RETURNING}.RETURNED", ())]


def used_twice() -> Sequence[Patch]:
    """A voucher that is used up already is handed over again, wherever it is shown."""
    decide = UseVoucher.decide

    def again(self: UseVoucher, state: Any, at: Any) -> Decision:
        voucher = state.vouchers.get(self.code)
        if voucher is None or voucher.state is not VoucherState.USED:
            return decide(self, state, at)
        return Decision((), self._used)

    return [("central.ledger.commands.UseVoucher.decide", again)]


def cancellation_not_heard() -> Sequence[Patch]:
    """Central does nothing with what a device was told to be taken back: it knows that itself."""

    def known(_entry: Any, _body: Any) -> Judgement:
        return Judgement(Verdict.APPLIED)

    handlers = {**fold._HANDLERS, VoucherCancelled: known}  # noqa: SLF001
    return [("central.ledger.judging.fold._HANDLERS", handlers)]


def kept_pieces_given_away() -> Sequence[Patch]:
    """What is kept for one who decides is given to whoever comes."""
    return [("central.ledger.judging.stock.kept_for_others", lambda *_: 0)]


def last_piece_twice() -> Sequence[Patch]:
    """A redemption does not count what it takes."""
    return [("central.ledger.judging.stock.take", lambda *_: None)]


def payment_to_nobody() -> Sequence[Patch]:
    """Points that paid at a shop are not booked as what the shop is due."""
    return [(f"{_RETURNING}.spent_to", lambda _: REDEMPTION)]


def match_not_settled() -> Sequence[Patch]:
    """Central lets every payment wait for a person, also one whose receipt was found."""

    def waits(_entry: Any, _body: Any) -> Judgement:
        return Judgement(Verdict.APPLIED)

    return [("central.ledger.judging.tenders.redemptions", SimpleNamespace(use=waits))]


def paid_part_earns() -> Sequence[Patch]:
    """A payment line that is known by its amount alone earns like any other."""
    return [("edge_agent.till.matching.as_paid", lambda readings, *_: readings)]


def voucher_ends_early() -> Sequence[Patch]:
    """A lease that is made again forgets that it paid, and so at which till."""
    return [("central.ledger.remaking.TENDER_REWARD", "")]
