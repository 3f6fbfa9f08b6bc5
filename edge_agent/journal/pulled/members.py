"""Members and their cards: the file central made, and on top of it what the feed said since.

The state is that of the feed up to the cursor, except between a start (or a refetch) and the first
file: then members are missing here, and their points go to the card until central resolves it. A
row is as good as a file of its position; whichever is later counts.
"""

import logging
import sqlite3
from pathlib import Path

import msgspec
from msgspec import Struct

from edge_agent.journal import cursor
from edge_agent.journal.cursor import NOT_POSTED, Cursor
from edge_agent.journal.pulled.member_files import is_whole
from loyalty.directory import DirectoryHeld
from loyalty.events import Holder
from loyalty.member_file import Entry, MemberFile
from loyalty.wire import CardRow, FeedRow, MemberRow, PullAnswer, Verdict

_log = logging.getLogger(__name__)


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


class InUse(Struct, frozen=True):
    """The member file in use; no name before the first one.

    `position` is its place in the feed of this incarnation, 0 for a file of an earlier one, and
    `needed` the place that a file must have before the directory is whole.
    """

    name: str
    position: int
    needed: int


# ---- what the feed says


def take_member(db: sqlite3.Connection, row: FeedRow) -> None:
    """Store the newest state of a member."""
    if _is_old(db, "SELECT position FROM member WHERE member = ?", row):
        return
    member = MemberRow(row.item, (), "", 0, "")
    if row.payload is not None:
        member = msgspec.msgpack.decode(row.payload, type=MemberRow)
    db.execute("DELETE FROM member_tag WHERE member = ?", (member.member,))
    db.executemany(
        "REPLACE INTO member_tag (tag, member) VALUES (?, ?)",
        [(tag, member.member) for tag in member.tags],
    )
    db.execute(
        "REPLACE INTO member (member, tier_id, balance, masked_name, position, gone)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            member.member,
            member.tier_id,
            member.balance,
            member.masked_name,
            row.position,
            row.payload is None,
        ),
    )


def take_card(db: sqlite3.Connection, row: FeedRow) -> None:
    """Store the newest points of a card nobody has resolved."""
    if _is_old(db, "SELECT position FROM card WHERE tag = ?", row):
        return
    card = CardRow(row.item, 0)
    if row.payload is not None:
        card = msgspec.msgpack.decode(row.payload, type=CardRow)
    db.execute(
        "REPLACE INTO card (tag, balance, position, gone) VALUES (?, ?, ?, ?)",
        (card.tag, card.balance, row.position, row.payload is None),
    )


def _is_old(db: sqlite3.Connection, query: str, row: FeedRow) -> bool:
    """Tell whether the feed, pulled once more from its start, repeats what is known better."""
    if row.position <= in_use(db).position:
        return True
    held = db.execute(query, (row.item,)).fetchone()
    return held is not None and held[0] > row.position


# ---- the file


def in_use(db: sqlite3.Connection) -> InUse:
    """Return the member file in use."""
    row = db.execute("SELECT name, position, needed FROM member_file").fetchone()
    return InUse(*row)


def held(db: sqlite3.Connection, key_check: bytes) -> DirectoryHeld:
    """Return what a pull says of this device's directory."""
    now = in_use(db)
    return DirectoryHeld(now.name, now.position, max(now.position, now.needed), key_check)


def counts_on_file(db: sqlite3.Connection, answer: PullAnswer) -> None:
    """Keep how far a page left members out because a file has them."""
    db.execute("UPDATE member_file SET needed = max(needed, ?)", (answer.through,))


def of_another_feed(db: sqlite3.Connection) -> None:
    """Let everything known be older than any row or file of the feed that begins now.

    It stays in use until then: a masked name and a tier of yesterday are better than none.
    """
    db.execute("UPDATE member_file SET position = 0, needed = 0")
    db.execute("UPDATE member SET position = 0")
    db.execute("UPDATE card SET position = 0")


def use_file(db: sqlite3.Connection, name: str, place: Cursor) -> bool:
    """Use a file of a place in the feed from now on; not before the feed was pulled so far.

    Else its balances would contain events that still count as promised on top.
    """
    at, position = cursor.cursor(db), place.position
    if at.incarnation != place.incarnation or at.position < position:
        return False
    db.execute("UPDATE member_file SET name = ?, position = ?", (name, position))
    db.execute(
        "DELETE FROM member_tag WHERE member IN (SELECT member FROM member WHERE position <= ?)",
        (position,),
    )
    db.execute("DELETE FROM member WHERE position <= ?", (position,))
    db.execute("DELETE FROM card WHERE position <= ?", (position,))
    return True


def check_file(db: sqlite3.Connection, folder: Path) -> None:
    """Forget a file in use that is not what its name says: another of its place is needed."""
    name = in_use(db).name
    if name and not is_whole(folder, name):
        _log.warning("the member file %s is damaged or gone; it is fetched again", name[:12])
        need_another(db)


def need_another(db: sqlite3.Connection) -> None:
    """Let the file in use go: one of its place or a later one must come."""
    db.execute("UPDATE member_file SET name = '', position = 0, needed = max(needed, position)")


# ---- what it comes to


def holder_of(db: sqlite3.Connection, file: MemberFile | None, tag: str) -> Holder:
    """Return the member behind a card's tag; the card itself while nobody is known behind it."""
    row = db.execute("SELECT member FROM member_tag WHERE tag = ?", (tag,)).fetchone()
    if row is not None:
        return Holder("member", row[0])
    member = file.member_of(tag) if file is not None else None
    # A row of the feed names all cards of its member, so this one is theirs no more.
    if member is None or _row_of(db, member) is not None:
        return Holder("card", tag)
    return Holder("member", member)


def standing(db: sqlite3.Connection, file: MemberFile | None, holder: Holder) -> Standing:
    """Return what a holder has. A card that has become a member's is answered as that member."""
    if holder.kind == "card":
        holder = holder_of(db, file, holder.key)
    if holder.kind == "card":
        balance, pending = _card_balance(db, file, holder.key), _pending(db, holder)
        return Standing(holder, None if balance is None else balance + pending, pending)
    pending = _pending(db, holder)
    # A card's points of before it was resolved are the member's too.
    for tag, points in db.execute(_PENDING_ON_CARDS).fetchall():
        if points and holder_of(db, file, tag) == holder:
            pending += points
    entry = _entry(db, file, holder.key)
    if entry is None:
        return Standing(holder, None, pending)
    return Standing(holder, entry.balance + pending, pending, entry.tier_id, entry.masked_name)


def _row_of(db: sqlite3.Connection, member: str) -> tuple[str, int, str, int] | None:
    row: tuple[str, int, str, int] | None = db.execute(
        "SELECT tier_id, balance, masked_name, gone FROM member WHERE member = ?", (member,)
    ).fetchone()
    return row


def _entry(db: sqlite3.Connection, file: MemberFile | None, member: str) -> Entry | None:
    row = _row_of(db, member)
    if row is None:
        return file.member(member) if file is not None else None
    tier_id, balance, masked_name, gone = row
    return None if gone else Entry(member, tier_id, balance, masked_name)


def _card_balance(db: sqlite3.Connection, file: MemberFile | None, tag: str) -> int | None:
    row = db.execute("SELECT balance, gone FROM card WHERE tag = ?", (tag,)).fetchone()
    if row is None:
        return file.open_balance(tag) if file is not None else None
    return None if row[1] else int(row[0])


_NOT_POSTED = ", ".join(str(int(verdict)) for verdict in sorted(NOT_POSTED))
_POINTS = "moved.points + iif(moved.leg = 0, coalesce(verdict.adjusted, 0), 0)"
_COUNTS = f"""
    (moved.seq > epoch.contained_seq OR verdict.code IN ({_NOT_POSTED}))
    AND verdict.code IS NOT {int(Verdict.REFUSED_FINAL)}
    AND NOT {cursor.is_earned_elsewhere("verdict")}
"""
_PENDING = f"""
    SELECT coalesce(sum({_POINTS}), 0)
    FROM (
        SELECT epoch, seq, leg, points FROM movement WHERE holder_key = ?2 AND holder_kind = ?1
        UNION ALL
        SELECT movement.epoch, movement.seq, movement.leg, movement.points
        FROM claimed_elsewhere JOIN movement USING (fingerprint)
        WHERE claimed_elsewhere.holder_key = ?2 AND claimed_elsewhere.holder_kind = ?1
    ) AS moved
    JOIN epoch USING (epoch)
    LEFT JOIN verdict ON verdict.epoch = moved.epoch AND verdict.seq = moved.seq
    WHERE {_COUNTS}
"""  # noqa: S608 numbers of our own
#: The same by card, from the few events that can count: not contained, or held and not posted.
_PENDING_ON_CARDS = f"""
    WITH moved (epoch, seq, leg, points, tag) AS (
        SELECT movement.epoch, movement.seq, leg, points, holder_key
        FROM epoch CROSS JOIN movement
        ON movement.epoch = epoch.epoch AND movement.seq > epoch.contained_seq
        WHERE holder_kind = 'card'
        UNION
        SELECT movement.epoch, movement.seq, leg, points, holder_key
        FROM verdict CROSS JOIN movement
        ON movement.epoch = verdict.epoch AND movement.seq = verdict.seq
        WHERE verdict.code IN ({_NOT_POSTED}) AND holder_kind = 'card'
        UNION
        SELECT movement.epoch, movement.seq, leg, movement.points, claimed.holder_key
        FROM claimed_elsewhere AS claimed JOIN movement USING (fingerprint)
        WHERE claimed.holder_kind = 'card'
    )
    SELECT tag, sum({_POINTS})
    FROM moved JOIN epoch USING (epoch)
    LEFT JOIN verdict ON verdict.epoch = moved.epoch AND verdict.seq = moved.seq
    WHERE {_COUNTS}
    GROUP BY tag
"""  # noqa: S608 numbers of our own


def _pending(db: sqlite3.Connection, holder: Holder) -> int:
    """Sum what was promised to one holder and is not in the directory's balance."""
    return int(db.execute(_PENDING, (holder.kind, holder.key)).fetchone()[0])
