"""A member's reward at this till: chosen and confirmed on the panel, handed over at once or later.

The rules are those of every screen (`edge_agent.redeeming.flow`); here stands what a till adds: the
member is who waits for the next sale, and what was just redeemed can be handed in here.
"""

from collections.abc import Callable

from msgspec import structs

from edge_agent import commands
from edge_agent.effects import AskBalance, Member, Now, SyncNow, Terms
from edge_agent.messages import BalanceAnswered, SyncChanged
from edge_agent.phrases import Phrase, Tone, own_words
from edge_agent.redeeming import flow
from edge_agent.redeeming.counter import Counter
from edge_agent.redeeming.inputs import Chosen, Confirmed, PiecesSet, PinTyped, PlateTyped
from edge_agent.redeeming.state import Effects, Visit, home
from edge_agent.till.handing_in import HandingIn
from loyalty.codes import VoucherCode

#: What a member left open is closed so long after the last touch.
IDLE_S = 180.0
Told = tuple[Tone, Phrase]
_TOUCHES = (Chosen, PiecesSet, PlateTyped, Confirmed, PinTyped)


class Redeeming:
    """Redemptions at one till, one at a time. Called by the agent's loop only."""

    def __init__(
        self,
        counter: Counter,
        handing_in: HandingIn,
        sync_now: Callable[[], None],
        paper_now: Callable[[], None],
    ) -> None:
        self.counter = counter
        self._handing_in = handing_in
        self._sync_now = sync_now
        self._paper_now = paper_now
        self.visit: Visit | None = None

    def handle(self, message: object, member: Member | None, now: Now, terms: Terms) -> Told | None:
        """Act on what was touched or answered; `member` is who waits for the next sale."""
        match message:
            case commands.Rewards():
                return self._open(member, now)
            case commands.Leave():
                self.close(now)
                return None
            case commands.HandOver():
                return self._hand_over(now)
        visit = self.visit
        event = self.counter.event(message, None if visit is None else visit.member, now, terms)
        if visit is None:
            return None
        match message:
            case BalanceAnswered(holder=holder, answer=answer):
                if visit.member is None or visit.member.holder != holder:
                    return None
                self.counter.balance_came(visit.member, now, terms)
                return self._keep((flow.balance_told(visit, answer), ()), now)
            case SyncChanged() if visit.member is not None:
                return self._keep((visit, (AskBalance(visit.member.holder),)), now)
            case commands.Back() if visit.step in ("confirm", "prove", "done", "refused"):
                return self._keep((home(visit), flow.let_go(visit)), now)
        if event is None:
            return None
        if isinstance(event, _TOUCHES):
            visit = structs.replace(visit, touched_s=now.boottime_s)
            return self._keep(flow.touched(visit, event, now, terms), now)
        return self._keep(flow.told(visit, event, now, terms), now)

    def scanned(self, member: Member, now: Now) -> bool:
        """Take the fresh pass of the member who must prove; False: the scan is for a sale.

        Whoever is scanned next takes the panel over, but for points that are on their way.
        """
        visit = self.visit
        if visit is None or visit.member is None:
            return False
        result = flow.proven(visit, member)
        if result is None:
            if visit.member.holder != member.holder:
                self.close(now)
            return False
        self._keep(result, now)
        return True

    def close(self, now: Now) -> None:
        """Close the card; a question that is on its way goes on without it."""
        if self.visit is not None and self.visit.step != "working":
            for effect in flow.let_go(self.visit):
                self.counter.ask(effect, now)
            self.visit = None

    def tick(self, now: Now) -> None:
        """Let time pass: nobody's points stay on the panel."""
        self.counter.tick(now)
        if self.visit is not None and now.boottime_s > self.visit.touched_s + IDLE_S:
            self.close(now)

    def _open(self, member: Member | None, now: Now) -> Told | None:
        if member is None:
            return "error", own_words("redeem_scan_first")
        if self.visit is not None and self.visit.step == "working":
            return None
        self.close(now)
        self.visit = Visit(
            step="home", member=member, available=member.balance, touched_s=now.boottime_s
        )
        self.counter.ask(AskBalance(member.holder), now)
        return None

    def _hand_over(self, now: Now) -> Told | None:
        """Take the voucher that was just made, as if its slip had been scanned."""
        visit = self.visit
        if visit is None or visit.voucher is None or visit.step != "done":
            return None
        signed = visit.voucher.signed
        self.visit = None
        return self._handing_in.scanned(VoucherCode(code=None, signed=signed), now)

    def _keep(self, result: tuple[Visit, Effects], now: Now) -> Told | None:
        """Keep a step only if the journal took what belongs to it; return what is news."""
        before = self.visit
        visit, effects = result
        failure = self.counter.write(effects, visit.request_id)
        if failure is not None:
            self.visit = None
            return "error", failure
        self.visit = visit
        for effect in effects:
            if not self.counter.ask(effect, now):
                self._paper_now()
            if isinstance(effect, SyncNow):
                self._sync_now()
        if before is None or visit.notice is None or visit.tone is None:
            return None
        return (visit.tone, visit.notice) if visit.notices > before.notices else None
