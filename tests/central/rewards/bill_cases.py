"""Steps of the readable cases at a till: coupons and points that pay a part of a bill.

The tills are real ones (`real_counter`), made when a case first needs them.
"""

import tempfile
from pathlib import Path

from msgspec import structs

from central.ledger.settlement import dues, payments
from edge_agent import commands
from loyalty import vouchers
from loyalty.codes import card_tag
from loyalty.coupons import Coupon
from loyalty.rules.tender import Paying
from tests.central.programme import DAY_MS, START_MS
from tests.central.rewards.real_counter import RealCounter
from tests.edge_agent.counter import WANG
from tillpoints.simulation.programme.book import BOOK

PAYS = Paying(100, from_fen=20_000, share_percent_max=30)
BOOK_PAYS = structs.replace(BOOK, tender=PAYS, grammar=4, redeem_limit_points=10_000)


class Bills:
    """The tills of a case, where bills are made up."""

    def __init__(self, played):
        self.played, self.programme = played, played.programme
        self._folder = None
        self._tills = {}

    def close(self):
        for till in self._tills.values():
            till.close()
        if self._folder is not None:
            self._folder.cleanup()

    def coupon(self, name, at="till", amount="", cut_off=False, edited=False):
        """A coupon is scanned, and the amount due typed; `off` is what is to be keyed in."""
        till, text = self._till(at, cut_off), self.played.leases[name].voucher_signed
        if edited:
            key = self.programme.central_key.public_key().public_bytes_raw()
            dearer = structs.replace(vouchers.read_signed(text, key), coupon=Coupon(100_000))
            text = vouchers.signed_text(dearer, till.device.key)
        till.coupon(text, amount)
        return self._came(till)

    def put_back(self, at="till"):
        till = self._till(at)
        till.do(commands.CouponBack("顾客不用了"))
        till.meet_central()
        return self._came(till)

    def pay(self, amount, at="till"):
        """The member of card WANG pays a part of a bill with points."""
        till = self._till(at)
        till.do(commands.Scan(WANG))
        till.do(commands.Pay())
        told = till.do(commands.PayBill(amount))
        shown = till.till.tendering.shown
        if shown is None or shown.step != "offer":
            return self._came(till)
        bill = shown.bill
        till.do(commands.PayConfirm())
        return {"told": told, "off": f"{bill.paid_fen / 100:.2f}"}

    def sell(self, amount, owed, at="till", line="", paid=()):
        """A receipt is printed, the customer's whole amount and what is owed of it."""
        till = self._till(at)
        till.sells(amount, owed, line + "\n" if line else "", paid)
        return self._came(till)

    def refund(self, amount, at="till"):
        till = self._till(at)
        till.refunds(amount)
        return self._came(till)

    def owed(self, wanted):
        last_ms = START_MS + 400 * DAY_MS
        found = self.programme.read(lambda c, key: dues(payments(c, key, 0, last_ms)))
        return {one.shop_id: one.owed_fen for one in found if one.shop_id in wanted}

    def _came(self, till):
        notice = till.till.state.notice
        if notice is None:
            return {}
        words = {"zh": notice.phrase.zh, "en": notice.phrase.en}
        if notice.tone == "error":
            return {"refused": notice.phrase.code, **words}
        off = {"off": f"{till.off_fen / 100:.2f}"} if till.off_fen else {}
        return {"told": notice.phrase.code, **words, **off}

    def _till(self, at, cut_off=False):
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="tillpoints-case-")
            self.programme.add_book(BOOK_PAYS, effective_ms=1)
            self.programme.add_member("a", tags=(card_tag(bytes([8]) * 32, WANG),))
        device = self.played.devices[at]
        if at not in self._tills:
            folder = Path(self._folder.name) / at
            self._tills[at] = RealCounter(self.programme, device, folder, BOOK_PAYS)
        till = self._tills[at]
        till.cut_off = False
        till.meet_central()
        till.cut_off = cut_off
        return till
