"""What a sale, a claim, a correction and a refund do to the ledger.

Every award is worked out again with the rule book the event names and the tier central knows. A
difference in the member's favour is posted as a leg of its own; a printed promise that is higher
stands (SYNC 2.8).
"""

from datetime import date

from msgspec import structs

from central.ledger.judging import (
    bills,
    buying,
    copies,
    numbers,
    references,
    reviews,
    rows,
    ruling,
)
from central.ledger.judging.accounts import Code
from central.ledger.judging.entry import Entry, Impossible, Notice, bounded, days_of_claim
from central.ledger.judging.hashes import hash_of, own_claim
from central.ledger.judging.owners import keeper
from central.ledger.judging.rows import Identity, Judgement, SaleState
from central.ledger.judging.wallets import give, same_wallet, scanned, take, tier_of
from loyalty.events import Claim, Correction, Holder, Refund, Sale
from loyalty.receipt import Kind, Receipt, normalise_number
from loyalty.rules.rulebook import RuleBook
from loyalty.wire import ClaimedRow, Verdict

#: The reason of an event whose receipt has another event already.
DUPLICATE_RECEIPT = "duplicate_receipt"
_APPLIED = Judgement(Verdict.APPLIED)
#: A sale that nobody has claimed yet, without its facts.
_FACTS = (b"", Identity(b"", 0, 0), "", None, "", "", 0, 0, 0, "", "")
_OPEN = rows.Sale(*_FACTS, None, "", 0, 0, None, "", SaleState.OPEN)


def sale(entry: Entry, body: Sale) -> Judgement:
    """Record a sale and give its points, or keep it open for its claim."""
    given_way = _given_way(entry, body) if body.review_id else None
    if given_way is not None:
        return given_way
    of_receipt = references.print_of(body.receipt, body.discriminator)
    duplicate = _take_key(entry, of_receipt)
    if duplicate is not None:
        return duplicate
    key = of_receipt.fingerprint
    book = entry.state.books.get(body.book)
    if book is None:
        return without_book(body.book)
    shop_id = _shop(entry, body.receipt)
    sold_on, expires_on = days_of_claim(entry.last_day(), book.claim_days)
    new = structs.replace(  # a fifth of what making so wide a struct by its names takes
        _OPEN,
        fingerprint=key,
        origin=entry.event.identity,
        shop_id=shop_id,
        number=_number(body.receipt.number),
        printed_on=(body.receipt.printed_at or "")[:10],
        sold_on=sold_on,
        owed_fen=bounded("owed_fen", body.receipt.owed_fen, -(10**12)),
        eligible_fen=bounded("eligible_fen", body.eligible_fen, -(10**12)),
        category=body.category,
        book=body.book,
        claim_hash=own_claim(entry, key, body.claim_hash),
        expires_on=expires_on,
    )
    judgement = _APPLIED
    ruling.remember(entry, key, body, book)
    if body.holder is not None:
        new, judgement = _award(entry, new, body.holder, body.points)
    elif (scanned := reviews.scanned_for(entry, body)) is not None:
        new, judgement = _award(entry, new, scanned, None)
    entry.state.put_sale(new)
    reviews.made(entry, body.review_id, key)
    _wake(entry, new)
    entry.state.printed.put(new.origin, body.receipt.printed_at or "")
    if numbers.came_late(entry, new, body.receipt):
        return Judgement(Verdict.APPLIED_ADJUSTED, numbers.SAME_NUMBER, judgement.adjusted)
    if reviews.scanned_elsewhere(entry, body):
        return Judgement(Verdict.APPLIED_ADJUSTED, reviews.SCANNED_ELSEWHERE, judgement.adjusted)
    if shop_id != body.receipt.shop_id:
        return Judgement(Verdict.APPLIED_ADJUSTED, "other_shop", judgement.adjusted)
    return judgement


def _given_way(entry: Entry, body: Sale) -> Judgement | None:
    """Judge a sale whose review somebody else had decided first; None for every other.

    What it promised goes to the sale which that decision made, if that is still without a holder
    or has the same one for as many points. Else a person says which of them stands.
    """
    first = reviews.first_decision(entry, body.review_id)
    if first is None or isinstance(first, Judgement):
        return first
    other = entry.state.sales.get(first.fingerprint) if first.fingerprint else None
    if other is not None:
        if other.state is SaleState.OPEN and body.holder is not None:
            return hand_over(entry, other, body.holder, body.points)
        if same_wallet(entry, other.holder, body.holder) and other.points >= body.points:
            return Judgement(Verdict.REFUSED_FINAL, reviews.SUPERSEDED)
    return Judgement(Verdict.PENDING_REF, reviews.SUPERSEDED)


def claim(entry: Entry, body: Claim) -> Judgement:
    """Give the points of an open sale to whoever holds its claim code."""
    claim_hash = hash_of(body.claim_hash)
    key = entry.state.claims.get(claim_hash)
    if key is None:
        reference = references.to_claim(claim_hash)
        return Judgement(Verdict.PENDING_REF, "claim_unknown", reference=reference)
    claimed = _known(entry, key)
    if claimed.state is not SaleState.OPEN:
        return Judgement(Verdict.REFUSED_FINAL, "claim_taken")
    if claimed.eligible_fen and claimed.refunded_fen >= claimed.eligible_fen:
        return Judgement(Verdict.REFUSED_FINAL, "claim_refunded")
    if entry.first_day() > date.fromisoformat(claimed.expires_on):
        return Judgement(Verdict.REFUSED_FINAL, "claim_expired")
    return hand_over(entry, claimed, body.holder, body.points)


def hand_over(
    entry: Entry, found: rows.Sale, holder: Holder, promised: int | None = None
) -> Judgement:
    """Give what is nobody's yet to whoever it is found to be, and tell the till that made it."""
    given, judgement = _award(entry, found, holder, promised)
    entry.state.put_sale(given)
    if given.origin.device_id != entry.event.identity.device_id:
        key = given.fingerprint.hex()
        row = ClaimedRow(key, holder, given.points - given.taken_back)
        entry.notices.append(Notice(given.origin.device_id, key, row))
    return judgement


def correction(entry: Entry, body: Correction) -> Judgement:
    """Move a sale's award to another holder, or take it back when there is none."""
    corrected = copies.to_correct(entry, body)
    if isinstance(corrected, Judgement):
        return corrected
    if not _may_change(entry, corrected):
        return Judgement(Verdict.REFUSED_FINAL, "other_shop_sale")
    left = corrected.points - corrected.taken_back
    if corrected.holder is not None and left:
        codes = (Code.REVERSAL, Code.REVERSAL_OWED)
        take(entry, keeper(entry.state, corrected.holder), left, corrected.fingerprint.hex(), codes)
    ruling.undo(entry, corrected, _book(entry, corrected.book))
    judgement = _APPLIED
    before = corrected
    corrected = structs.replace(
        before, holder=None, tier_id="", points=0, taken_back=0, state=SaleState.REVERSED
    )
    buying.count(entry, before, corrected)
    if body.holder is not None:
        corrected, judgement = _award(entry, corrected, body.holder, body.points)
    entry.state.put_sale(corrected)
    return judgement


def refund(entry: Entry, body: Refund) -> Judgement:
    """Take back a refunded sale's points in proportion, never more than it earned."""
    first = reviews.first_decision(entry, body.review_id)
    if isinstance(first, Judgement):
        return first
    if first is not None:
        verdict = Verdict.REFUSED_FINAL if first.fingerprint else Verdict.PENDING_REF
        return Judgement(verdict, reviews.SUPERSEDED)
    of_receipt = references.print_of(body.receipt, body.discriminator)
    duplicate = _take_key(entry, of_receipt)
    if duplicate is not None:
        return duplicate
    key = of_receipt.fingerprint
    returned_fen = bounded("the refunded amount", -body.eligible_fen)
    original = _original(entry, body)
    if isinstance(original, Judgement):
        return original
    if not _may_change(entry, original):
        raise Impossible(f"a refund of a sale of shop {original.shop_id}")
    is_unsure = numbers.is_unsure(entry, original, body)
    if body.original is None:  # its till did not know what had paid for the bill
        returned_fen = bills.earning_part(entry, original, body, returned_fen)
    after = min(original.refunded_fen + returned_fen, max(original.eligible_fen, 0))
    stays = ruling.refunded(entry, original, after, body.parts, _book(entry, original.book))
    points = max(original.points - stays - original.taken_back, 0)
    reviews.made(entry, body.review_id, key)
    bills.came_back(entry, original, body)
    if original.holder is not None and points:
        codes = (Code.TAKE_BACK, Code.TAKE_BACK_OWED)
        owner = keeper(entry.state, original.holder)
        take(entry, owner, points, original.fingerprint.hex(), codes)
    taken_back = original.taken_back + points
    refunded = structs.replace(original, refunded_fen=after, taken_back=taken_back)
    entry.state.put_sale(refunded)
    buying.count(entry, original, refunded)
    adjusted = -points if body.points is None else body.points - points
    if is_unsure:
        return Judgement(Verdict.APPLIED_ADJUSTED, numbers.SAME_NUMBER, adjusted)
    if body.points is not None and adjusted:
        return Judgement(Verdict.APPLIED_ADJUSTED, "recomputed", adjusted)
    reason = "not_earned" if original.holder is not None and not original.points else ""
    return Judgement(Verdict.APPLIED, reason, adjusted)


def _award(
    entry: Entry, given: rows.Sale, holder: Holder, promised: int | None
) -> tuple[rows.Sale, Judgement]:
    """Give a sale's points, less what was refunded already, to `holder`.

    It stays theirs whoever has the card later. Of a card that was nobody's yet it is the card's: of
    no tier, though its points follow to the member. A refund takes its share of a promise too, in
    whichever order. A device that promised nothing learns the points as `adjusted`.
    """
    book = _book(entry, given.book)
    buyer = scanned(entry, holder)
    owner, tier_id = keeper(entry.state, buyer), tier_of(entry, buyer)
    told = bounded("points", promised or 0)
    ruled = ruling.award(entry, given, buyer, tier_id, book, told)
    points = max(ruled.due, told)
    due = points - ruled.gone
    parts: tuple[tuple[int, Code], ...]
    parts = ((min(due, told), Code.AWARD), (max(due - told, 0), Code.TRUE_UP))
    if promised is None:
        parts = ((due, Code.AWARD), (0, Code.TRUE_UP))
    elif due > ruled.due:
        overrun = min(due - ruled.due, ruled.uncapped - ruled.due)
        excess = ((overrun, Code.OVERRUN), (due - ruled.due - overrun, Code.PROMISE))
        parts = ((ruled.due, Code.AWARD), *excess)
    subject = given.fingerprint.hex()
    give(entry, owner, parts, subject, ruled.until, ruled.apart, ruled.counts_from)
    awarded = structs.replace(
        given,
        holder=buyer,
        tier_id=tier_id,
        points=points,
        taken_back=ruled.gone,
        state=SaleState.AWARDED,
    )
    buying.count(entry, given, awarded)
    if promised is None or due == told:
        return awarded, Judgement(Verdict.APPLIED, "", due if promised is None else 0)
    why = "true_up" if due > told else "recomputed"
    return awarded, Judgement(Verdict.APPLIED_ADJUSTED, why, due - told)


def _take_key(entry: Entry, key: references.Print) -> Judgement | None:
    """Take a receipt's key for this event, or say that another event has it.

    A second award for one receipt waits for a person (P3): both facts happened at a counter, so
    it is not refused, and nothing is posted until somebody says which of them stands.
    """
    known = entry.state.receipts.get(key)
    if known is not None and known != entry.event.identity:
        return Judgement(Verdict.PENDING_REF, DUPLICATE_RECEIPT)
    entry.state.receipts.put(key, entry.event.identity)
    return None


def _original(entry: Entry, body: Refund) -> rows.Sale | Judgement:
    """Return the sale a refund is about, or what to wait for if it is not here."""
    if body.original is not None:
        return copies.named(entry, hash_of(body.original))
    number = _number(_original_number(body.receipt))
    if number is None:
        return copies.without_sale(None)
    shop_id = _shop(entry, body.receipt)
    found = numbers.sale_of(entry, shop_id, number, body)
    return found or copies.without_sale(references.to_number(shop_id, number))


def _shop(entry: Entry, receipt: Receipt) -> str:
    """Return the shop a device's receipt counts for: the one it was enrolled for.

    It happened at that shop's counter, so it counts there, and the member keeps what was printed;
    the fingerprint stays that of the paper, which earns once wherever it is shown (P3).
    """
    return entry.shop() or receipt.shop_id


def _may_change(entry: Entry, known: rows.Sale) -> bool:
    """Tell whether the device of the event may take a sale's points back: those of its shop."""
    own = known.origin.device_id == entry.event.identity.device_id
    return own or entry.shop() in (None, known.shop_id)


def _original_number(receipt: Receipt) -> str | None:
    if receipt.original_number is None and receipt.kind is Kind.VOID:
        return receipt.number  # a void is printed under the number of what it voids
    return receipt.original_number


def _wake(entry: Entry, new: rows.Sale) -> None:
    """Wake what waited for this sale, and the sales that waited for its rule book as well."""
    if entry.state.waiting.empty:
        return
    entry.wakes.append(references.to_receipt(new.fingerprint))
    if not entry.is_again:  # who judged this one again has seen to the others
        entry.wakes.append(references.to_rule_book(new.book))
    if new.claim_hash is not None:
        entry.wakes.append(references.to_claim(new.claim_hash))
    if new.number is not None:
        entry.wakes.append(references.to_number(new.shop_id, new.number))


def _known(entry: Entry, key: bytes) -> rows.Sale:
    known = entry.state.sales.get(key)
    if known is None:
        raise Impossible(f"sale {key.hex()} is indexed and does not exist")
    return known


def _book(entry: Entry, version: str) -> RuleBook:
    book = entry.state.books.get(version)
    if book is None:
        raise Impossible(f"rule book {version} was here and is gone")
    return book


def without_book(version: str) -> Judgement:
    """Let an event wait for a rule book that central does not know."""
    reference = references.to_rule_book(version)
    return Judgement(Verdict.PENDING_UPGRADE, references.BOOK_UNKNOWN, reference=reference)


def _number(number: str | None) -> str | None:
    return normalise_number(number) if number is not None else None
