"""Which sale a device means by a fingerprint, where its own one did not count as it came.

Two tills may read the same receipt: the first one that central hears of earns, and the other's copy
waits for a person, who accepts it as a sale of its own or closes it (P3). A till names its sale by
what is printed, and so both name the first one. What a till says of a copy waits with it therefore,
and then goes to the sale that the copy turned out to be. Of a mere copy a refund is one of the sale
that stands; a correction that says otherwise than that sale is for a person.
"""

from central.ledger.judging import references, reviews, rows
from central.ledger.judging.copy_rows import Copy
from central.ledger.judging.entry import Entry
from central.ledger.judging.hashes import hash_of
from central.ledger.judging.rows import Event, Judgement
from central.ledger.judging.state import State
from central.ledger.judging.wallets import same_wallet
from loyalty.events import Correction, Refund, Sale
from loyalty.wire import Verdict

#: The reason of what is said of a copy that waits for a person, or that says otherwise than its
#: sale.
OF_A_COPY = "copy_unsettled"
_APPLIED = (Verdict.APPLIED, Verdict.APPLIED_ADJUSTED)


def judged(
    state: State, told: Event, judgement: Judgement, counts: Sale | Refund | None = None
) -> tuple[bytes, ...]:
    """Note what became of a sale that does not count, or did not until now; return what that wakes.

    `told` is the event as its device wrote it; `counts` the sale that it counts as, if that is of
    another fingerprint.
    """
    if judgement.verdict in (Verdict.QUARANTINED, Verdict.PENDING_UPGRADE):
        return ()  # other software may say so, or not be able to read of which receipt it is
    if not isinstance(told.body, Sale) or (key := _print(told.body)) is None:
        return ()
    device_id, epoch, seq = told.identity
    known = state.copies.get((device_id, key))
    if known is None and judgement.verdict in _APPLIED and counts is None:
        return ()
    if known is not None and (known.epoch, known.seq) > (epoch, seq):
        return ()  # a till that lost its journal has read the receipt once more
    sale = _turned_out(key, judgement, counts)
    state.copies.put((device_id, key), Copy(epoch, seq, sale) if sale is not None else None)
    return (references.to_own(device_id, key),)


def _turned_out(key: bytes, judgement: Judgement, counts: Sale | Refund | None) -> bytes | None:
    """Return which sale a sale is: empty for not known yet, None for the one it says."""
    if judgement.verdict in _APPLIED:
        return _print(counts) if counts is not None else None
    agrees = judgement.reason == reviews.SUPERSEDED
    if judgement.verdict is Verdict.REFUSED_FINAL:
        return None if agrees else key
    return key if agrees and judgement.reference is None else b""


def _print(told: Sale | Refund) -> bytes | None:
    try:
        return references.print_of(told.receipt, told.discriminator).fingerprint
    except ValueError:
        return None


def named(entry: Entry, key: bytes) -> rows.Sale | Judgement:
    """Return the sale that the event's device means by a fingerprint, or what to wait for."""
    device_id = entry.event.identity.device_id
    stands = entry.state.sales.get(key)
    if stands is None:
        return without_sale(references.to_receipt(key))
    copy = entry.state.copies.get((device_id, key))
    if copy is None or copy.sale == key:
        return stands
    own = entry.state.sales.get(copy.sale) if copy.sale else None
    return own or Judgement(
        Verdict.PENDING_REF, OF_A_COPY, reference=references.to_own(device_id, key)
    )


def to_correct(entry: Entry, body: Correction) -> rows.Sale | Judgement:
    """Return the sale that a correction is about, unless it is one for a person."""
    key = hash_of(body.fingerprint)
    sale, device_id = named(entry, key), entry.event.identity.device_id
    if isinstance(sale, Judgement) or sale.origin.device_id == device_id:
        return sale
    if entry.state.copies.get((device_id, key)) is None:
        return sale  # its own one gave way to this one in a review
    if same_wallet(entry, sale.holder, body.holder) and sale.points >= body.points:
        return Judgement(Verdict.APPLIED)
    return Judgement(Verdict.PENDING_REF, OF_A_COPY)


def without_sale(reference: bytes | None) -> Judgement:
    """Let an event wait for its sale."""
    return Judgement(Verdict.PENDING_REF, "original_unknown", reference=reference)
