"""What this device pulled from central: rule books, rewards, shops, claims, vouchers, and members.

Everything here was central's and can be pulled again. A page of the feed and the cursor behind it
are stored in one transaction, so the state is always that of the feed up to the cursor. Members,
who come with a file too, are `members.py`'s.
"""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import Struct

from edge_agent.journal import cursor, identity
from edge_agent.journal.cursor import Cursor
from edge_agent.journal.papers import reviews
from edge_agent.journal.pulled import members, seals
from loyalty.chain import signed_by
from loyalty.codes import voucher_hash
from loyalty.reviewing import ReviewRow, TemplateRow
from loyalty.rules.rulebook import from_canonical, signed_message, version
from loyalty.wire import (
    CancelledRow,
    ClaimedRow,
    FeedRow,
    Judged,
    PullAnswer,
    RewardRow,
    RuleBookRow,
    ShopRow,
    StockRow,
    Topic,
    VoucherRow,
)

RowT = TypeVar("RowT", RuleBookRow, RewardRow, ShopRow, StockRow)


#: Where rows of the feed stand as they came; a row that comes again is new again.
_TOLD = ("claimed_elsewhere", "pulled")


def take_page(db: sqlite3.Connection, answer: PullAnswer) -> None:
    """Store one page of the feed and move the cursor; `refetch` puts it back to the start."""
    before = cursor.cursor(db).incarnation
    if answer.refetch or before not in {b"", answer.incarnation}:
        start_over(db, answer.incarnation)
        return
    members.counts_on_file(db, answer)
    for row in answer.rows:
        _take(db, row)
    if not answer.more:
        for table in _TOLD:
            db.execute(f"DELETE FROM {table} WHERE old = 1")  # noqa: S608 our own names
    cursor.move(db, Cursor(answer.incarnation, answer.position))


def start_over(db: sqlite3.Connection, incarnation: bytes) -> None:
    """Put the cursor before the first row; what another incarnation told is old from now on.

    It stays in use until the new feed has been read to its end: central may be away again before
    that, and a till without rules awards nothing. Only a seal says nothing of another history.
    """
    if cursor.cursor(db).incarnation != incarnation:
        db.execute("DELETE FROM pulled WHERE topic = ?", (Topic.SEAL,))
        for table in _TOLD:
            db.execute(f"UPDATE {table} SET old = 1")  # noqa: S608 our own names
        members.of_another_feed(db)
        cursor.drop_foreign_acks(db, incarnation)
        reviews.none_sent(db)
    db.execute("DELETE FROM unread_row")
    cursor.move(db, Cursor(incarnation, 0))


def _take(db: sqlite3.Connection, row: FeedRow) -> None:
    store = _STORE.get(row.topic)
    if store is None:
        return  # a later version knows it, and will pull everything again (knows_all_topics)
    try:
        store(db, row)
    except (msgspec.MsgspecError, ValueError) as error:
        db.execute(
            "REPLACE INTO unread_row (position, topic, item, payload, why) VALUES (?, ?, ?, ?, ?)",
            (row.position, row.topic, row.item, row.payload, str(error)),
        )


def _claimed(db: sqlite3.Connection, row: FeedRow) -> None:
    if row.payload is None:
        db.execute("DELETE FROM claimed_elsewhere WHERE fingerprint = ?", (row.item,))
        return
    claim = msgspec.msgpack.decode(row.payload, type=ClaimedRow)
    db.execute(
        "REPLACE INTO claimed_elsewhere (fingerprint, holder_kind, holder_key, points)"
        " VALUES (?, ?, ?, ?)",
        (claim.fingerprint, claim.holder.kind, claim.holder.key, claim.points),
    )


def _verdict(db: sqlite3.Connection, row: FeedRow) -> None:
    if row.payload is None:
        raise ValueError("a verdict is never taken away")
    epoch = int(row.item.partition("/")[0])
    cursor.judge(db, epoch, msgspec.msgpack.decode(row.payload, type=Judged))


def _whole(row_type: type[Struct]) -> Callable[[sqlite3.Connection, FeedRow], None]:
    def store(db: sqlite3.Connection, row: FeedRow) -> None:
        if row.payload is None:
            db.execute("DELETE FROM pulled WHERE topic = ? AND item = ?", (row.topic, row.item))
            return
        msgspec.msgpack.decode(row.payload, type=row_type)  # what cannot be read is not kept here
        db.execute(
            "REPLACE INTO pulled (topic, item, payload) VALUES (?, ?, ?)",
            (row.topic, row.item, row.payload),
        )

    return store


def _rule_book(db: sqlite3.Connection, row: FeedRow) -> None:
    """Keep a rule book that this version can work with; the one in force stays while it cannot."""
    if row.payload is not None:
        told = msgspec.msgpack.decode(row.payload, type=RuleBookRow)
        book = from_canonical(told.canonical)
        if book.grammar > _UNSIGNED_GRAMMAR_MAX or told.signature:
            _check_signature(db, told, version(book))
    _WHOLE_RULE_BOOK(db, row)


def _check_signature(db: sqlite3.Connection, told: RuleBookRow, version_: str) -> None:
    """Raise ValueError unless central says that this very book counts from that time on."""
    key = identity.require(db).central_key
    if told.version != version_ or not signed_by(
        key, told.signature, signed_message(version_, told.effective_ms)
    ):
        raise ValueError(f"rule book {told.version[:12]} is not signed by central")


#: Books of this grammar may come from a central that does not sign yet.
_UNSIGNED_GRAMMAR_MAX = 1
_WHOLE_RULE_BOOK = _whole(RuleBookRow)
_STORE: dict[int, Callable[[sqlite3.Connection, FeedRow], None]] = {
    Topic.MEMBER: members.take_member,
    Topic.CARD: members.take_card,
    Topic.RULE_BOOK: _rule_book,
    Topic.REWARD: _whole(RewardRow),
    Topic.VERDICT: _verdict,
    Topic.CLAIMED: _claimed,
    Topic.SHOP: _whole(ShopRow),
    Topic.VOUCHER: _whole(VoucherRow),
    Topic.REVIEW: _whole(ReviewRow),
    Topic.TEMPLATE: _whole(TemplateRow),
    Topic.SEAL: seals.take,
    Topic.STOCK: _whole(StockRow),
    Topic.CANCELLED: _whole(CancelledRow),
}


def rule_books(db: sqlite3.Connection) -> list[RuleBookRow]:
    """Return every rule book that was pulled, by the time from which it counts."""
    books = _rows(db, Topic.RULE_BOOK, RuleBookRow)
    return sorted(books, key=lambda book: (book.effective_ms, book.version))


def rewards(db: sqlite3.Connection) -> list[RewardRow]:
    """Return the catalogue, the cheapest first."""
    return sorted(_rows(db, Topic.REWARD, RewardRow), key=lambda row: (row.points, row.reward_id))


def stock(db: sqlite3.Connection) -> dict[str, int]:
    """Return how much is left of each reward of which there is only so much."""
    return {row.reward_id: row.left for row in _rows(db, Topic.STOCK, StockRow)}


def cancelled(db: sqlite3.Connection, code: str) -> bool:
    """Tell whether central cancelled a voucher that only this device may take."""
    query = "SELECT 1 FROM pulled WHERE topic = ? AND item = ?"
    return db.execute(query, (Topic.CANCELLED, voucher_hash(code))).fetchone() is not None


def shop(db: sqlite3.Connection, shop_id: str) -> ShopRow | None:
    """Return one shop, None if central has not told of it."""
    return next((row for row in _rows(db, Topic.SHOP, ShopRow) if row.shop_id == shop_id), None)


def template(db: sqlite3.Connection, shop_id: str) -> TemplateRow | None:
    """Return what central knows of a shop's papers, None if nothing yet."""
    row = db.execute(
        "SELECT payload FROM pulled WHERE topic = ? AND item = ?", (Topic.TEMPLATE, shop_id)
    ).fetchone()
    return None if row is None else msgspec.msgpack.decode(row[0], type=TemplateRow)


def voucher(db: sqlite3.Connection, code: str) -> VoucherRow | None:
    """Return the voucher of a typed code if only this device may take it, else None."""
    row = db.execute(
        "SELECT payload FROM pulled WHERE topic = ? AND item = ?",
        (Topic.VOUCHER, voucher_hash(code)),
    ).fetchone()
    return None if row is None else msgspec.msgpack.decode(row[0], type=VoucherRow)


def _rows(db: sqlite3.Connection, topic: Topic, row_type: type[RowT]) -> list[RowT]:
    rows = db.execute("SELECT payload FROM pulled WHERE topic = ?", (topic,))
    return [msgspec.msgpack.decode(payload, type=row_type) for (payload,) in rows]
