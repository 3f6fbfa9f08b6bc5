"""The desk's view of papers in review: which to show, and each with its paper and its words.

Reads only. A till decides its own papers first; the desk sees one when its paper is here or when it
has waited longer than the till takes.
"""

from collections.abc import Mapping

from msgspec import Struct
from sqlalchemy import Connection, and_, or_, select

from central import schema
from central.ledger.books import book_in_force
from central.ledger.judging.rows import Review, ReviewState
from central.ledger.writing.loading import read
from central.ledger.writing.projections import review_of
from central.sync import papers
from loyalty.rules.rulebook import version
from loyalty.wire import ShopRow
from receipts.kept_paper import KeptPaper, unpack

#: Until then a paper is the till's alone, unless it has been sent already.
TILL_FIRST_MS = 15 * 60_000
WAITING_MAX = 100
DECIDED_MAX = 20


class Rules(Struct, frozen=True):
    """The rule book in force: its version and its currency."""

    version: str
    currency: str


def waiting(connection: Connection, shard_key: int, now_ms: int) -> list[Review]:
    """Return what the desk may decide, the oldest first."""
    r, p = schema.review, schema.review_paper
    same = and_(p.c.shard_key == r.c.shard_key, p.c.paper_hash == r.c.paper_hash)
    query = (
        select(r.c.content)
        .join_from(r, p, same, isouter=True)
        .where(
            r.c.shard_key == shard_key,
            r.c.state == int(ReviewState.OPEN),
            or_(p.c.paper_hash.is_not(None), r.c.opened_ms < now_ms - TILL_FIRST_MS),
        )
        .order_by(r.c.opened_ms, r.c.review_id)
    )
    return [review_of(content) for (content,) in connection.execute(query.limit(WAITING_MAX))]


def decided(connection: Connection, shard_key: int) -> list[Review]:
    """Return what was decided last, by tills and by the desk."""
    r = schema.review
    query = (
        select(r.c.content)
        .where(r.c.shard_key == shard_key, r.c.state != int(ReviewState.OPEN))
        .order_by(r.c.decided_ms.desc(), r.c.review_id)
    )
    return [review_of(content) for (content,) in connection.execute(query.limit(DECIDED_MAX))]


def find(connection: Connection, shard_key: int, review_id: str) -> Review | None:
    """Return one paper in review."""
    found: Mapping[str, Review | None] = read(connection, shard_key, "reviews", [review_id])
    return found[review_id]


def paper_of(connection: Connection, shard_key: int, review: Review) -> KeptPaper | None:
    """Return the paper of a review, None while it is not here."""
    packed = papers.whole(connection, shard_key, review.paper_hash)
    return None if packed is None else unpack(packed)


def shops(connection: Connection, shard_key: int) -> list[ShopRow]:
    """Return the mall's shops by their id."""
    t = schema.shop
    query = select(t.c.shop_id, t.c.name_zh, t.c.name_en, t.c.category)
    rows = connection.execute(query.where(t.c.shard_key == shard_key).order_by(t.c.shop_id))
    return [ShopRow(*row) for row in rows]


def rules(connection: Connection, shard_key: int, now_ms: int) -> Rules | None:
    """Return the rule book in force, None while there is none."""
    book = book_in_force(connection, shard_key, now_ms)
    return Rules(version(book), book.currency) if book is not None else None
