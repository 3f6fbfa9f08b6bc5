"""What this device knows of vouchers, of coupons and of what paid beside money."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from edge_agent.journal.pulled import directory
from edge_agent.journal.spending import bills, coupons, leasing, payments, voucher_requests
from loyalty.events import Redeem
from loyalty.wire import VoucherRow

ResultT = TypeVar("ResultT")


class VoucherReader:
    """The questions about vouchers and bills that a journal's reader answers."""

    def _ask(self, question: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
        raise NotImplementedError

    def voucher_used(self, voucher_code: str) -> bool:
        """Tell whether this voucher was handed in on this device."""
        query = "SELECT 1 FROM voucher_use WHERE voucher_code = ?"
        return self._ask(lambda db: db.execute(query, (voucher_code,)).fetchone() is not None)

    def redeemed(self, voucher_code: str) -> Redeem | None:
        """Return the redemption of this device that made a voucher, None if it made none."""
        return self._ask(lambda db: leasing.spent_on(db, voucher_code))

    def voucher_request(self, voucher_code: str) -> str:
        """Return under which request central was asked about a voucher and has not answered."""
        return self._ask(lambda db: voucher_requests.under_way(db, voucher_code))

    def payments_unsettled(self) -> list[payments.PaymentRecord]:
        """Return payments with points whose receipt is awaited, or that a person must look at."""
        return self._ask(payments.unsettled)

    def coupon(self, voucher_code: str) -> coupons.KeptCoupon | None:
        """Return what this till knows of a coupon that it keeps or has used."""
        return self._ask(lambda db: coupons.known(db, voucher_code))

    def coupon_awaiting(self) -> coupons.KeptCoupon | None:
        """Return the coupon that waits for its bill or for a person."""
        return self._ask(coupons.awaiting)

    def is_coupon_closed(self, kept: coupons.KeptCoupon) -> bool:
        """Tell whether a person at central closed the case that this till raised about a coupon."""
        return self._ask(lambda db: coupons.is_closed(db, kept))

    def paid_bill(self, fingerprint: str) -> bills.PaidBill | None:
        """Return what paid for a bill of this till beside money, None if nothing did."""
        return self._ask(lambda db: bills.paid_bill(db, fingerprint))

    def voucher_cancelled(self, code: str) -> bool:
        """Tell whether central cancelled a voucher that only this device may take."""
        return self._ask(lambda db: directory.cancelled(db, code))

    def stock(self) -> dict[str, int]:
        """Return how much is left of each reward of which there is only so much."""
        return self._ask(directory.stock)

    def voucher(self, code: str) -> VoucherRow | None:
        """Return the voucher of a typed code if only this device may take it, else None."""
        return self._ask(lambda db: directory.voucher(db, code))
