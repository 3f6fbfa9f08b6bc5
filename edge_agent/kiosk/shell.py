"""A kiosk: feeds the state machine in `machine` with scans, touches and central's answers."""

from collections.abc import Callable

from edge_agent import commands
from edge_agent.devices.ports import NotTaken, Scanned
from edge_agent.effects import Member, Now, SyncNow, Terms
from edge_agent.journal.identity import Identity
from edge_agent.journal.journal import Journal
from edge_agent.kiosk import inputs, machine
from edge_agent.kiosk.state import State
from edge_agent.messages import BalanceAnswered, ClaimAnswered, SyncChanged
from edge_agent.people import member_of
from edge_agent.phrases import Phrase, own_words, why_refused
from edge_agent.redeeming.counter import Counter
from edge_agent.taking_part import TakingPart
from loyalty.codes import ClaimCode, SignedActivity, VoucherCode, claim_hash, classify
from loyalty.events import Holder


class KioskStand:
    """One kiosk's shell around its state machine. Called by the agent's loop only."""

    def __init__(
        self,
        journal: Journal,
        identity: Identity,
        taking_part: TakingPart,
        counter: Counter,
        sync_now: Callable[[], None],
        paper_now: Callable[[], None],
    ) -> None:
        self._journal = journal
        self._identity = identity
        self._taking_part = taking_part
        self.counter = counter
        self._sync_now = sync_now
        self._paper_now = paper_now
        self.state = State()

    def handle(self, message: object, now: Now, terms: Terms) -> None:
        """Act on one message of the inbox; what is not a kiosk's is left alone."""
        event = self._event(message, now, terms)
        if event is not None:
            self._step(event, now, terms)
            self._take_part(event, now, terms)
            self._tell_refusals(now, terms)

    def tick(self, now: Now, terms: Terms) -> None:
        """Let time pass."""
        self.counter.tick(now)
        self._step(inputs.Tick(), now, terms)

    def _event(self, message: object, now: Now, terms: Terms) -> inputs.Input | None:
        match message:
            case Scanned(text=text):
                return self._scanned(text, now, terms, typed=False)
            case NotTaken(why=why):
                return inputs.ScanFailed(own_words(why))
            case SyncChanged():
                return inputs.Synced()
            case BalanceAnswered(holder=holder, answer=answer):
                here = self.state.member is not None and self.state.member.holder == holder
                if not here:
                    return None
                self.counter.balance_came(self.state.member, now, terms)
                return inputs.BalanceTold(answer)
            case ClaimAnswered(answer=answer):
                return inputs.ClaimTold(answer)
            case _:
                return self._touched(message, now, terms)

    def _take_part(self, event: inputs.Input, now: Now, terms: Terms) -> None:
        """Let a member who was just scanned do the activity whose code came first."""
        member = self.state.member
        if isinstance(event, inputs.MemberScanned) and member is not None:
            took = self._taking_part.member_came(member, now, terms)
            if took is not None:
                self._step(inputs.TookPart(took), now, terms)

    def _tell_refusals(self, now: Now, terms: Terms) -> None:
        """Tell the member on the screen, and nobody else, what central said of what they did."""
        member = self.state.member
        if member is None or self.state.step == "working":
            return
        for took in self._taking_part.news(terms, member):
            self._step(inputs.TookPart(took), now, terms)
        for refused in self._journal.refused_claims():
            if refused.holder == member.holder or self._is_of(member, refused.holder):
                words = why_refused("claim_refused", refused.reason)
                self._step(inputs.ScanFailed(words), now, terms)
                self._journal.refusal_told(refused.claim_hash)

    def _is_of(self, member: Member, holder: Holder) -> bool:
        """Tell whether a card that claimed has become this member's meanwhile."""
        return holder.kind == "card" and self._journal.holder_of(holder.key) == member.holder

    def _touched(self, message: object, now: Now, terms: Terms) -> inputs.Input | None:
        match message:
            case commands.Scan(text=text):
                return self._scanned(text, now, terms, typed=True)
            case commands.Back():
                return inputs.Back()
            case commands.Leave():
                self._taking_part.forget()
                return inputs.Left()
            case commands.Stay():
                return inputs.Stayed()
            case _:
                return self.counter.event(message, self.state.member, now, terms)

    def _scanned(self, text: str, now: Now, terms: Terms, *, typed: bool) -> inputs.Input | None:
        scan = classify(text)
        if isinstance(scan, SignedActivity):
            if self.state.step == "working":
                return None  # the points of a redemption are on their way: one thing at a time
            took = self._taking_part.scanned(scan.signed, self.state.member, now, terms)
            return inputs.TookPart(took)
        if isinstance(scan, ClaimCode):
            return inputs.ClaimScanned(claim_hash(scan.code))
        if isinstance(scan, VoucherCode):
            return inputs.ScanFailed(own_words("voucher_at_till"))
        found = member_of(scan, self._identity, self._journal, now.moment, typed=typed)
        return (
            inputs.ScanFailed(found) if isinstance(found, Phrase) else inputs.MemberScanned(found)
        )

    def _step(self, event: inputs.Input, now: Now, terms: Terms) -> None:
        """Take one step; keep its state only if the journal took what belongs to it."""
        state, effects = machine.step(self.state, event, now, terms)
        failure = self.counter.write(effects, state.request_id)
        if failure is not None:
            failed = inputs.ScanFailed(failure)
            begun_anew = State(notices=self.state.notices)
            self.state, _ = machine.step(begun_anew, failed, now, terms)
            return
        self.state = state
        for effect in effects:
            if self.counter.ask(effect, now):
                continue
            self._paper_now()
            if isinstance(effect, SyncNow):  # an activity away from central has a slip
                self._sync_now()
