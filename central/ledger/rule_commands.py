"""What people decide about members' tiers, what rules may ask of members, and corrected rules."""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from central.ledger.commands import Decision, refused
from central.ledger.judging.state import State
from central.ledger.writing.wants import Want
from loyalty.events import MemberFacts, Moment, Recalculated, TierSet
from loyalty.products import Part


class SetFacts(Struct, frozen=True):
    """Say what the rules may ask of a member; answers the Profile."""

    member: str
    labels: tuple[str, ...] = ()
    birth_month: int = 0

    def wants(self) -> Iterable[Want]:
        """Return what is known of the member."""
        yield "profiles", self.member

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the one event of it."""
        del state
        body = MemberFacts(at, self.member, self.labels, self.birth_month)
        return Decision((body,), lambda later: later.profiles.get(self.member))


class GrantTier(Struct, frozen=True):
    """Give a member a tier up to a day, whatever their points; answers the Member, or why not.

    `staff` is who grants it, `why` their reason, which may not be empty.
    """

    member: str
    tier_id: str
    until: date
    staff: str
    why: str

    def wants(self) -> Iterable[Want]:
        """Return the member."""
        yield "members", self.member
        yield "profiles", self.member

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the one event of it."""
        if state.members.get(self.member) is None:
            return refused("member_unknown")
        if not self.why.strip() or not self.staff.strip():
            return refused("grant_without_reason")
        body = TierSet(
            at=at,
            member=self.member,
            tier_id=self.tier_id,
            cause="grant",
            granted_until=self.until.isoformat(),
            staff=self.staff,
            why=self.why,
        )
        return Decision((body,), lambda later: later.members.get(self.member))


class Recalculate(Struct, frozen=True):
    """Bring one awarded sale to what a corrected book gives; answers the Sale, or why not.

    `points`, and by how much they move shared counters (`moved`), were found by a dry run
    (`loyalty.rules.trying`), for which somebody gave consent, of goods and a time as told here.
    """

    fingerprint: str
    book: str
    points: int
    staff: str
    why: str
    parts: tuple[Part, ...] = ()
    between_ms: tuple[int, int] = (0, 0)
    moved: dict[str, int] | None = None

    def wants(self) -> Iterable[Want]:
        """Return the sale and whose it is."""
        yield "sales", bytes.fromhex(self.fingerprint)
        yield "books", self.book

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the one event of it; none if the sale is worth that already."""
        key = bytes.fromhex(self.fingerprint)
        sold = state.sales.get(key)
        if sold is None or sold.holder is None:
            return refused("original_unknown")
        if not self.why.strip() or not self.staff.strip():
            return refused("grant_without_reason")
        if (sold.points, sold.book) == (self.points, self.book):
            return Decision((), lambda _: sold)
        body = Recalculated(
            at=at,
            fingerprint=self.fingerprint,
            book=self.book,
            points=self.points,
            staff=self.staff,
            why=self.why,
            parts=self.parts,
            earliest_ms=self.between_ms[0],
            latest_ms=self.between_ms[1],
            moved=self.moved,
        )
        return Decision((body,), lambda later: later.sales.get(key))
