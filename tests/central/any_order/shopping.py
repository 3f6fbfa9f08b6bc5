"""A short history of one shopping centre, as tills and a kiosk wrote it down, drawn by chance.

Everything in it is possible at counters: a coupon is taken off one bill at a time, nothing comes
back twice, a slip is claimed once. What a device wrote stands on its chain in the order of time.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from msgspec import structs

from central.ledger.activity_commands import IssueCodes
from central.ledger.commands import SetMember
from loyalty.events import (
    ActivityDone,
    Believed,
    Bill,
    CouponChecked,
    Refund,
    ReviewDecided,
    ReviewHeld,
    ReviewOpened,
    TenderChecked,
    VoucherCancelled,
    VoucherUse,
)
from loyalty.receipt import Kind
from loyalty.rules.activities import Activity
from loyalty.rules.rulebook import version
from loyalty.rules.tender import TENDER_REWARD, Paying
from loyalty.wire import LEASE_PATH, LeaseAnswer, LeaseRequest
from tests.central.programme import BOOK, DAY_MS, Programme, card, member, print_of
from tests.central.rewards.redeem_cases import bring_in

REFERRALS = tuple(
    Activity(
        id=id_, kind="referral", name_zh=id_, name_en=id_, points=7, referrer_points=9,
        after_purchase=id_ == "friend",
    )
    for id_ in ("friend", "pal")
)  # fmt: skip
PAYING = structs.replace(
    BOOK, tender=Paying(100), grammar=4, redeem_limit_points=5_000, activities=REFERRALS
)
REWARDS = {
    "own": {"points": "100", "kind": "coupon", "home_shop": "S1", "off": "50", "from": "200"},
    "any": {"points": "300", "kind": "coupon", "home_shop": "", "off": "10%", "from": "100"},
    "tea": {"points": "100", "kind": "goods", "home_shop": ""},
    "mug": {"points": "150", "kind": "goods", "home_shop": "S1"},
}
#: What is due on a bill that each coupon is for, and what it takes off.
BILLS = {"own": Bill(21_400, 5_000), "any": Bill(10_000, 1_000)}
TIERS = {"a": "base", "b": "base", "new": "gold"}
#: Where in an order it stands that central hears whose the card is from now on.
CARD = "card"
#: What happens, as often as it stands here.
DEEDS = (
    *("sell", "claim", "correct", "sell_again", "sell_alike", "refund", "refund", "refund"),
    *("redeem", "redeem", "use", "use", "raise_", "settle", "pay", "hand_out", "close"),
    *("cancel", "take_back", "close_unspent"),
    *("review", "scan", "decide"),
    *("sell_to_new", "sell_to_new", "refer", "refer", "sleep"),
)
#: What takes points unless a lease has set them aside, with what becomes of leases. A lost one has
#: set none aside: no restored central can come to the same, so these are histories of their own.
TAKING = ("night", "night", "night", "take_all_back", "take_all_back", "redeem", "close_unspent")
#: A card goes from hand to hand, and somebody buys with it, whoever they are by then.
HANDING = (*("hand_on",) * 8, *("sell_with_card",) * 8)
#: Some histories are of shops whose numbers start again: which sale came back is asked there.
AGAIN = ("number_again",) * 9


@dataclass
class Sold:
    """A bill: what of it did not come back, what paid for it, whether somebody has its points.

    Its receipt may be read `again`, or another one look `alike`; a `plain` one had no coupon ever.
    """

    till: Any
    sale: Any
    left_fen: int
    coupon: "Bought | None" = None
    code: str = ""
    whose: bool = False
    again: bool = False
    alike: bool = False
    plain: bool = True

    @property
    def is_whole(self):
        """Tell whether nothing of it came back."""
        return self.left_fen == self.sale.receipt.owed_fen

    @property
    def decided(self):
        """Tell whether a person typed it."""
        return bool(self.sale.review_id)


@dataclass
class Bought:
    """A redemption. Its coupon is on a bill, kept for one, or good."""

    reward: str
    lease: Any
    who: str = "a"
    redeemed: bool = False
    used: bool = False
    closed: bool = False
    on: Sold | None = None
    kept: tuple | None = None


@dataclass
class Paper:
    """A paper that nobody could read, and the coupon whose bill it is."""

    opened: Any
    till: Any
    read: Any
    coupon: Bought | None


class Shopping:
    """What four devices wrote; `order` is that of time, with what central did by itself by name.

    `hands` are the moments at which the card was given to somebody or taken, and the commands.

    `granted` is a database with every lease and nothing that was done since; `before` has no leases
    either, as one that came out of a backup.
    """

    def __init__(self, engine, chance, folder):
        self._chance = chance
        self.order, self._said = [], {}
        self.hands, self._has = [], None
        self.restorable = chance.random() < 0.6
        mall = self.mall = Programme(engine, 1)
        self.now_ms = mall.now_ms
        mall.add_book(PAYING, effective_ms=1)
        mall.add_member("c")
        for name, tier_id in TIERS.items():
            mall.add_member(name, tier_id)
        self._to_refer = [activity.id for activity in REFERRALS]
        for id_ in self._to_refer:
            until = date(2026, 12, 31)
            mall.service.run(IssueCodes(id_, id_, version(PAYING), until, "li", brought_by="b"))
        bring_in(mall, [{"reward_id": id_, "name_zh": id_, **row} for id_, row in REWARDS.items()])
        sister, self._kiosk = (
            mall.add_device(name, role, "S1") for name, role in (("t", "till"), ("k", "kiosk"))
        )
        self._tills = (mall.till, sister, mall.other)
        self._papers_drawn = 0
        mall.till.push(self._sale(mall.till, 10_000, member("c")))  # ends a day before the others
        self.now_ms = mall.now_ms = mall.now_ms + DAY_MS
        self._earned = self._sale(mall.till, 1_000_000, member("a"))
        mall.till.push(self._earned, self._sale(mall.till, 5_000, member("c")))
        self.before = self._copy(engine, folder / "before.db")
        self._bought = [self._granted(f"r{n}") for n in range(chance.randrange(4))]
        self._bought.append(self._granted("c", "c", ("tea",)))
        self._lent = self._borrow() if chance.random() < 0.5 else None
        self.granted = self._copy(engine, folder / "granted.db")
        self._sold, self._papers, self._unmatched = [], [], None
        self.alike = set()  # receipts that are those of two sales
        deeds = DEEDS if self.restorable else (*DEEDS, *TAKING)
        deeds = (*deeds, *HANDING) if chance.random() < 0.3 else deeds
        deeds = (*deeds, *AGAIN) if chance.random() < 0.3 else deeds
        for _ in range(chance.randrange(3, 12)):
            self.now_ms = mall.now_ms = mall.now_ms + 60_000
            getattr(self, chance.choice(deeds))()
        mall.close()

    def told(self, order):
        """Return an order as one reads it."""
        names = dict(zip((*self._tills, self._kiosk), ("A1", "A2", "B", "K"), strict=True))
        names |= {CARD: CARD}
        return " ".join(
            f"{names[device]}.{seq} {self._said[device, seq]}" if seq else device
            for device, seq in order
        )

    # ---- before the doors open

    def _copy(self, engine, to):
        engine.dispose()
        with (
            closing(sqlite3.connect(engine.url.database)) as db,
            closing(sqlite3.connect(to)) as new,
        ):
            db.backup(new)
        return to

    def _granted(self, request_id, who="a", rewards=("own", "any", "any", "tea", "mug")):
        reward = self._chance.choice(rewards)
        lease = self._kiosk.lease(member(who), reward, request_id)
        assert lease.refusal is None, lease.refusal
        return Bought(reward, lease, who)

    def _borrow(self):
        till = self._chance.choice(self._tills)
        points, due_fen = self._chance.choice(((300, 20_000), (900, 20_000), (900, 900)))
        asked = LeaseRequest("pay", member("a"), TENDER_REWARD, till.stream.epoch, points=points)
        asked = structs.replace(asked, bill=Bill(due_fen, 0))
        return till, Bill(due_fen, points), till.ask(LEASE_PATH, asked, LeaseAnswer)

    # ---- points and their holders

    def sell(self):
        till, fen = self._till(), self._chance.choice((10_000, 16_400, 333))
        code = f"slip {len(self._sold)}" if self._chance.random() < 0.4 else ""
        holder = self._chance.choice((None, member("a"), member("b"), card("c1")))
        sale = self._sale(till, fen, None if code else holder, code=code)
        self._write(till, sale)
        self._sold.append(Sold(till, sale, fen, code=code, whose=sale.holder is not None))

    def sell_with_card(self):
        """The till has not heard whose the card is."""
        till = self._till()
        sale = self._sale(till, self._chance.choice((10_000, 333)), card("c1"))
        self._write(till, sale)
        self._sold.append(Sold(till, sale, sale.eligible_fen, whose=True))

    def claim(self):
        for one in self._some(lambda one: one.code and not one.whose and one.is_whole):
            one.whose, device = True, self._chance.choice((*self._tills, self._kiosk))
            points = one.sale.eligible_fen // 100
            self._write(device, device.claim(one.code, self._somebody(), points))

    def correct(self):
        for one in self._some(lambda one: not one.code and not one.whose and one.is_whole):
            one.whose, points = True, one.sale.eligible_fen // 100
            self._write(one.till, one.till.correct(one.sale, self._somebody(), points))

    def sell_again(self):
        """The same receipt is read at the sister till too."""
        for one in self._some(lambda one: one.sale.holder and not one.again and not one.decided):
            for other in self._sisters(one.till):
                if other is not one.till and not one.again:
                    one.again = True
                    self._write(other, one.sale)
                    self._by_central("look")

    def sell_alike(self):
        """The sister till sells something of its own, and the receipt looks just the same."""
        for one in self._some(lambda one: one.plain and one.is_whole and not one.again):
            for other in self._sisters(one.till):
                if other is not one.till:
                    holder = self._chance.choice((None, member("b")))
                    sale = structs.replace(one.sale, claim_hash=None, holder=holder)
                    sale = structs.replace(sale, points=sale.eligible_fen // 100 if holder else 0)
                    self._write(other, sale)
                    both = {"whose": holder is not None, "again": True, "alike": True}
                    self._sold.append(Sold(other, sale, sale.eligible_fen, **both))
                    one.again = one.alike = True
                    self.alike.add(print_of(sale))
                    self._by_central("look")

    def hand_on(self):
        """The card gets an owner, or another one; or it is lost, and anybody may find it."""
        who = self._chance.choice((None, *TIERS))
        if who == self._has:
            return
        whose, tags = (who, ("c1",)) if who else (self._has, ())
        self._has = who
        self.hands.append((self.now_ms, SetMember(whose, TIERS[whose], tags)))
        self.order.append((CARD, len(self.hands)))
        self._said[CARD, len(self.hands)] = f"{whose} {len(tags)}"

    def night(self):
        """The last day of c's older points is over."""
        self._by_central("night")

    def take_all_back(self):
        """What a bought comes back, though points of it may be lent."""
        if self._earned is not None:
            one, self._earned = self._earned, None
            till = self.mall.till
            self._write(till, till.refund(one))

    def refund(self):
        for one in self._some(lambda one: one.left_fen):
            till = one.till if one.alike else self._chance.choice(self._sisters(one.till))
            fen = one.left_fen if self._chance.random() < 0.7 else max(one.left_fen // 2, 1)
            number = one.sale.receipt.number
            receipt = till.receipt(self._number(), -fen, Kind.REFUND, original_number=number)
            receipt = self._printed(receipt)
            original = print_of(one.sale) if till is one.till else None
            self._write(till, Refund(till.moment(), receipt, "", -fen, original, None))
            one.left_fen -= fen
            if one.coupon and not one.left_fen:
                one.coupon.on = None

    def number_again(self):
        """The next morning a POS starts its numbers again."""
        for one in self._some(lambda one: not one.decided):
            self.sleep()
            number, holder = one.sale.receipt.number, self._perhaps_b()
            sale = self._sale(one.till, self._chance.choice((10_000, 333)), holder, number=number)
            self._write(one.till, sale)
            self._on_bill(one.till, sale)

    # ---- who is new

    def sell_to_new(self):
        till = self._till()
        sale = self._sale(till, self._chance.choice((10_000, 333)), member("new"))
        self._write(till, sale)
        self._sold.append(Sold(till, sale, sale.eligible_fen, whose=True))

    def refer(self):
        if self._to_refer:
            id_, device = self._to_refer.pop(), self._chance.choice((*self._tills, self._kiosk))
            done = (device.moment(), member("new"), id_, id_, 0, version(PAYING))
            self._write(device, ActivityDone(*done))

    def sleep(self):
        """Whoever has kept something of the days before is not new any more."""
        self.now_ms = self.mall.now_ms = self.mall.now_ms + DAY_MS

    # ---- redemptions

    def redeem(self):
        for one in self._chosen(lambda one: not one.redeemed):
            one.redeemed = True
            lease = self._kiosk.redeem(member(one.who), one.lease, reward=one.reward)
            self._write(self._kiosk, lease)

    def close(self):
        for one in self._chosen(lambda one: one.redeemed and not one.closed):
            one.closed = True
            self._write(self._kiosk, self._kiosk.close_lease(one.lease, one.lease.points))

    def close_unspent(self):
        for one in self._chosen(lambda one: not one.redeemed):
            self._bought.remove(one)
            self._write(self._kiosk, self._kiosk.close_lease(one.lease, 0))

    def hand_out(self):
        for one in self._chosen(lambda one: one.redeemed and not one.used):
            if one.reward not in BILLS:
                till, request_id = self._asked(one)
                one.used = True
                self._write(till, till.use(one.lease.voucher_code, request_id))

    def cancel(self):
        """Central took a redemption back, which only its device knows any more."""
        for one in self._chosen(lambda one: one.redeemed and not one.used and not one.kept):
            one.used, points = True, one.lease.points
            told = (self._kiosk.moment(), one.lease.voucher_code, "back", points)
            self._write(self._kiosk, VoucherCancelled(*told))
            self._bought.remove(one)

    def use(self):
        """A coupon is taken off a bill, and its receipt shows it."""
        for one in self._good():
            till, request_id = self._asked(one)
            bill, one.used = BILLS[one.reward], True
            sale = self._sale(till, bill.due_fen - bill.paid_fen, self._perhaps_b())
            self._write(till, sale, self._use(one, till, request_id, sale))
            one.on = self._on_bill(till, sale, one)

    def raise_(self):
        """A coupon is for a bill whose receipt does not show it."""
        for one in self._good():
            (till, request_id), bill = self._asked(one), BILLS[one.reward]
            sale = self._sale(till, bill.due_fen, self._perhaps_b())
            code, paper = one.lease.voucher_code, print_of(sale)
            raised = CouponChecked(till.moment(), code, "no_line", bill, request_id, paper)
            self._write(till, sale, raised)
            one.kept = (till, request_id, self._on_bill(till, sale))

    def settle(self):
        """A person says what became of it."""
        for one in self._chosen(lambda one: one.kept):
            (till, request_id, sold), one.kept = one.kept, None
            code, bill = one.lease.voucher_code, BILLS[one.reward]
            if self._chance.random() < 0.5:
                no = (till.moment(), code, "released", bill, request_id, print_of(sold.sale), "no")
                self._write(till, CouponChecked(*no))
                continue
            self._write(till, self._use(one, till, request_id, sold.sale))
            one.used, sold.coupon = True, one
            one.on = sold if sold.left_fen else None

    def pay(self):
        """Points pay a part of a bill."""
        if self._lent is None:
            return
        (till, bill, lease), self._lent = self._lent, None
        spend = till.redeem(member("a"), lease, reward=TENDER_REWARD)
        self._write(till, structs.replace(spend, bill=bill))
        outcome = self._chance.choice(("matched", "matched", "matched", "no_line", "no_receipt"))
        checked = (till.moment(), lease.voucher_code, outcome, bill)
        if outcome != "matched":
            self._unmatched = (till, lease.voucher_code, bill)
        if outcome == "no_receipt":
            self._write(till, TenderChecked(*checked))
            return
        sale = self._sale(till, bill.due_fen)
        if outcome == "matched":
            sale = structs.replace(sale, eligible_fen=bill.due_fen - bill.paid_fen)
        self._write(till, sale, TenderChecked(*checked, print_of(sale)))
        self._on_bill(till, sale)

    def take_back(self):
        """Points that paid for nothing anybody finds are given back, which its till knows."""
        if self._unmatched is not None:
            (till, code, bill), self._unmatched = self._unmatched, None
            self._write(till, TenderChecked(till.moment(), code, "taken_back", bill))

    # ---- papers for a person

    def review(self):
        """A paper is not sure; a coupon may have been taken off its bill."""
        one = next(self._good(), None)
        till, request_id = self._asked(one) if one else (self._till(), "")
        read = self._sale(till, BILLS[one.reward].due_fen if one else 10_000)
        opened = ReviewOpened(
            till.moment(), "ef" * 32, till.enrolled.shop_id, ("no_check",), read.receipt.number,
            None, read.receipt.owed_fen, "sale", "CNY", f"{len(self._papers):064x}",
            read_as=print_of(read),
        )  # fmt: skip
        self._write(till, opened)
        if one:
            self._write(till, self._use(one, till, request_id, read))
            one.used, one.on = True, Sold(till, read, read.receipt.owed_fen)
        self._papers.append(Paper(opened, till, read, one))

    def scan(self):
        """Somebody is scanned for it: at its till, or where the paper is shown once more."""
        if self._papers and self._papers[-1] is not None:
            opened, at = self._papers[-1].opened, self._till()
            if at is self._papers[-1].till:
                self._write(at, ReviewHeld(at.moment(), opened.review_id, member("b")))
            else:
                self._write(at, structs.replace(opened, holder=member("b")))

    def decide(self):
        """Somebody types what stands on the paper, as it was read or not."""
        if not self._papers or self._papers[-1] is None:
            return
        paper, self._papers[-1] = self._papers[-1], None
        till, receipt = paper.till, paper.read.receipt
        number = self._chance.choice((receipt.number, self._number()))
        sale = self._sale(till, receipt.owed_fen, self._perhaps_b(), number=number)
        printed = structs.replace(sale.receipt, printed_at=receipt.printed_at)
        sale = structs.replace(sale, receipt=printed, review_id=paper.opened.review_id)
        seen = Believed("sale", number, None, "CNY", receipt.owed_fen, till.enrolled.shop_id)
        decided = (till.moment(), paper.opened.review_id, "corrected", "1001", seen, seen)
        self._write(till, ReviewDecided(*decided), sale)
        sold = self._on_bill(till, sale, paper.coupon)
        if paper.coupon:
            paper.coupon.on = sold

    # ----

    def _by_central(self, what):
        if (what, 0) not in self.order:
            self.order.append((what, 0))

    def _write(self, device, *bodies):
        for body in bodies:
            device.write(body)
            self.order.append((device, len(device.frames)))
            self._said[device, len(device.frames)] = (
                f"{type(body).__name__} {getattr(body, 'outcome', '')}"
            )

    def _sale(self, till, fen, holder=None, *, code="", number=""):
        number = number or self._number()
        sale = till.sale(holder, fen, number=number, code=code or None, book=version(PAYING))
        return structs.replace(sale, receipt=self._printed(sale.receipt))

    def _printed(self, receipt):
        now = datetime.fromtimestamp(self.now_ms / 1000, UTC)
        return structs.replace(receipt, printed_at=now.isoformat()[:19])

    def _number(self):
        self._papers_drawn += 1
        return f"U{self._papers_drawn}"

    def _use(self, one, till, request_id, sale):
        code, by = one.lease.voucher_code, till.id.hex()
        return VoucherUse(till.moment(), code, by, request_id, BILLS[one.reward], print_of(sale))

    def _on_bill(self, till, sale, coupon=None):
        whose = sale.holder is not None
        sold = Sold(till, sale, sale.receipt.owed_fen, coupon, whose=whose, plain=False)
        self._sold.append(sold)
        return sold

    def _asked(self, one):
        """Return where a voucher is handed in, and under what central was asked, if it was."""
        home = one.reward in ("own", "mug")
        self._papers_drawn += 1
        asked = "" if home and not one.used else f"u{self._papers_drawn}"
        return self._tills[0] if home else self._till(), asked

    def _till(self):
        return self._chance.choice(self._tills)

    def _sisters(self, till):
        return [one for one in self._tills if one.enrolled.shop_id == till.enrolled.shop_id]

    def _somebody(self):
        return self._chance.choice((member("b"), card("c1")))

    def _perhaps_b(self):
        return self._chance.choice((None, member("b")))

    def _some(self, wanted):
        found = [one for one in self._sold if wanted(one)]
        yield from self._chance.sample(found, min(len(found), 1))

    def _chosen(self, wanted):
        found = [one for one in self._bought if wanted(one)]
        yield from self._chance.sample(found, min(len(found), 1))

    def _good(self):
        def is_good(one):
            free = one.on is None and one.kept is None
            return one.reward in BILLS and one.redeemed and free

        return self._chosen(is_good)
