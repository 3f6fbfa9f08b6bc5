"""Points that central lent this run beforehand, so that a member can redeem while it is away.

One lease for each member at most, spent once, only in the run that asked for it and within its time
by the boot's own clock (SYNC 2.5). It lives in the memory of this run alone; the journal has the
request, so that the next run gives back what this one left.
"""

from collections.abc import Callable

from msgspec import Struct

from edge_agent.asking import Ask
from edge_agent.effects import AskLease, Now
from edge_agent.journal.errors import JournalError
from edge_agent.journal.journal import Journal
from edge_agent.messages import LeaseAnswered
from edge_agent.phrases import Phrase
from edge_agent.redeeming.reach import Reach
from loyalty.events import Holder
from loyalty.leases import READY_REWARD, spendable_ms
from loyalty.rules.earning import Reason
from loyalty.rules.rulebook import RuleBook
from loyalty.wire import LeaseAnswer


class Lent(Struct, frozen=True):
    """A lease for whatever its member may want; `until_s` by the boot's own clock."""

    request_id: str
    lease: LeaseAnswer
    until_s: float


class Lending:
    """What this run was lent beforehand. Called by the agent's loop only."""

    def __init__(
        self, journal: Journal, ask: Callable[[Ask], None], token: Callable[[int], str]
    ) -> None:
        self._journal = journal
        self._ask = ask
        self._token = token
        self._asked: dict[str, tuple[Holder, float]] = {}
        self._lent: dict[Holder, Lent] = {}
        self._why: dict[Holder, str] = {}
        self._dropped: set[str] = set()

    def wanted(self, holder: Holder, book: RuleBook, now: Now) -> None:
        """Ask for what the programme lends beforehand, unless this member has it here already."""
        waits = any(asked == holder for asked, _ in self._asked.values())
        if not book.offline_points or holder.kind == "card" or holder in self._lent or waits:
            return
        request_id = self._token(16)
        self._asked[request_id] = (holder, now.boottime_s)
        self._ask(AskLease(request_id, holder, READY_REWARD, points=book.offline_points))

    def answered(self, told: LeaseAnswered) -> None:
        """Keep what central lent, or why it lends nothing beforehand."""
        holder, asked_s = self._asked.pop(told.request_id, (None, 0.0))
        if holder is None or told.answer is None:
            return
        if told.answer.refusal is not None:
            self._why[holder] = "offline_none_lent"
            return
        until_s = asked_s + spendable_ms(told.answer.ttl_s) / 1000
        self._lent[holder] = Lent(told.request_id, told.answer, until_s)

    def reach(
        self, holder: Holder | None, book: RuleBook, *, shop: str, place: Phrase | None
    ) -> Reach:
        """Return what can be spent here for a member while central is away."""
        lent = None if holder is None else self._lent.get(holder)
        if lent is not None:
            return Reach(False, lent.lease, shop=shop, request_id=lent.request_id, place=place)
        return Reach(False, why=self._why_not(holder, book), shop=shop)

    def spent(self, request_id: str) -> None:
        """Forget a lease that the journal has a spend of."""
        self._forget(request_id, "offline_lent_spent")

    def give_back(self, lease_id: str, now: Now) -> bool:
        """Close a lease in the journal, for good; False if the journal did not take that."""
        lent = next((one for one in self._lent.values() if one.lease.lease_id == lease_id), None)
        if lent is None:
            return False
        self._forget(lent.request_id, "offline_not_lent")
        try:
            self._journal.lease_dropped(lent.request_id)
            self._journal.close_lease(self._journal.session, lent.request_id, now.moment)
        except JournalError:
            self._dropped.add(lent.request_id)
            return False
        return True

    def tick(self, now: Now) -> None:
        """Let go of what can be spent no longer: sync gives it back."""
        over = [one for one in self._lent.values() if now.boottime_s >= one.until_s]
        for lent in over:
            self._forget(lent.request_id, "offline_lent_over")
            self._dropped.add(lent.request_id)
        for request_id in sorted(self._dropped):
            try:
                self._journal.lease_dropped(request_id)
            except JournalError:
                return  # at the next tick; else the next run gives it back
            self._dropped.discard(request_id)

    def _forget(self, request_id: str, why: str) -> None:
        for holder, lent in list(self._lent.items()):
            if lent.request_id == request_id:
                del self._lent[holder]
                self._why[holder] = why

    def _why_not(self, holder: Holder | None, book: RuleBook) -> Reason:
        if not book.offline_points:
            return Reason("offline_off")
        if holder is None or holder.kind == "card":
            return Reason("offline_card")
        if holder in self._why:
            return Reason(self._why[holder])
        left = self._journal.stranded_leases(self._journal.session)
        before = any(
            one.request.holder == holder and one.request.reward_id == READY_REWARD for one in left
        )
        return Reason("offline_restarted" if before else "offline_not_lent")
