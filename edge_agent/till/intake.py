"""From what the reader made of a print job to what the till does about it.

Pure: what the till already knows of receipts is handed in as `Known`. Owns promise P3 at the till:
the print, its reprint and its second copy are one receipt; the same facts printed at another time
are a question for a person.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, Protocol

from msgspec import Struct, structs

from edge_agent.effects import Member
from edge_agent.journal.papers.records import SaleState
from edge_agent.journal.spending.bills import GivenBack, PaidBill
from edge_agent.phrases import Phrase, own_words
from edge_agent.till.alike import may_be_recorded
from edge_agent.till.unclear import Unclear, unclear
from loyalty.codes import claim_hash
from loyalty.events import Holder
from loyalty.products import Part
from loyalty.receipt import Kind, Receipt, fingerprint
from loyalty.rules.basket import Basket, basket_of, goods_back
from loyalty.rules.campaigns import Who
from loyalty.rules.refunds import left_of
from loyalty.rules.rulebook import RuleBook
from loyalty.rules.spans import Span
from receipts.reading import Reading

Outcome = Literal["sale", "refund", "review", "ignored"]


class KnownSale(Struct, frozen=True):
    """A sale this till has recorded. `recorded_s` is of this boot's clock, else None.

    `parts` and `sold_at` (None: not sure) are what its award was worked out with, for `tier_id`.
    `back` is what is known of the goods that refunds gave back. `owner` is its holder as the
    directory knows them now. `bill` is what paid for it beside money, a coupon of it counts until
    `coupon_until`.
    """

    fingerprint: str
    receipt: Receipt
    eligible_fen: int
    category: str
    claim_hash: str | None = None
    holder: Holder | None = None
    points: int = 0
    refunded_fen: int = 0
    recorded_s: float | None = None
    state: SaleState = "open"
    parts: tuple[Part, ...] = ()
    tier_id: str = ""
    sold_at: Span | None = None
    back: tuple[Part, ...] = ()
    owner: Member | None = None
    bill: PaidBill | None = None
    coupon_until: str = ""

    @property
    def basket(self) -> Basket:
        """What the rules ask of this sale."""
        return Basket(self.eligible_fen, self.receipt.shop_id, self.category, self.parts)


class Known(Protocol):
    """What a till remembers of the receipts it has recorded."""

    def receipt_time(self, fingerprint: str) -> tuple[bool, str | None]:
        """Tell whether this receipt was recorded, and the time that was printed on it."""

    def sales(self, number: str) -> Sequence[KnownSale]:
        """Return the sales with this receipt number: shops start their numbers again."""

    def recent_sales(self) -> Sequence[KnownSale]:
        """Return the last sales."""

    def is_paid(self, fingerprint: str) -> bool:
        """Tell whether points or a coupon pay for this receipt, which is being recorded."""

    def in_review(self, review_id: str) -> bool | None:
        """Tell whether this very paper waits for a person; None if it was never in review."""


class Sold(Struct, frozen=True):
    """A sale that earns, or one that points or a coupon paid whole.

    Its claim code is made when nobody turns out to be scanned for it.
    """

    receipt: Receipt
    eligible_fen: int
    fingerprint: str
    claim_code: str
    why: tuple[Phrase, ...] = ()
    discriminator: str = ""
    outcome: Outcome = "sale"
    parts: tuple[Part, ...] = ()
    coupon_fen: int = 0  # what a coupon took off

    @property
    def claim_hash(self) -> str:
        """The SHA-256 under which central knows the claim code."""
        return claim_hash(self.claim_code)


class Refunded(Struct, frozen=True):
    """A refund or void; `points` go back when the till knows the sale (None: central settles).

    `parts` say of which goods it is, if its lines tell; `given` what comes back that was no money.
    Bonuses that what is left of the sale does not meet are `undone` beyond the proportional share.
    """

    receipt: Receipt
    eligible_fen: int
    fingerprint: str
    original: KnownSale | None
    points: int | None
    parts: tuple[Part, ...] = ()
    why: tuple[Phrase, ...] = ()
    discriminator: str = ""
    undone: bool = False
    outcome: Outcome = "refund"
    given: GivenBack | None = None


class Nothing(Struct, frozen=True):
    """A document that earns nothing; `mention` when the cashier may wonder why."""

    kind: str
    why: tuple[Phrase, ...]
    mention: bool = False
    number: str | None = None
    printed_at: str | None = None
    owed_fen: int | None = None
    currency: str = ""
    outcome: Outcome = "ignored"


Finding = Sold | Refunded | Unclear | Nothing
#: Makes a question for a person out of a reading and the reasons for asking.
Ask = Callable[[Reading, tuple[Phrase, ...]], Unclear]


def take_in(
    readings: Sequence[Reading],
    *,
    raw: bytes,
    shop_id: str,
    book: RuleBook,
    known: Known,
    claim_codes: Sequence[str],
    dialect: str = "",
) -> tuple[Finding, ...]:
    """Return what each document of one print job is to this till.

    `claim_codes` holds one unused code for each reading; `dialect` is that of the job's printer.
    """
    findings: list[Finding] = []
    earlier: dict[str, str | None] = {}
    for place, (reading, code) in enumerate(zip(readings, claim_codes, strict=True)):
        ask = partial(
            unclear, raw=raw, place=place, shop_id=shop_id, dialect=dialect, claim_code=code
        )
        finding = _finding(reading, shop_id, book, known, code, ask, earlier)
        if isinstance(finding, Unclear):
            finding = _asked_before(_as_read(finding, reading, shop_id, known), reading, known)
        if isinstance(finding, Sold | Refunded):
            earlier[finding.fingerprint] = finding.receipt.printed_at
        findings.append(finding)
    return tuple(findings)


def unreadable(raw: bytes, *, shop_id: str, known: Known, dialect: str = "") -> Finding:
    """Return a job that our reader failed on as a question for a person."""
    why = (own_words("reader_failed"),)
    asked = unclear(None, why, raw=raw, place=0, shop_id=shop_id, dialect=dialect, claim_code="")
    if not raw:  # there is nothing to show, nor to know it by: each such job is another one
        return structs.replace(asked, paper=None)
    return _asked_before(asked, None, known)


def _as_read(asked: Unclear, reading: Reading, shop_id: str, known: Known) -> Unclear:
    """Keep how a paper was read that points or a coupon paid: whoever corrects it keeps both."""
    if reading.owed_fen is None or reading.currency is None:
        return asked
    identity = fingerprint(reading.receipt(shop_id)).hex()
    return structs.replace(asked, read_as=identity) if known.is_paid(identity) else asked


def _asked_before(asked: Unclear, reading: Reading | None, known: Known) -> Finding:
    """A paper whose very bytes were in review before is the same paper, printed again."""
    waits = known.in_review(asked.paper.review_id) if asked.paper else None
    if waits is None:
        return asked
    why = (own_words("in_review" if waits else "review_done"),)
    if reading is None:
        return Nothing("other", why, mention=True)
    return _nothing(reading, *why, mention=True)


def _finding(
    reading: Reading,
    shop_id: str,
    book: RuleBook,
    known: Known,
    code: str,
    ask: Ask,
    earlier: dict[str, str | None],
) -> Finding:
    why = tuple(Phrase(reason.code, reason.zh, reason.en) for reason in reading.why)
    if reading.decision == "review":
        return ask(reading, why)
    if reading.copy:
        return _nothing(reading, own_words("copy"))
    if reading.reprint:
        return _reprint(reading, shop_id, known, earlier, ask)
    if reading.decision == "ignore":
        return Nothing(reading.kind, why or (own_words("no_points_kind"),))
    receipt = reading.receipt(shop_id)
    if receipt.currency != book.currency:
        return ask(reading, (own_words("review_currency"),))
    identity = fingerprint(receipt).hex()
    before = _before(identity, known, earlier) or _without_number(receipt, known)
    if before is not None:
        if before[0] == receipt.printed_at:
            return _nothing(reading, own_words("known_receipt"), mention=True)
        return ask(reading, (own_words("same_number"), *why))
    basket = basket_of(receipt, "", book)
    earning = basket.earning_fen
    if receipt.kind in (Kind.REFUND, Kind.VOID) or earning < 0:
        return refunded(receipt, earning, identity, known, book) or ask(
            reading, (own_words("refund_of_what"), *why)
        )
    if earning == 0 and not known.is_paid(identity):
        return _nothing(reading, own_words("zero_amount"), *why)
    if may_be_recorded(receipt, (sale.receipt for sale in known.recent_sales())):
        return ask(reading, (own_words("same_amount"), *why))
    return Sold(receipt, earning, identity, code, why, parts=basket.parts)


def _before(
    identity: str, known: Known, earlier: dict[str, str | None]
) -> tuple[str | None] | None:
    """Return the printed time of an earlier receipt with this fingerprint, else None."""
    if identity in earlier:
        return (earlier[identity],)
    recorded, printed_at = known.receipt_time(identity)
    return (printed_at,) if recorded else None


def _without_number(receipt: Receipt, known: Known) -> tuple[str | None] | None:
    """Return the printed time of this very paper as it was recorded before its number was known.

    A shop's template can teach the reader where the number stands; prints of before that are
    known by their lines.
    """
    if receipt.number is None or receipt.text_digest is None:
        return None
    by_lines = fingerprint(structs.replace(receipt, number=None)).hex()
    recorded, printed_at = known.receipt_time(by_lines)
    return (printed_at,) if recorded else None


def _reprint(
    reading: Reading, shop_id: str, known: Known, earlier: dict[str, str | None], ask: Ask
) -> Finding:
    """A reprint of a recorded sale is nothing new; of an unknown one a person decides."""
    if reading.owed_fen is None:
        return _nothing(reading, own_words("reprint"))
    identity = fingerprint(reading.receipt(shop_id)).hex()
    if _before(identity, known, earlier) is not None:
        return _nothing(reading, own_words("reprint"), mention=True)
    return ask(reading, (own_words("reprint_unknown"),))


def refunded(
    receipt: Receipt, earning: int, identity: str, known: Known, book: RuleBook
) -> Finding | None:
    """Return the refund with the sale it is of; None when several or none of ours can be it.

    A till that knows no sale of that number leaves it to central.
    """
    number = receipt.original_number or (receipt.number if receipt.kind == Kind.VOID else None)
    sales = known.sales(number) if number else ()
    parts = goods_back(receipt, book)
    if not sales:
        return Refunded(receipt, earning, identity, None, None, parts)
    backs = [(sale, _earning_back(receipt, -earning, sale)) for sale in sales]
    fitting = [(sale, fen) for sale, fen in backs if _can_be_of(receipt, fen, sale)]
    if len(fitting) != 1:
        return None
    ((sale, fen),) = fitting
    gone, who = sale.refunded_fen, Who(sale.tier_id)
    before, after = (
        left_of(sale.basket, sale.points, fen, who, sale.sold_at, book, back)
        for fen, back in ((gone, sale.back), (gone + fen, (*sale.back, *parts)))
    )
    points, undone = max(before.points - after.points, 0), after.undoes_more(before)
    given = sale.bill.gives_back(receipt) if sale.bill is not None else None
    back = Refunded(receipt, -fen, identity, sale, points, parts, given=given)
    return structs.replace(back, undone=undone)


def _earning_back(receipt: Receipt, fen: int, sale: KnownSale) -> int:
    """Return what a refund takes back of what a sale earned, by its paper and by what paid it."""
    if sale.bill is None:
        return fen
    return sale.bill.takes_back(sale.eligible_fen, sale.refunded_fen, receipt, fen)


def _can_be_of(receipt: Receipt, refund_fen: int, sale: KnownSale) -> bool:
    """Tell whether a refund can be of this sale: printed later, and not more than is left of it."""
    refunded_on, sold_on = (receipt.printed_at or "")[:10], (sale.receipt.printed_at or "")[:10]
    in_order = not refunded_on or not sold_on or sold_on <= refunded_on
    fits = sale.bill is None or sale.bill.has_left(receipt)
    return in_order and fits and refund_fen <= sale.eligible_fen - sale.refunded_fen


def _nothing(reading: Reading, *why: Phrase, mention: bool = False) -> Nothing:
    """Return a receipt that earns nothing, with what a cashier tells it from others by."""
    return Nothing(
        kind=reading.kind,
        why=why,
        mention=mention,
        number=reading.number,
        printed_at=reading.printed_at,
        owed_fen=reading.owed_fen,
        currency=reading.currency or "",
    )
