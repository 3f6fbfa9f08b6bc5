"""Award, ignore, or ask a person: what is done with a paper, and why.

A wrong award is worse than a late one. A sale is awarded only when arithmetic on the paper
supports the amount and nothing speaks against it; every other doubt is named and a person asked.
"""

from msgspec import Struct

from loyalty.receipt import EARNING_KINDS, Kind
from receipts.facts.reader import Facts
from receipts.reasons import Reason, reason
from receipts.stream.segmenter import Document
from receipts.sums.settle import Settlement
from receipts.text import lexicon
from receipts.text.money import decimal

AWARD_SCORE_MIN = 4
TOO_LARGE_FEN = 50_000_000

#: The built-in rule book (policy P0) is for these; any other currency must be named by the caller.
RULED_CURRENCIES = frozenset({"CNY", "HKD", "MOP", "TWD", "SGD", "MYR"})

#: Tills print the cents of these, also of a round amount.
CENTS_ALWAYS = frozenset({"MYR", "SGD"})
LARGE_WHOLE_FEN = 100_000
#: A whole price below this has never had cents: 0.99 is no price that ends in a digit lost.
WHOLE_SMALL_FEN = 10_000

#: The checks that are arithmetic and not repetition.
PROOFS = {"tender", "sum", "goods", "words", "tax"}


class Decision(Struct, frozen=True):
    """`award`, `review` or `ignore`, the reasons, and how sure the amount is (0 to 1)."""

    decision: str
    why: tuple[Reason, ...]
    confidence: float


def decide(
    facts: Facts, document: Document, *, reprint: bool, eligible_fen: int | None, currency: str
) -> Decision:
    """Return what to do with a paper; `currency` is the one the caller named."""
    doubts = _doubts_about(facts, document, currency)
    confidence = _confidence(facts.settled, len(doubts))
    if facts.kind not in EARNING_KINDS:
        decision, why = _unearning(facts, document)
    elif reprint:
        decision, why = "ignore", [reason("reprint")]
    else:
        decision, why = _earning(facts, doubts, eligible_fen)
    return Decision(decision, tuple(why), confidence)


def _earning(
    facts: Facts, doubts: list[Reason], eligible_fen: int | None
) -> tuple[str, list[Reason]]:
    settled = facts.settled
    if settled is None:
        return "review", doubts
    if settled.owed_fen == 0 and settled.checks and not settled.tenders:
        return "ignore", [reason("zero_amount")]
    if doubts:
        return "review", doubts
    if eligible_fen == 0:
        return "ignore", [reason("nothing_earns")]
    lead = [] if facts.kind is Kind.SALE else [reason(facts.kind.value)]
    return "award", [*lead, *(reason(check) for check in settled.checks)]


def _unearning(facts: Facts, document: Document) -> tuple[str, list[Reason]]:
    if facts.objection is not None:  # words less sure than a heading
        return "review", [reason("no_sale", word=facts.objection)]
    if any(doubt.code == "label" for doubt in document.doubts):
        return "ignore", [reason("label")]
    if facts.kind is Kind.OTHER:
        if document.pictures and not any(line.text for line in document.lines):
            return "review", [reason("picture_only")]
        if document.doubts:
            return "review", [reason("uncertain_bytes")]
        return "ignore", [reason("not_a_receipt")]
    said = facts.classified.word is not None and lexicon.ANYWHERE.touches(facts.classified.word)
    headed = facts.classified.sale_heading and not said  # "not a receipt" outweighs a heading
    sold = headed or (facts.settled and facts.settled.tenders)
    if sold and facts.settled and facts.kind in (Kind.PRE_BILL, Kind.KITCHEN_TICKET):
        word = facts.classified.word or facts.kind.value
        return "review", [reason("contradiction", word=word), reason(facts.kind.value)]
    return "ignore", [reason(facts.kind.value)]


def _doubts_about(facts: Facts, document: Document, currency: str) -> list[Reason]:
    doubts = amount_doubts(facts.settled) if facts.settled else [reason("no_total")]
    if facts.settled and facts.kind is Kind.SALE and not _is_paid(facts):
        doubts.append(reason("no_sale_words"))
    if facts.currency not in RULED_CURRENCIES | {currency, None}:
        doubts.append(reason("foreign_currency", currency=str(facts.currency)))
    if facts.settled and not PROOFS & set(facts.settled.checks) - {"tender"}:
        if facts.number is None and not facts.items:  # a list of payments is no sale
            doubts.append(reason("payments_only"))
        elif _needs_goods(facts):
            doubts.append(reason("goods_differ"))
    if facts.settled:
        doubts += _damage(facts, facts.settled, document)
        if not doubts and _is_torn(facts, facts.settled):
            doubts.append(reason("torn"))
    word = _takes_back(facts)
    if word is not None:
        doubts.append(reason("takes_back", word=word))
    if facts.objection is not None:
        doubts.append(reason("no_sale", word=facts.objection))
    if facts.another_below:
        doubts.append(reason("another_below"))
    if facts.number is None and facts.printed_at is None:
        doubts.append(reason("no_identity"))
    if any(doubt.code != "label" for doubt in document.doubts):
        doubts.append(reason("uncertain_bytes"))
    runs = (run for line in document.lines for run in line.runs)
    if not all(run.certain or run.text.isascii() for run in runs):
        doubts.append(reason("lost_text"))
    return doubts


def _damage(facts: Facts, settled: Settlement, document: Document) -> list[Reason]:
    """Return the signs that something on the paper is lost on which the amount may depend."""
    signs = []
    if facts.lost_amount is not None:
        signs.append(reason("lost_amount", word=facts.lost_amount))
    if facts.worn and _only_repeats(facts, settled):
        signs.append(reason("worn"))
    if _has_lost_cents(facts, settled, document):
        signs.append(reason("no_cents"))
    return signs


def _needs_goods(facts: Facts) -> bool:
    """Without change a total and its payment are one number printed twice, which proves little.

    And what stored value was sold is known by the goods alone. On what takes back, the signs of
    discounts and charges turn over in every shop's own way, and what it takes is bounded by the
    sale it is of.
    """
    assert facts.settled is not None
    if facts.kind in (Kind.REFUND, Kind.VOID):
        return False
    sold_value = any(item.topup for item in facts.items)
    chinese = any(not item.name.isascii() for item in facts.items)  # stored value has many names
    return bool(facts.items) and (not facts.settled.change_fen or sold_value or chinese)


def _only_repeats(facts: Facts, settled: Settlement) -> bool:
    """Return whether all that agrees is one number printed again and again."""
    sums = settled.change_fen or (settled.chain and settled.chain.steps_fen)
    return not sums and not {"words", "tax"} & set(settled.checks) and len(facts.items) < 2


def _has_lost_cents(facts: Facts, settled: Settlement, document: Document) -> bool:
    """Return whether a whole amount may have lost its point.

    So it may where all should have cents; and, unless the goods add up to it, where others have
    them, and when it is in the thousands.
    """
    if facts.currency in CENTS_ALWAYS and settled.decimals < 2:
        return True
    if settled.decimals or ("goods" in settled.checks and _is_small(facts)):
        return False
    parted = "," in document.lines[settled.row].text
    large = abs(settled.owed_fen) >= LARGE_WHOLE_FEN and facts.currency != "TWD" and not parted
    return facts.cents or large


def _is_small(facts: Facts) -> bool:
    """Return whether something cost so little that no point can be lost in its price."""
    return any(0 < abs(item.amount_fen) < WHOLE_SMALL_FEN for item in facts.items)


def _is_torn(facts: Facts, settled: Settlement) -> bool:
    """A paper that ends at the amount and shows no payment may go on where it was torn."""
    return (
        facts.kind is Kind.SALE
        and "tender" not in settled.checks
        and not settled.tenders
        and (settled.row >= facts.ends_row)
    )


def _takes_back(facts: Facts) -> str | None:
    """Return what on a sale refers to another receipt; the bill behind a deposit may."""
    if facts.kind is not Kind.SALE:
        return None
    paid_before = facts.settled is not None and facts.settled.deposit_used_fen
    return facts.takes_back or (None if paid_before else facts.original_number)


def amount_doubts(settled: Settlement) -> list[Reason]:
    """Return what speaks against a settled amount, nothing when arithmetic supports it."""
    doubts = []
    if not PROOFS & set(settled.checks) or settled.score < AWARD_SCORE_MIN:
        doubts.append(reason("no_check"))
    if settled.rival_fen is not None:
        doubts.append(reason("rival", other=decimal(settled.rival_fen)))
    if settled.unfinished:
        doubts.append(reason("unfinished"))
    if settled.left_over is not None:
        words = settled.left_over.label.strip(" .:-=") or "?"
        figure = f"{words} {decimal(settled.left_over.fen)}"
        doubts.append(reason("left_over", figure=figure))
    if settled.unpaid_gap:
        doubts.append(reason("payment_gap"))
    if abs(settled.owed_fen) > TOO_LARGE_FEN:
        doubts.append(reason("too_large"))
    return doubts


def _is_paid(facts: Facts) -> bool:
    """A bill is a sale when it was paid or calls itself a receipt."""
    settled = facts.settled
    assert settled is not None
    return bool(settled.tenders) or settled.handed_over or facts.classified.sale_heading


def _confidence(settled: Settlement | None, doubts: int) -> float:
    """Each check that agrees halves what is left to 1; each doubt takes two fifths away."""
    if settled is None:
        return 0.0
    trust = 1.0 - float(0.5 ** (1 + max(0, settled.score) / 2))
    return round(trust * float(0.6**doubts), 3)
