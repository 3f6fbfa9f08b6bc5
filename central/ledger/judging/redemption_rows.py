"""What the ledger knows of redemptions besides leases and vouchers: pieces, places, lots."""

from msgspec import UNSET, Struct, UnsetType, structs

from loyalty.coupons import Coupon
from loyalty.facts import Bill
from loyalty.rules.lots import Lot


class Tender(Struct, frozen=True):
    """Points that were money: at which shop, for a part of which bill."""

    shop_id: str
    bill: Bill


class Redemption(Struct, frozen=True):
    """What a lease takes besides points, to be given back with them; when it was granted.

    `counted` of shared counters, for `pieces` at `place`; `drawn` are the lots that paid for it.
    `ours`: the house paid. `request_id` is of the device that had it taken back.
    Where central lent before anybody knew what for, `tier_id` is whose prices the spend goes by.
    `tender` where the points were money. A `coupon` keeps its terms, and is `used_on` a receipt,
    and `also_on` others where it counts at the house's cost; a person said that it was not taken
    off the receipt it was `let_go` of.
    """

    pieces: int = 1
    place: str = ""
    counted: dict[str, int] = {}
    drawn: tuple[Lot, ...] = ()
    ours: bool = False
    request_id: str = ""
    granted_ms: int = 0  # by central's clock; 0: not known
    tender: Tender | UnsetType = UNSET  # left out of the bytes of every other redemption
    coupon: Coupon | UnsetType = UNSET
    used_on: str | UnsetType = UNSET
    tier_id: str | UnsetType = UNSET
    let_go: str | UnsetType = UNSET
    also_on: tuple[str, ...] | UnsetType = UNSET


class BillPart(Struct, frozen=True, omit_defaults=True):
    """What a lease paid of a bill, in fen, and how many of its points came `back` by refunds.

    `ours`: the house paid, because another bill had the points already.
    """

    lease_id: str
    shop_id: str
    paid_fen: int
    coupon: bool = False
    back: int = 0
    ours: bool = False


class Returned(Struct, frozen=True, array_like=True):
    """A refund: how much of a bill of `owed_fen` had come back with it, and what points it names.

    All in fen.
    """

    returned_fen: int
    owed_fen: int
    named_fen: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the bill was left."""
        return self.returned_fen == self.owed_fen


class PaidBill(Struct, frozen=True, omit_defaults=True):
    """What points and coupons paid of a bill, and what its refunds returned.

    Of a bill whose paper a person corrected all this stands `under` the fingerprint it was read by.
    Once nothing of it is left it `wakes` what waits for these references.
    """

    parts: tuple[BillPart, ...] = ()
    refunds: tuple[Returned, ...] = ()
    under: str = ""
    wakes: tuple[bytes, ...] = ()

    @property
    def returned_fen(self) -> int:
        """How much of it has come back."""
        return self.refunds[-1].returned_fen if self.refunds else 0

    @property
    def is_back(self) -> bool:
        """Whether it has come back whole."""
        return any(came.is_whole for came in self.refunds)

    def plus(self, part: BillPart) -> "PaidBill":
        """Return it with one more part that something paid."""
        return structs.replace(self, parts=(*self.parts, part))

    def after(self, came: Returned) -> "PaidBill":
        """Return it after one more refund. Of several that name no points the last says it all."""
        before = self.refunds
        if before and not came.named_fen and not before[-1].named_fen:
            before = before[:-1]
        return structs.replace(self, refunds=(*before, came))


class Reserved(Struct, frozen=True):
    """Pieces that a device (32 hex digits) has set aside until then, by central's clock."""

    device: str
    pieces: int
    until_ms: int


class Reservations(Struct, frozen=True):
    """Who has set pieces of one counter aside."""

    by: tuple[Reserved, ...]
