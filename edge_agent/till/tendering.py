"""Points as money at this till: what may pay, the spend, and the receipt that must follow.

Central lends exactly these points while the cashier waits; nothing is paid without it. What was
paid and not found on a receipt is raised here and at central, and never settled in silence. What a
receipt says of it decides `matching`, how many points may pay `loyalty.rules.paying`.
"""

import contextlib
import secrets
from collections.abc import Callable
from typing import Literal

from msgspec import Struct, structs

from edge_agent import commands
from edge_agent.asking import Ask
from edge_agent.effects import AskCancel, AskLease, Member, Now, Record, Terms
from edge_agent.journal.errors import JournalError
from edge_agent.journal.journal import Journal
from edge_agent.journal.spending.payments import PaymentRecord
from edge_agent.messages import CancelAnswered, LeaseAnswered, SyncChanged
from edge_agent.phrases import Phrase, Tone, own_words, phrase
from edge_agent.proving import TRY_AGAIN, next_try, wants_proof
from edge_agent.till import matching
from edge_agent.till.amount import fen_of
from loyalty.events import Bill, Redeem, TenderChecked
from loyalty.receipt import fingerprint
from loyalty.rules.earning import Reason
from loyalty.rules.paying import Payable, payable
from loyalty.rules.reasons import money
from loyalty.rules.tender import TENDER_REWARD
from loyalty.tender_events import Outcome
from loyalty.wire import LeaseAnswer
from receipts.reading import Reading

#: How long a receipt may take after the points were spent.
RECEIPT_S = 600.0
#: What was begun and not confirmed is closed so long after the last touch.
IDLE_S = 180.0
#: A job that is still being read keeps a payment waiting no longer than this beyond it.
READ_S = 600.0
Told = tuple[Tone, Phrase]
Step = Literal["amount", "offer", "prove", "working", "awaited", "raised"]


class Shown(Struct, frozen=True):
    """What the panel shows of a payment; `why` is the limit, the refusal or the mismatch."""

    step: Step
    member: Member | None = None
    bill: Bill = Bill(0, 0)
    points: int = 0
    why: Phrase | None = None
    request_id: str = ""


class Tendering:
    """Payments with points at one till, one at a time. Called by the agent's loop only."""

    def __init__(
        self,
        journal: Journal,
        ask: Callable[[Ask], None],
        sync_now: Callable[[], None],
        token: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        self._journal = journal
        self._ask = ask
        self._sync_now = sync_now
        self._token = token
        self._asked: Shown | None = None
        self._left: set[str] = set()
        self._touched_s = 0.0
        self._awaited = self._oldest()
        self.shown: Shown | None = None
        self._show_awaited()

    def handle(self, message: object, member: Member | None, now: Now, terms: Terms) -> Told | None:
        """Act on what the cashier touched or central answered; `member` waits for the next sale."""
        if isinstance(message, commands.Pay | commands.PayBill | commands.PayConfirm):
            self._touched_s = now.boottime_s
        match message:
            case commands.Pay() if self._asked is None:
                return self.open(member, terms)
            case commands.PayBill(amount=amount):
                return self.typed(amount, terms)
            case commands.PayConfirm():
                self.confirm(terms)
            case commands.Prove(pin=pin):
                self.prove(pin)
            case commands.PayTakeBack(why=why):
                return self.take_back(why)
            case commands.PayLeave():
                self.leave()
            case LeaseAnswered():
                return self.answered(message, now)
            case CancelAnswered():
                return self.cancelled(message, now)
            case SyncChanged():
                return self.synced(now)
        return None

    # ---- before the points are spent

    def open(self, member: Member | None, terms: Terms) -> Told | None:
        """Begin for the member who waits for the next sale."""
        if terms.book.tender is None:
            return "error", phrase(Reason("paying_off"))
        if self._awaited is not None:
            return "error", own_words("pay_one_at_a_time")
        if member is None:
            return "error", own_words("pay_scan_first")
        if member.balance is None:
            return "error", own_words("pay_balance_unknown")
        self.shown = Shown("amount", member)
        return None

    def typed(self, amount: str, terms: Terms) -> Told | None:
        """Offer what may pay for a bill of this amount, or say why nothing does."""
        shown = self.shown
        if shown is None or shown.step not in ("amount", "offer") or shown.member is None:
            return None
        due_fen = fen_of(amount)
        if due_fen is None:
            return "error", own_words("pay_amount_unread")
        found = payable(terms.book.tender, due_fen, shown.member.balance or 0)
        if isinstance(found, Payable):
            bill = Bill(due_fen, found.amount_fen)
            self.shown = Shown("offer", shown.member, bill, found.points, phrase(found.why))
            return None
        self.shown = Shown("amount", shown.member, Bill(due_fen, 0), 0, phrase(found))
        return "error", phrase(found)

    def confirm(self, terms: Terms) -> None:
        """Ask central for the points, with the member's proof where that is wanted."""
        shown = self.shown
        if shown is None or shown.step != "offer" or shown.member is None:
            return
        proven = bool(shown.member.shown_pass)
        shown = structs.replace(shown, request_id=self._token(16), why=None)
        if wants_proof(shown.points, terms.book) and not proven:
            self.shown = structs.replace(shown, step="prove")
        else:
            self._lend(shown)

    def prove(self, pin: str) -> None:
        """Ask central with the PIN that the member typed, which is kept nowhere."""
        if self.shown is not None and self.shown.step == "prove":
            self._lend(self.shown, pin)

    def scanned(self, member: Member) -> bool:
        """Take the fresh pass of who must prove; False: for a sale, and another's closes this."""
        shown = self.shown
        if shown is None or shown.member is None:
            return False
        if member.holder != shown.member.holder:
            self.close()
            return False
        if shown.step != "prove" or not member.shown_pass:
            return False
        self._lend(structs.replace(shown, member=member))
        return True

    def close(self) -> None:
        """Close what nothing was paid with; a payment without its receipt stays."""
        if self.shown is not None and self.shown.step != "working":
            self.shown = None
            self._show_awaited()

    def _lend(self, shown: Shown, pin: str = "") -> None:
        member = shown.member
        if member is None:
            return
        self._asked = self.shown = structs.replace(shown, step="working")
        ask = AskLease(
            shown.request_id,
            member.holder,
            TENDER_REWARD,
            pin,
            member.shown_pass,
            points=shown.points,
            bill=shown.bill,
        )
        self._ask(ask)

    # ---- the spend

    def answered(self, told: LeaseAnswered, now: Now) -> Told | None:
        """Spend the points that central lent, or say why it did not."""
        asked = self._asked
        if asked is None or told.request_id != asked.request_id:
            return None
        self._asked = None
        if told.answer is None:
            return self._refused(asked, phrase(Reason("offline")))
        refusal = told.answer.refusal
        if refusal is not None and refusal.code in TRY_AGAIN:
            again = next_try(asked.request_id)
            member = asked.member and structs.replace(asked.member, shown_pass="")
            words = phrase(refusal)
            self.shown = structs.replace(
                asked, step="prove", request_id=again, member=member, why=words
            )
            return "error", words
        if refusal is not None:
            return self._refused(asked, phrase(refusal))
        return self._spend(asked, told.answer, now)

    def _spend(self, asked: Shown, lease: LeaseAnswer, now: Now) -> Told | None:
        if asked.member is None:
            return None
        body = Redeem(
            at=now.moment,
            holder=asked.member.holder,
            lease_id=lease.lease_id,
            points=lease.points,
            reward_id=TENDER_REWARD,
            voucher_code=lease.voucher_code,
            bill=asked.bill,
        )
        try:
            self._journal.append([body])
        except JournalError:
            with contextlib.suppress(JournalError):  # else the next run gives the points back
                self._journal.lease_dropped(asked.request_id)
            return self._refused(asked, own_words("not_recorded"))
        self._settled()
        self._sync_now()
        amount = money(asked.bill.paid_fen)
        return "ok", own_words("pay_spent", amount=amount)

    def _refused(self, asked: Shown, why: Phrase) -> Told:
        self.shown = structs.replace(asked, step="amount", why=why)
        return "error", why

    # ---- its receipt

    def receipt_of(
        self, readings: tuple[Reading, ...], started_s: float, shop_id: str, now: Now
    ) -> tuple[tuple[Reading, ...], tuple[Record, ...]]:
        """Return a job's readings with what points paid, and what is to be recorded with them."""
        awaited = self._awaited
        if awaited is None or awaited.outcome or started_s < _paid_s(awaited, now):
            return readings, ()
        found = matching.match(readings, awaited.bill)
        if found is None:
            return readings, ()
        paper = fingerprint(readings[found.place].receipt(shop_id)).hex()
        body = structs.replace(_checked(awaited, found.outcome, now), fingerprint=paper)
        return matching.as_paid(readings, found, awaited.bill), (Record((body,)),)

    def recorded(self) -> Told | None:
        """Look at what became of the payment after a job was recorded; tell it if it is news."""
        before = self._awaited
        self._settled()
        if before is None or before.outcome:
            return None
        if self._awaited is None:
            return "ok", own_words("pay_matched", amount=money(before.bill.paid_fen))
        return ("error", _why(self._awaited)) if self._awaited.outcome else None

    def tick(self, now: Now, *, reading: bool) -> Told | None:
        """Raise a payment whose receipt has not come in time, while no job is being read."""
        awaited = self._awaited
        if awaited is None:
            if now.boottime_s > self._touched_s + IDLE_S:
                self.close()
            return None
        over_s = now.boottime_s - _paid_s(awaited, now) - RECEIPT_S
        if awaited.outcome or over_s <= (READ_S if reading else 0):
            return None
        return self._note(awaited, "no_receipt", now)

    # ---- taking it back

    def take_back(self, why: str) -> Told | None:
        """Ask central to give the points of a payment without its receipt back."""
        awaited = self._awaited
        if awaited is None or not why.strip():
            return None
        self._ask(AskCancel(f"back-{awaited.voucher_code}", awaited.voucher_code, why.strip()))
        return "info", own_words("checking")

    def cancelled(self, told: CancelAnswered, now: Now) -> Told | None:
        """Note that the points are the member's again, or say why not."""
        awaited = self._awaited
        if awaited is None or told.voucher_code != awaited.voucher_code:
            return None
        if told.answer is None:
            return "error", own_words("cancel_offline")
        refusal = told.answer.refusal
        if refusal is not None and refusal.code != "voucher_cancelled":
            return "error", phrase(refusal)
        return self._note(awaited, "taken_back", now)

    def synced(self, now: Now) -> Told | None:
        """Learn that the service desk took a payment back."""
        awaited = self._awaited
        if awaited is None or not self._journal.voucher_cancelled(awaited.voucher_code):
            return None
        return self._note(awaited, "taken_back", now)

    def leave(self) -> None:
        """Leave a payment that was raised to the service desk: the till goes on."""
        if self._awaited is not None and self._awaited.outcome:
            self._left.add(self._awaited.voucher_code)
            self._settled()

    # ----

    def _note(self, awaited: PaymentRecord, outcome: Outcome, now: Now) -> Told | None:
        try:
            self._journal.append([_checked(awaited, outcome, now)])
        except JournalError:
            return None  # the next tick or answer tries again; the payment stays on the screen
        self._settled()
        self._sync_now()
        if outcome == "taken_back":
            return "attention", own_words("cancelled", awaited.points)
        return "error", _why(structs.replace(awaited, outcome=outcome))

    def _settled(self) -> None:
        self._awaited, self.shown = self._oldest(), None
        self._show_awaited()

    def _oldest(self) -> PaymentRecord | None:
        unsettled = self._journal.payments_unsettled()
        return next((one for one in unsettled if one.voucher_code not in self._left), None)

    def _show_awaited(self) -> None:
        awaited = self._awaited
        if awaited is not None and self.shown is None:
            step: Step = "raised" if awaited.outcome else "awaited"
            why = _why(awaited) if awaited.outcome else None
            self.shown = Shown(step, None, awaited.bill, awaited.points, why)


def _checked(awaited: PaymentRecord, outcome: Outcome, now: Now) -> TenderChecked:
    return TenderChecked(now.moment, awaited.voucher_code, outcome, awaited.bill)


def _why(payment: PaymentRecord) -> Phrase:
    return phrase(Reason(f"tender_{payment.outcome}"))


def _paid_s(payment: PaymentRecord, now: Now) -> float:
    """Return when points were spent by this boot's clock; before it, as long ago as can be."""
    if payment.at.boot_id != now.moment.boot_id:
        return float("-inf")
    return payment.at.boottime_ms / 1000
