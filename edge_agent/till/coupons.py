"""Coupons at this till: kept for a bill, used up with its receipt, put back without one.

The cashier scans the coupon, types what the POS says is due, keys in what the panel shows, and the
receipt that follows must show it. Its use is written with its sale, all or nothing. A bill that
never comes lets go of the coupon; what does not fit is for a person, who says what became of it.
"""

from typing import Literal

from msgspec import UNSET, Struct, structs

from edge_agent import commands
from edge_agent.effects import Now, Record
from edge_agent.journal.errors import JournalError
from edge_agent.journal.identity import Identity
from edge_agent.journal.journal import Journal
from edge_agent.journal.spending.coupons import KeptCoupon
from edge_agent.messages import SyncChanged
from edge_agent.phrases import Phrase, Tone, own_words, phrase
from edge_agent.till import matching
from edge_agent.till.amount import fen_of
from edge_agent.till.intake import Finding, Sold
from edge_agent.till.tendering import READ_S, RECEIPT_S
from loyalty.coupons import said, taken_off
from loyalty.events import Bill, Body, CouponChecked, Moment, VoucherUse
from loyalty.receipt import fingerprint
from loyalty.rules.earning import Reason
from loyalty.rules.reasons import money
from loyalty.tender_events import CouponOutcome
from loyalty.wire import RewardRow
from receipts.reading import Reading

Told = tuple[Tone, Phrase]
Step = Literal["amount", "awaited", "raised"]


class Shown(Struct, frozen=True):
    """What the panel shows of a coupon: its terms, and `why` an amount or a receipt is wrong."""

    step: Step
    kept: KeptCoupon
    terms: Phrase
    reward: RewardRow | None
    why: Phrase | None = None


class Coupons:
    """The one coupon that this till keeps for a bill. Called by the agent's loop only."""

    def __init__(self, journal: Journal, identity: Identity) -> None:
        self._journal = journal
        self._by = identity.device_id.hex()
        self._kept = journal.coupon_awaiting()
        self._why: Phrase | None = None
        self._begun_s: float | None = None
        self._unanswered: tuple[VoucherUse, ...] = ()

    @property
    def shown(self) -> Shown | None:
        """What the panel shows; None while no coupon is kept."""
        kept = self._kept
        if kept is None:
            return None
        step: Step = "awaited" if kept.bill.paid_fen else "amount"
        why = self._why
        if kept.outcome:
            step, why = "raised", phrase(Reason(f"coupon_{kept.outcome}"))
        rewards = self._journal.rewards()
        reward = next((one for one in rewards if one.reward_id == kept.reward_id), None)
        return Shown(step, kept, phrase(said(kept.coupon)), reward, why)

    def keeps_another(self, code: str) -> bool:
        """Tell whether a coupon other than this one is kept here."""
        return self._kept is not None and self._kept.voucher_code != code

    def keep(self, coupon: KeptCoupon) -> Told:
        """Keep a coupon that this till may take for the next bill."""
        if self.keeps_another(coupon.voucher_code):
            self._write(_checked(coupon, "released", coupon.at))
            return "error", own_words("coupon_one_at_a_time")
        if self._kept is None:
            try:
                self._journal.keep_coupon(coupon)
            except JournalError:
                return "error", own_words("not_recorded")
            self._kept, self._why = coupon, None
        return "ok", own_words("coupon_kept")

    def unanswered(self, asked: VoucherUse) -> None:
        """Note a coupon that central may have taken for us without our hearing of it.

        Scanned again it is asked about as before; if nobody does, it is put back in time.
        """
        others = (one for one in self._unanswered if one.voucher_code != asked.voucher_code)
        self._unanswered = (*others, asked)

    def handle(self, message: object, now: Now) -> Told | None:
        """Act on what the cashier touched, and on what central has to say of a raised coupon."""
        match message:
            case SyncChanged() if self._kept and self._journal.is_coupon_closed(self._kept):
                return self.put_back("", now)
            case commands.CouponBill(amount=amount):
                return self.typed(amount, now)
            case commands.CouponBack(why=why):
                return self.put_back(why, now)
            case commands.CouponUsed():
                return self.take(now)
        return None

    def typed(self, amount: str, now: Now) -> Told | None:
        """Show what the coupon takes off a bill of this amount, or say why it does not."""
        kept = self._kept
        if kept is None or kept.outcome:
            return None
        due_fen = fen_of(amount)
        if due_fen is None:
            return "error", own_words("pay_amount_unread")
        off_fen = taken_off(kept.coupon, due_fen)
        refusal = phrase(off_fen) if isinstance(off_fen, Reason) else None
        bill = Bill(due_fen, 0 if isinstance(off_fen, Reason) else off_fen)
        kept = structs.replace(kept, bill=bill, at=now.moment)
        try:
            self._journal.keep_coupon(kept)
        except JournalError:
            return "error", own_words("not_recorded")
        self._kept, self._why = kept, refusal
        if refusal is not None:
            return "error", refusal
        return "ok", own_words("coupon_key_in", amount=money(bill.paid_fen))

    # ---- its receipt

    def receipt_of(
        self, readings: tuple[Reading, ...], started_s: float, shop_id: str, now: Now
    ) -> tuple[tuple[Reading, ...], tuple[Record, ...]]:
        """Return a job's readings with what the coupon paid, and what is recorded with them."""
        kept = self._kept
        if kept is None or kept.outcome or not kept.bill.paid_fen:
            return readings, ()
        if started_s < _since_s(kept, now):
            return readings, ()
        found = matching.match_coupon(readings, kept.bill, kept.valid_until)
        if found is None:
            return readings, ()
        paper = fingerprint(readings[found.place].receipt(shop_id)).hex()
        if found.outcome != "matched":
            return readings, (Record((_checked(kept, found.outcome, now.moment, paper),)),)
        readings = matching.as_taken_off(readings, found, kept.bill)
        return readings, (Record((self._use(kept, now, paper),)),)

    def told_on(
        self, findings: tuple[Finding, ...], taken: tuple[Record, ...]
    ) -> tuple[Finding, ...]:
        """Return the findings with what the coupon took off told on the slip of its sale."""
        off = {
            body.fingerprint: body.bill.paid_fen
            for record in taken
            for body in record.bodies
            if isinstance(body, VoucherUse) and body.bill is not UNSET
        }
        return tuple(
            structs.replace(one, coupon_fen=off[one.fingerprint])
            if isinstance(one, Sold) and one.fingerprint in off
            else one
            for one in findings
        )

    def recorded(self) -> Told | None:
        """Look at what became of the coupon after a job was recorded; tell it if it is news."""
        before = self._kept
        self._kept = self._journal.coupon_awaiting()
        if before is None or before.outcome:
            return None
        if self._kept is None:
            return "ok", own_words("coupon_matched", amount=money(before.bill.paid_fen))
        if self._kept.outcome:
            return "error", phrase(Reason(f"coupon_{self._kept.outcome}"))
        return None

    def tick(self, now: Now, *, reading: bool) -> Told | None:
        """Let go of a coupon whose bill has not come in time, while no job is being read."""
        if self._begun_s is None:
            self._begun_s = now.boottime_s  # jobs of before this run may still come in
        self._put_unanswered_back(now)
        kept = self._kept
        if kept is None or kept.outcome:
            return None
        over_s = now.boottime_s - max(_since_s(kept, now), self._begun_s) - RECEIPT_S
        if over_s <= (READ_S if reading else 0):
            return None
        return self.put_back("", now)

    def bill_may_wait(self, now: Now) -> None:
        """Give the bill its time anew: a job waits that cannot be taken in yet."""
        self._begun_s = now.boottime_s

    # ---- a person's word

    def put_back(self, why: str, now: Now) -> Told | None:
        """Let go of the coupon: no bill took it."""
        kept = self._kept
        if kept is None:
            return None
        body = _checked(kept, "released", now.moment, kept.fingerprint, why.strip())
        return self._settled(body, own_words("coupon_put_back"))

    def take(self, now: Now) -> Told | None:
        """Use the coupon up on the receipt that did not fit: a person says that it took it off."""
        kept = self._kept
        if kept is None or not kept.outcome:
            return None
        words = own_words("coupon_matched", amount=money(kept.bill.paid_fen))
        return self._settled(self._use(kept, now, kept.fingerprint), words)

    # ----

    def _put_unanswered_back(self, now: Now) -> None:
        for asked in self._unanswered:
            if now.moment.boottime_ms - asked.at.boottime_ms <= RECEIPT_S * 1000:
                continue
            code, request_id = asked.voucher_code, asked.request_id
            under_way = self._journal.voucher_request(code) == request_id
            is_kept = self._kept is not None and self._kept.voucher_code == code
            body = CouponChecked(now.moment, code, "released", Bill(0, 0), request_id)
            if is_kept or not under_way or self._write(body):
                self._unanswered = tuple(one for one in self._unanswered if one != asked)

    def _use(self, kept: KeptCoupon, now: Now, paper: str) -> VoucherUse:
        code, request_id = kept.voucher_code, kept.request_id
        return VoucherUse(now.moment, code, self._by, request_id, kept.bill, paper)

    def _settled(self, body: Body, words: Phrase) -> Told:
        if not self._write(body):
            return "error", own_words("not_recorded")
        self._kept, self._why = self._journal.coupon_awaiting(), None
        return "attention", words

    def _write(self, body: Body) -> bool:
        try:
            self._journal.append([body])
        except JournalError:
            return False  # it stays on the screen, and the next touch or tick tries again
        return True


def _checked(
    kept: KeptCoupon, outcome: CouponOutcome, at: Moment, paper: str = "", why: str = ""
) -> CouponChecked:
    code, request_id = kept.voucher_code, kept.request_id
    return CouponChecked(at, code, outcome, kept.bill, request_id, paper, why)


def _since_s(kept: KeptCoupon, now: Now) -> float:
    """Return when the coupon was kept by this boot's clock; before it, as long ago as can be."""
    if kept.at.boot_id != now.moment.boot_id:
        return float("-inf")
    return kept.at.boottime_ms / 1000
