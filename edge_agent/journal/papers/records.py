"""What the journal knows of receipts, read back: the event and how it stands now."""

import sqlite3
from collections.abc import Sequence
from typing import Literal, TypeVar

from msgspec import Struct

from edge_agent.journal import log
from edge_agent.journal.cursor import is_in_question
from edge_agent.journal.log import Place
from loyalty.events import Body, Holder, Refund, ReviewOpened, Sale
from loyalty.products import Part
from loyalty.receipt import Receipt, normalise_number
from loyalty.wire import Verdict

BodyT = TypeVar("BodyT", Sale, Refund, ReviewOpened)
SaleState = Literal["open", "awarded", "claimed", "reversed", "in_question", "refused"]


class SaleRecord(Struct, frozen=True):
    """A recorded sale. `holder`, `points` and `state` are of now, `sale` is what was written.

    `points` contain what central adjusted; those of a sale claimed elsewhere are what it left.
    `taken_back` points of `points` were taken back by refunds of `refunded_fen`, which gave the
    goods `back` as far as their lines told; this is looked up where goods matter. `verdict` is None
    until central has judged it; `synced` says that central holds the event.
    Of a sale `in_question` (a person decides) or `refused`, `reason` is central's word for it.
    """

    place: Place
    fingerprint: str
    sale: Sale
    state: SaleState
    holder: Holder | None
    tier_id: str
    points: int
    refunded_fen: int
    taken_back: int
    synced: bool
    verdict: int | None
    reason: str = ""
    back: tuple[Part, ...] = ()


class RefundRecord(Struct, frozen=True):
    """A recorded refund or void."""

    place: Place
    fingerprint: str
    refund: Refund
    synced: bool
    verdict: int | None


class ReviewRecord(Struct, frozen=True):
    """A print job that waits for a person."""

    place: Place
    review: ReviewOpened
    synced: bool


Record = SaleRecord | RefundRecord | ReviewRecord

_REFUSED = int(Verdict.REFUSED_FINAL)
# Central tells only of claims made elsewhere, so such a claim stands when nobody holds the sale
# here, or when central refused the claim that was made here. Without one, a sale whose award was
# refused is nobody's, and one in question is as it was promised until a person has decided.
_SALE = f"""
    SELECT epoch, seq, fingerprint,
        CASE WHEN told THEN 'claimed' WHEN refused THEN 'refused'
            WHEN asked THEN 'in_question' ELSE state END,
        iif(told, told_kind, iif(refused, NULL, holder_kind)),
        iif(told, told_key, iif(refused, NULL, holder_key)), tier_id,
        CASE WHEN told THEN told_points WHEN refused THEN 0 ELSE points + adjusted END,
        refunded_fen, taken_back, synced, verdict,
        CASE WHEN told THEN '' WHEN refused OR asked THEN why ELSE '' END
    FROM (
        SELECT sale.*, sale.seq <= epoch.acked_seq AS synced, own.code AS verdict,
            coalesce(award.adjusted, 0) AS adjusted,
            own.code IS {_REFUSED} OR award.code IS {_REFUSED} AS refused,
            {is_in_question("own")} OR {is_in_question("award")} AS asked,
            iif(own.code IS {_REFUSED} OR {is_in_question("own")}, own.reason, award.reason)
                AS why,
            elsewhere.holder_kind AS told_kind, elsewhere.holder_key AS told_key,
            elsewhere.points AS told_points,
            elsewhere.holder_key IS NOT NULL
                AND (sale.state = 'open' OR award.code IS {_REFUSED}) AS told
        FROM sale JOIN epoch USING (epoch)
        LEFT JOIN verdict AS own ON own.epoch = sale.epoch AND own.seq = sale.seq
        LEFT JOIN verdict AS award
            ON award.epoch = sale.award_epoch AND award.seq = sale.award_seq
        LEFT JOIN claimed_elsewhere AS elsewhere ON elsewhere.fingerprint = sale.fingerprint
    )
"""  # noqa: S608 a number of our own

_REFUND = """
    SELECT refund.epoch, refund.seq, refund.fingerprint, refund.seq <= epoch.acked_seq, verdict.code
    FROM refund JOIN epoch USING (epoch)
    LEFT JOIN verdict ON verdict.epoch = refund.epoch AND verdict.seq = refund.seq
"""

_REVIEW = """
    SELECT review.epoch, review.seq, review.seq <= epoch.acked_seq
    FROM review JOIN epoch USING (epoch)
"""


def sales(db: sqlite3.Connection, where: str, values: Sequence[object]) -> list[SaleRecord]:
    """Return the sales for a clause of this module's callers, newest first."""
    rows = db.execute(f"{_SALE} {where}", values)
    return [
        SaleRecord(
            place=Place(epoch, seq),
            fingerprint=fingerprint,
            sale=(sale := _body(db, Place(epoch, seq), Sale)),
            state=state,
            holder=None if key is None else Holder(kind, key),
            tier_id=tier_id,
            points=points,
            refunded_fen=refunded_fen,
            taken_back=taken_back,
            synced=bool(synced),
            verdict=verdict,
            reason=reason,
            back=_back(db, fingerprint) if refunded_fen and sale.parts else (),
        )
        for (
            epoch,
            seq,
            fingerprint,
            state,
            kind,
            key,
            tier_id,
            points,
            refunded_fen,
            taken_back,
            synced,
            verdict,
            reason,
        ) in rows.fetchall()
    ]


def _back(db: sqlite3.Connection, fingerprint: str) -> tuple[Part, ...]:
    """Return what the refunds of a sale told of the goods that came back."""
    query = "SELECT epoch, seq FROM refund WHERE original = ? ORDER BY epoch, seq"
    places = db.execute(query, (fingerprint,)).fetchall()
    return tuple(part for row in places for part in _body(db, Place(*row), Refund).parts)


def sale_by_fingerprint(db: sqlite3.Connection, fingerprint: str) -> SaleRecord | None:
    """Return the sale of one fingerprint, 64 hex digits."""
    return _first(sales(db, "WHERE fingerprint = ?", (fingerprint,)))


def sales_by_number(db: sqlite3.Connection, shop_id: str, number: str) -> list[SaleRecord]:
    """Return the sales of a shop with this receipt number, newest first."""
    where = "WHERE shop_id = ? AND number = ? ORDER BY epoch DESC, seq DESC"
    return sales(db, where, (shop_id, normalise_number(number)))


def sale_by_claim_hash(db: sqlite3.Connection, claim_hash: str) -> SaleRecord | None:
    """Return the sale whose claim code has this hash, None if it is another till's."""
    return _first(sales(db, "WHERE claim_hash = ?", (claim_hash,)))


def open_sales(db: sqlite3.Connection, limit: int) -> list[SaleRecord]:
    """Return the last sales that nobody holds, newest first."""
    where = "WHERE state = 'open' AND NOT told ORDER BY epoch DESC, seq DESC LIMIT ?"
    return sales(db, where, (limit,))


def receipt_by_fingerprint(db: sqlite3.Connection, fingerprint: str) -> Receipt | None:
    """Return the recorded receipt, sale or refund, of one fingerprint."""
    row = db.execute(
        "SELECT epoch, seq FROM sale WHERE fingerprint = ?1"
        " UNION ALL SELECT epoch, seq FROM refund WHERE fingerprint = ?1",
        (fingerprint,),
    ).fetchone()
    if row is None:
        return None
    body = log.body_at(db, Place(*row))
    if not isinstance(body, Sale | Refund):
        raise TypeError(f"event {row} is a {type(body).__name__}, not a receipt")
    return body.receipt


def recent(db: sqlite3.Connection, limit: int) -> list[Record]:
    """Return the last sales, refunds and reviews, newest first."""
    newest: list[Record] = [
        *sales(db, "ORDER BY epoch DESC, seq DESC LIMIT ?", (limit,)),
        *_refunds(db, limit),
        *reviews(db, limit),
    ]
    return sorted(newest, key=lambda record: record.place, reverse=True)[:limit]


def _refunds(db: sqlite3.Connection, limit: int) -> list[RefundRecord]:
    rows = db.execute(f"{_REFUND} ORDER BY refund.epoch DESC, refund.seq DESC LIMIT ?", (limit,))
    return [
        RefundRecord(place, fingerprint, _body(db, place, Refund), bool(synced), verdict)
        for epoch, seq, fingerprint, synced, verdict in rows.fetchall()
        for place in (Place(epoch, seq),)
    ]


def reviews(db: sqlite3.Connection, limit: int) -> list[ReviewRecord]:
    """Return the last reviews this device opened, newest first."""
    rows = db.execute(f"{_REVIEW} ORDER BY review.epoch DESC, review.seq DESC LIMIT ?", (limit,))
    return [
        ReviewRecord(place, _body(db, place, ReviewOpened), bool(synced))
        for epoch, seq, synced in rows.fetchall()
        for place in (Place(epoch, seq),)
    ]


def _first(found: list[SaleRecord]) -> SaleRecord | None:
    return found[0] if found else None


def _body(db: sqlite3.Connection, place: Place, body_type: type[BodyT]) -> BodyT:
    body: Body = log.body_at(db, place)
    if not isinstance(body, body_type):
        raise TypeError(f"event {place} is a {type(body).__name__}, not a {body_type.__name__}")
    return body
