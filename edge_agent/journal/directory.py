"""What this device pulled from central: members, rule books, rewards, shops, claims, vouchers.

Everything here was central's and can be pulled again. A page of the feed and the cursor behind it
are stored in one transaction, so the state is always that of the feed up to the cursor.
"""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import Struct

from edge_agent.journal import cursor
from edge_agent.journal.cursor import NOT_POSTED, Cursor
from loyalty.codes import voucher_hash
from loyalty.events import Holder
from loyalty.wire import (
    CardRow,
    ClaimedRow,
    FeedRow,
    Judged,
    MemberRow,
    PullAnswer,
    RewardRow,
    RuleBookRow,
    ShopRow,
    Topic,
    Verdict,
    VoucherRow,
)

RowT = TypeVar("RowT", RuleBookRow, RewardRow, ShopRow)


class Standing(Struct, frozen=True):
    """What a holder has, as this device knows it.

    `balance` is the directory's plus what this device promised that the directory does not contain
    yet (`pending`); None when the directory does not know the holder: then `pending` is all.
    """

    holder: Holder
    balance: int | None
    pending: int
    tier_id: str = ""
    masked_name: str = ""


def take_page(db: sqlite3.Connection, answer: PullAnswer) -> None:
    """Store one page of the feed and move the cursor; `refetch` empties the directory first."""
    before = cursor.cursor(db).incarnation
    if answer.refetch or before not in {b"", answer.incarnation}:
        start_over(db, answer.incarnation)
        return
    for row in answer.rows:
        _take(db, row)
    cursor.move(db, Cursor(answer.incarnation, answer.position))


def start_over(db: sqlite3.Connection, incarnation: bytes) -> None:
    """Drop what was pulled and put the cursor before the first row."""
    for table in ("member", "member_tag", "card", "claimed_elsewhere", "pulled", "unread_row"):
        db.execute(f"DELETE FROM {table}")  # noqa: S608 our own names
    cursor.drop_foreign_acks(db, incarnation)
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


def _member(db: sqlite3.Connection, row: FeedRow) -> None:
    if row.payload is None:
        db.execute("DELETE FROM member_tag WHERE member = ?", (row.item,))
        db.execute("DELETE FROM member WHERE member = ?", (row.item,))
        return
    member = msgspec.msgpack.decode(row.payload, type=MemberRow)
    db.execute("DELETE FROM member_tag WHERE member = ?", (member.member,))
    db.executemany(
        "REPLACE INTO member_tag (tag, member) VALUES (?, ?)",
        [(tag, member.member) for tag in member.tags],
    )
    db.execute(
        "REPLACE INTO member (member, tier_id, balance, masked_name) VALUES (?, ?, ?, ?)",
        (member.member, member.tier_id, member.balance, member.masked_name),
    )


def _card(db: sqlite3.Connection, row: FeedRow) -> None:
    if row.payload is None:
        db.execute("DELETE FROM card WHERE tag = ?", (row.item,))
        return
    card = msgspec.msgpack.decode(row.payload, type=CardRow)
    db.execute("REPLACE INTO card (tag, balance) VALUES (?, ?)", (card.tag, card.balance))


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


_STORE: dict[int, Callable[[sqlite3.Connection, FeedRow], None]] = {
    Topic.MEMBER: _member,
    Topic.CARD: _card,
    Topic.RULE_BOOK: _whole(RuleBookRow),
    Topic.REWARD: _whole(RewardRow),
    Topic.VERDICT: _verdict,
    Topic.CLAIMED: _claimed,
    Topic.SHOP: _whole(ShopRow),
    Topic.VOUCHER: _whole(VoucherRow),
}


def holder_of(db: sqlite3.Connection, tag: str) -> Holder:
    """Return the member behind a card's tag; the card itself while nobody is known behind it."""
    row = db.execute("SELECT member FROM member_tag WHERE tag = ?", (tag,)).fetchone()
    return Holder("card", tag) if row is None else Holder("member", row[0])


def standing(db: sqlite3.Connection, holder: Holder) -> Standing:
    """Return what a holder has. A card that has become a member's is answered as that member."""
    if holder.kind == "card":
        holder = holder_of(db, holder.key)
    if holder.kind == "card":
        row = db.execute("SELECT balance FROM card WHERE tag = ?", (holder.key,)).fetchone()
        pending = _pending(db, holder)
        return Standing(holder, None if row is None else row[0] + pending, pending)
    # A card's points of before it was resolved are the member's too.
    tags = db.execute("SELECT tag FROM member_tag WHERE member = ?", (holder.key,)).fetchall()
    cards = (Holder("card", tag) for (tag,) in tags)
    pending = _pending(db, holder) + sum(_pending(db, card) for card in cards)
    row = db.execute(
        "SELECT balance, tier_id, masked_name FROM member WHERE member = ?", (holder.key,)
    ).fetchone()
    if row is None:
        return Standing(holder, None, pending)
    balance, tier_id, masked_name = row
    return Standing(holder, balance + pending, pending, tier_id, masked_name)


_NOT_POSTED = ", ".join(str(int(verdict)) for verdict in NOT_POSTED)
_PENDING = f"""
    SELECT coalesce(sum(moved.points + iif(moved.leg = 0, coalesce(verdict.adjusted, 0), 0)), 0)
    FROM (
        SELECT epoch, seq, leg, points FROM movement WHERE holder_key = ?2 AND holder_kind = ?1
        UNION ALL
        SELECT movement.epoch, movement.seq, movement.leg, movement.points
        FROM claimed_elsewhere JOIN movement USING (fingerprint)
        WHERE claimed_elsewhere.holder_key = ?2 AND claimed_elsewhere.holder_kind = ?1
    ) AS moved
    JOIN epoch USING (epoch)
    LEFT JOIN verdict ON verdict.epoch = moved.epoch AND verdict.seq = moved.seq
    WHERE (moved.seq > epoch.contained_seq OR verdict.code IN ({_NOT_POSTED}))
      AND verdict.code IS NOT {int(Verdict.REFUSED_FINAL)}
"""  # noqa: S608 numbers of our own


def _pending(db: sqlite3.Connection, holder: Holder) -> int:
    """Sum what was promised to one holder and is not in the directory's balance."""
    return int(db.execute(_PENDING, (holder.kind, holder.key)).fetchone()[0])


def rule_books(db: sqlite3.Connection) -> list[RuleBookRow]:
    """Return every rule book that was pulled, by the time from which it counts."""
    books = _rows(db, Topic.RULE_BOOK, RuleBookRow)
    return sorted(books, key=lambda book: (book.effective_ms, book.version))


def rewards(db: sqlite3.Connection) -> list[RewardRow]:
    """Return the catalogue, the cheapest first."""
    return sorted(_rows(db, Topic.REWARD, RewardRow), key=lambda row: (row.points, row.reward_id))


def shop(db: sqlite3.Connection, shop_id: str) -> ShopRow | None:
    """Return one shop, None if central has not told of it."""
    return next((row for row in _rows(db, Topic.SHOP, ShopRow) if row.shop_id == shop_id), None)


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
