"""What the desk decides about a paper in review: one turn holds the decision and what it earns."""

from collections.abc import Iterable

from msgspec import UNSET, Struct

from central.ledger.commands import Decision, refused
from central.ledger.judging.references import print_of
from central.ledger.judging.rows import Review, ReviewState
from central.ledger.judging.state import State
from central.ledger.writing.wants import Want, of_holder
from loyalty.events import Believed, Body, Holder, Moment, Refund, ReviewDecided, Sale
from loyalty.receipt import Kind, Receipt, normalise_number, without_lines
from loyalty.reviewing import Decision as Word
from loyalty.reviewing import believed
from loyalty.rules.basket import Basket, basket_of, goods_back
from loyalty.rules.campaigns import Who
from loyalty.rules.earning import points as points_of

_DISCRIMINATOR = 16  # hex digits of the review, as the till marks a second sale of the same facts


class DecideReview(Struct, frozen=True):
    """Decide about a paper: `receipt` says what it is, None that it earns nothing (`why`).

    Answers the Review, or a Reason why not: somebody was first, the same receipt earned already
    and `another` does not say that it is a second purchase. `member` is whose it is, if not who
    was scanned for it; `book` is the rule book in force and `category` that of the receipt's shop.
    """

    review_id: str
    staff: str
    receipt: Receipt | None = None
    why: str = ""
    another: bool = False
    member: str | None = None
    book: str = ""
    category: str = ""

    def wants(self) -> Iterable[Want]:
        """Return the review, and what the receipt's event will read."""
        yield "reviews", self.review_id
        if self.member is not None:
            yield from of_holder(Holder("member", self.member))
        if self.receipt is not None:
            yield "receipts", print_of(self.receipt, "")
            yield "books", self.book

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the decision with the sale or refund that follows from it."""
        review = state.reviews.get(self.review_id)
        if review is None:
            return refused("review_unknown")
        if review.state is not ReviewState.OPEN:
            return refused("review_decided", who=review.staff)
        if self.receipt is None:
            return self._answered((self._decided(review, at, "rejected", None),))
        mark = ""
        if state.receipts.get(print_of(self.receipt, "")) is not None:
            if not self.another:
                return refused("review_same")
            mark = self.review_id[:_DISCRIMINATOR]
        taken = believed(self.receipt)
        same = taken == _read(review)
        decided = self._decided(review, at, "accepted" if same else "corrected", taken)
        book = state.books.get(self.book)
        if book is None:
            return refused("no_rule_book")
        basket = basket_of(self.receipt, self.category, book)
        earning = basket.earning_fen
        if self.receipt.kind in (Kind.REFUND, Kind.VOID) or earning < 0:
            number = self.receipt.original_number or self.receipt.number or ""
            if not state.numbers.get((self.receipt.shop_id, normalise_number(number))):
                return refused("original_unknown")
            refund = Refund(
                at=at,
                receipt=without_lines(self.receipt),
                discriminator=mark,
                eligible_fen=earning,
                review_id=self.review_id,
                parts=goods_back(self.receipt, book),
            )
            return self._answered((decided, refund))
        if earning == 0 and review.read_as is UNSET:
            return self._answered((decided,))
        return self._answered((decided, self._sale(state, review, at, mark, basket)))

    def _sale(self, state: State, review: Review, at: Moment, mark: str, basket: Basket) -> Sale:
        assert self.receipt is not None
        holder = review.holder if self.member is None else Holder("member", self.member)
        earns = basket.earning_fen > 0
        holder = holder if earns else None  # points or a coupon paid all of it
        tier_id = ""
        if holder is not None:
            owner = state.cards.get(holder.key) if holder.kind == "card" else holder.key
            known = state.members.get(owner) if owner is not None else None
            tier_id = known.tier_id if known is not None else ""
        book = state.books.get(self.book)
        assert book is not None
        points = points_of(basket, Who(tier_id), None, book) if holder else 0
        return Sale(
            at=at,
            receipt=without_lines(self.receipt),
            discriminator=mark,
            eligible_fen=basket.earning_fen,
            category=self.category,
            book=self.book,
            holder=holder,
            tier_id=tier_id,
            points=points,
            claim_hash=None if holder or not earns else review.claim_hash,
            review_id=self.review_id,
            parts=basket.parts,
        )

    def _decided(
        self, review: Review, at: Moment, decision: Word, taken: Believed | None
    ) -> ReviewDecided:
        return ReviewDecided(
            at=at,
            review_id=self.review_id,
            decision=decision,
            staff=self.staff,
            read=_read(review),
            decided=taken,
            why=self.why,
        )

    def _answered(self, bodies: tuple[Body, ...]) -> Decision:
        return Decision(bodies, lambda later: later.reviews.get(self.review_id))


def _read(review: Review) -> Believed:
    return Believed(
        kind=review.kind,
        number=review.number,
        printed_at=review.printed_at,
        currency=review.currency,
        owed_fen=review.owed_fen,
        shop_id=review.shop_id,
    )
