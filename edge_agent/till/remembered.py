"""What this till remembers of receipts: its own journal, and what central decided in its place."""

from collections.abc import Container

from msgspec import structs

from edge_agent.effects import Now
from edge_agent.journal.papers.records import SaleRecord
from edge_agent.journal.reader import Reader
from edge_agent.people import holder_member
from edge_agent.till.earned import when
from edge_agent.till.intake import KnownSale


class Remembered:
    """The journal as `intake` and the review desk ask it.

    `paid` are receipts that points or a coupon pay for, by what is recorded with them.
    """

    def __init__(
        self, journal: Reader, shop_id: str, now: Now, paid: Container[str] = frozenset()
    ) -> None:
        self._journal = journal
        self._shop_id = shop_id
        self._now = now
        self._paid = paid

    def receipt_time(self, fingerprint: str) -> tuple[bool, str | None]:
        """Tell whether this receipt was recorded, and the time printed on it."""
        receipt = self._journal.receipt_by_fingerprint(fingerprint)
        if receipt is not None:
            return True, receipt.printed_at
        ruled = self._journal.ruled_sale(fingerprint)
        return ruled is not None, ruled.decided.printed_at if ruled and ruled.decided else None

    def sales(self, number: str) -> list[KnownSale]:
        """Return the sales with this number, newest first."""
        sales = self._journal.sales_by_number(self._shop_id, number)
        return [self._with_bill(self._with_owner(sale)) for sale in sales]

    def _with_bill(self, sale: KnownSale) -> KnownSale:
        """Return a sale with what paid for it beside money, which a refund of it asks for."""
        bill = self._journal.paid_bill(sale.fingerprint)
        if bill is None:
            return sale
        coupons = [self._journal.coupon(code) for code in bill.coupons]
        until = min((one.valid_until for one in coupons if one is not None), default="")
        return structs.replace(sale, bill=bill, coupon_until=until)

    def recent_sales(self) -> list[KnownSale]:
        """Return the last sales, newest first."""
        recent = self._journal.recent()
        return [known_sale(each, self._now) for each in recent if isinstance(each, SaleRecord)]

    def is_paid(self, fingerprint: str) -> bool:
        """Tell whether points or a coupon pay for this receipt."""
        return fingerprint in self._paid

    def in_review(self, review_id: str) -> bool | None:
        """Tell whether this very paper waits for a person; None if it was never in review."""
        item = self._journal.review(review_id)
        return None if item is None else item.is_open

    def _with_owner(self, sale: SaleRecord) -> KnownSale:
        known = known_sale(sale, self._now)
        if known.holder is None:
            return known
        return structs.replace(known, owner=holder_member(self._journal, known.holder))


def known_sale(sale: SaleRecord, now: Now) -> KnownSale:
    """Return a recorded sale as the state machine knows sales."""
    at = sale.sale.at
    same_boot = at.boot_id == now.moment.boot_id
    return KnownSale(
        fingerprint=sale.fingerprint,
        receipt=sale.sale.receipt,
        eligible_fen=sale.sale.eligible_fen,
        category=sale.sale.category,
        claim_hash=sale.sale.claim_hash,
        holder=sale.holder,
        points=sale.points,
        refunded_fen=sale.refunded_fen,
        recorded_s=at.boottime_ms / 1000 if same_boot else None,
        state=sale.state,
        parts=sale.sale.parts,
        tier_id=sale.tier_id,
        sold_at=when(now, at),
        back=sale.back,
    )
