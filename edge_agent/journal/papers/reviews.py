"""Papers in review: what stands in the queue, and the paper itself, kept to be looked at and sent.

The item is a projection of the events; the paper is this device's own, redacted before it comes
here, and goes when central has had it and the time to keep it is over. Central's word on an item
is pulled and stands beside it.
"""

import sqlite3
from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from edge_agent.journal import log
from edge_agent.journal.log import Place
from loyalty.events import Holder, ReviewDecided, ReviewOpened
from loyalty.reviewing import ReviewRow
from loyalty.wire import Topic

ReviewState = Literal["open", "accepted", "corrected", "rejected"]


class ReviewPaper(Struct, frozen=True):
    """A paper in review, packed; `paper_hash` is its name (`receipts.kept_paper`)."""

    review_id: str
    paper_hash: str
    packed: bytes


class ReviewItem(Struct, frozen=True):
    """A paper in review as it stands here. `ruled` is central's word on it, once there is one."""

    opened: ReviewOpened
    state: ReviewState
    holder: Holder | None
    decided: ReviewDecided | None
    ruled: ReviewRow | None

    @property
    def is_open(self) -> bool:
        """Tell whether somebody still has to decide."""
        return self.state == "open" and self.ruled is None


class Unsent(Struct, frozen=True):
    """A paper that central does not hold yet; `sent` of its bytes are there."""

    paper_hash: str
    packed: bytes
    sent: int


_ITEM = f"""
    SELECT item.epoch, item.seq, item.state, item.holder_kind, item.holder_key,
        item.decided_epoch, item.decided_seq, pulled.payload
    FROM review_item AS item
    LEFT JOIN pulled ON pulled.topic = {int(Topic.REVIEW)} AND pulled.item = item.review_id
"""  # noqa: S608 a number of our own
_OPEN = "WHERE item.state = 'open' AND pulled.payload IS NULL"


def keep(db: sqlite3.Connection, papers: Sequence[ReviewPaper], at_ms: int) -> None:
    """Keep the papers of reviews that are opened in this transaction."""
    for paper in papers:
        db.execute(
            "INSERT INTO review_paper (review_id, paper_hash, at_ms) VALUES (?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (paper.review_id, paper.paper_hash, at_ms),
        )
        db.execute(
            "INSERT INTO paper (paper_hash, packed, sent) VALUES (?, ?, 0) ON CONFLICT DO NOTHING",
            (paper.paper_hash, paper.packed),
        )


def find(db: sqlite3.Connection, review_id: str) -> ReviewItem | None:
    """Return one item, None if this device never opened it."""
    row = db.execute(f"{_ITEM} WHERE item.review_id = ?", (review_id,)).fetchone()
    return None if row is None else _item(db, *row)


def find_by_claim(db: sqlite3.Connection, claim_hash: str) -> ReviewItem | None:
    """Return the item whose slip carries the code behind this hash."""
    row = db.execute(f"{_ITEM} WHERE item.claim_hash = ?", (claim_hash,)).fetchone()
    return None if row is None else _item(db, *row)


def waiting(db: sqlite3.Connection, limit: int) -> list[ReviewItem]:
    """Return the items that wait for a decision, the oldest first."""
    rows = db.execute(f"{_ITEM} {_OPEN} ORDER BY item.epoch, item.seq LIMIT ?", (limit,))
    return [_item(db, *row) for row in rows.fetchall()]


def closed(db: sqlite3.Connection, limit: int) -> list[ReviewItem]:
    """Return the items that were decided last, here or at central."""
    rows = db.execute(
        f"{_ITEM} WHERE item.state <> 'open' OR pulled.payload IS NOT NULL"
        " ORDER BY coalesce(item.decided_epoch, item.epoch) DESC,"
        " coalesce(item.decided_seq, item.seq) DESC LIMIT ?",
        (limit,),
    )
    return [_item(db, *row) for row in rows.fetchall()]


def count(db: sqlite3.Connection) -> int:
    """Return how many items wait for a decision."""
    query = _ITEM.replace(_ITEM[: _ITEM.index("FROM")], "SELECT count(*) ")
    return int(db.execute(f"{query} {_OPEN}").fetchone()[0])


def paper(db: sqlite3.Connection, review_id: str) -> ReviewPaper | None:
    """Return the paper of an item, None when it is not kept any more."""
    row = db.execute(
        "SELECT review_id, paper_hash, packed FROM review_paper JOIN paper USING (paper_hash)"
        " WHERE review_id = ?",
        (review_id,),
    ).fetchone()
    return None if row is None else ReviewPaper(*row)


def ruled_fingerprint(db: sqlite3.Connection, fingerprint: str) -> ReviewRow | None:
    """Return central's decision that made the sale of this fingerprint, None if none did."""
    # MessagePack keeps a text as it is, so SQLite finds it without reading the rows.
    rows = db.execute(
        "SELECT payload FROM pulled WHERE topic = ? AND instr(payload, ?)",
        (Topic.REVIEW, fingerprint.encode()),
    )
    told = (msgspec.msgpack.decode(payload, type=ReviewRow) for (payload,) in rows)
    return next((row for row in told if row.fingerprint == fingerprint), None)


def next_unsent(db: sqlite3.Connection) -> Unsent | None:
    """Return a paper of an event that central has and whose paper it has not, the oldest first."""
    row = db.execute(
        "SELECT paper.paper_hash, paper.packed, paper.sent FROM paper"
        " JOIN review_paper USING (paper_hash) JOIN review_item USING (review_id)"
        " JOIN review ON review.epoch = review_item.epoch AND review.seq = review_item.seq"
        " JOIN epoch ON epoch.epoch = review.epoch"
        " WHERE paper.sent < length(paper.packed) AND review.seq <= epoch.acked_seq"
        " ORDER BY review_paper.at_ms LIMIT 1"
    ).fetchone()
    return None if row is None else Unsent(*row)


def set_sent(db: sqlite3.Connection, paper_hash: str, sent: int) -> None:
    """Note how many bytes of a paper central holds."""
    db.execute("UPDATE paper SET sent = ? WHERE paper_hash = ?", (sent, paper_hash))


def none_sent(db: sqlite3.Connection) -> None:
    """Offer every paper again: a central that was restored may lack it, and says what it holds."""
    db.execute("UPDATE paper SET sent = 0")


def expire(db: sqlite3.Connection, before_ms: int) -> None:
    """Delete the papers of items decided before a moment; what was decided stays in the journal."""
    rows = db.execute(f"{_ITEM} WHERE item.state <> 'open' OR pulled.payload IS NOT NULL")
    for row in rows.fetchall():
        item = _item(db, *row)
        at = item.decided.at if item.decided is not None else item.opened.at
        if at.wall_ms < before_ms:
            review_id = (item.opened.review_id,)
            db.execute("DELETE FROM review_paper WHERE review_id = ?", review_id)
    db.execute("DELETE FROM paper WHERE paper_hash NOT IN (SELECT paper_hash FROM review_paper)")


def _item(  # noqa: PLR0913, PLR0917 the columns of _ITEM
    db: sqlite3.Connection,
    epoch: int,
    seq: int,
    state: ReviewState,
    holder_kind: Literal["member", "card"] | None,
    holder_key: str | None,
    decided_epoch: int | None,
    decided_seq: int | None,
    ruled: bytes | None,
) -> ReviewItem:
    opened = log.body_at(db, Place(epoch, seq))
    decided = (
        None
        if decided_epoch is None or decided_seq is None
        else log.body_at(db, Place(decided_epoch, decided_seq))
    )
    if not isinstance(opened, ReviewOpened) or not isinstance(decided, ReviewDecided | None):
        raise TypeError(f"event {epoch}/{seq} or what decided it is no review")
    return ReviewItem(
        opened=opened,
        state=state,
        holder=None if holder_kind is None else Holder(holder_kind, holder_key or ""),
        decided=decided,
        ruled=None if ruled is None else msgspec.msgpack.decode(ruled, type=ReviewRow),
    )
