"""What decisions teach: a confirmed paper makes its shop's template better, for its tills to pull.

A template is data, named by the SHA-256 of its canonical bytes. It never decides: the reader uses
it as hints that arithmetic on the paper outweighs (`receipts.templates`). Each decision teaches
once, whichever side made it, when the paper it is about has arrived.
"""

import hashlib

from msgspec import Struct, structs
from sqlalchemy import Connection, and_, exists, select

from central import schema
from central.database import writing
from central.ledger.directory import Change, announce, of_template
from central.ledger.judging.rows import Review, ReviewState
from central.ledger.writing.projections import review_of
from central.sync import papers
from central.sync.callers import DeviceState
from central.sync.service import Service
from loyalty.receipt import Kind
from loyalty.reviewing import TemplateRow
from loyalty.wire import Topic
from receipts import lessons, templates
from receipts.kept_paper import KeptPaper, unpack
from receipts.lessons import Lesson
from receipts.reading import papers_of
from receipts.templates import Template

#: So many decisions are learnt from at a time.
AT_ONCE = 20
_DECIDED = (int(ReviewState.ACCEPTED), int(ReviewState.CORRECTED))


class Taught(Struct, frozen=True):
    """A decision and what became of it as a lesson; `template` is the shop's after it."""

    review_id: str
    outcome: str
    template: TemplateRow | None = None


def teach(service: Service) -> int:
    """Learn from the decisions that have not taught yet and whose papers are here; count them."""
    waiting = service.read(lambda connection: _waiting(connection, service.shard_key))
    for review, packed, before in waiting:
        learnt = _learnt(review, packed, before)
        with writing(service.engine) as connection:
            _keep(connection, service.shard_key, review, learnt, service.now_ms())
    return len(waiting)


def hand_out(service: Service) -> int:
    """Tell tills that came after the last lesson of their shop; return how many."""
    with writing(service.engine) as connection:
        changes = _missing(connection, service.shard_key)
        if changes:
            announce(connection, service.shard_key, changes)
    return len(changes)


def _missing(connection: Connection, shard_key: int) -> list[Change]:
    d, t, f = schema.device, schema.template, schema.feed
    shop = and_(t.c.shard_key == d.c.shard_key, t.c.shop_id == d.c.shop_id)
    told = exists().where(
        f.c.shard_key == shard_key,
        f.c.topic == int(Topic.TEMPLATE),
        f.c.device_id == d.c.device_id,
        f.c.item == t.c.shop_id,
    )
    query = select(d.c.device_id, t.c.shop_id, t.c.version, t.c.canonical).join_from(d, t, shop)
    query = query.where(d.c.shard_key == shard_key, d.c.state == int(DeviceState.ENROLLED), ~told)
    rows = connection.execute(query).all()
    return [of_template(TemplateRow(*row), device_id) for device_id, *row in rows]


def template_of(connection: Connection, shard_key: int, shop_id: str) -> TemplateRow | None:
    """Return what is known of a shop's papers, None while that is nothing."""
    t = schema.template
    query = select(t.c.shop_id, t.c.version, t.c.canonical)
    row = connection.execute(
        query.where(t.c.shard_key == shard_key, t.c.shop_id == shop_id)
    ).one_or_none()
    return None if row is None else TemplateRow(*row)


def _waiting(
    connection: Connection, shard_key: int
) -> list[tuple[Review, bytes, TemplateRow | None]]:
    """Return decisions of different shops, each with its paper and its shop's template."""
    r, p, t = schema.review, schema.review_paper, schema.taught
    same = and_(p.c.shard_key == r.c.shard_key, p.c.paper_hash == r.c.paper_hash)
    done = and_(t.c.shard_key == r.c.shard_key, t.c.review_id == r.c.review_id)
    query = (
        select(r.c.content)
        .join_from(r, p, same)
        .join(t, done, isouter=True)
        .where(r.c.shard_key == shard_key, r.c.state.in_(_DECIDED), t.c.review_id.is_(None))
        .order_by(r.c.decided_ms, r.c.review_id)
    )
    found: dict[str, tuple[Review, bytes, TemplateRow | None]] = {}
    for (content,) in connection.execute(query.limit(AT_ONCE)):
        review = review_of(content)
        packed = papers.whole(connection, shard_key, review.paper_hash)
        if packed is not None and review.shop_id not in found:
            before = template_of(connection, shard_key, review.shop_id)
            found[review.shop_id] = (review, packed, before)
    return list(found.values())


def _learnt(review: Review, packed: bytes, before: TemplateRow | None) -> Taught:
    try:
        known = templates.decoded(before.canonical) if before else Template(shop=review.shop_id)
        after = lesson_of(review, unpack(packed), known)
    except Exception as error:  # noqa: BLE001 one poison paper must not keep others from teaching
        return Taught(review.review_id, f"no lesson: {type(error).__name__}")
    if after is None or _adds_nothing(after, known):
        return Taught(review.review_id, "nothing new")
    canonical = templates.encoded(after)
    row = TemplateRow(review.shop_id, hashlib.sha256(canonical).hexdigest(), canonical)
    return Taught(review.review_id, "taught", row)


def _adds_nothing(after: Template, known: Template) -> bool:
    """A shop's later papers confirm what is known: no till needs to hear of each of them."""
    return known.papers > 0 and structs.replace(after, papers=known.papers) == known


def lesson_of(review: Review, paper: KeptPaper, known: Template) -> Template | None:
    """Return the template after a decided paper, None when it teaches nothing.

    A paper that is no sale of the shop, or of which nothing was read, teaches nothing.
    """
    decided, reading = review.decided, paper.reading
    if decided is None or reading is None or decided.kind != Kind.SALE:
        return None
    if decided.shop_id != review.shop_id or not any(line.strip() for line in reading.lines):
        return None
    confirmed = structs.replace(
        reading,
        kind=Kind.SALE,
        number=decided.number,
        printed_at=decided.printed_at,
        owed_fen=decided.owed_fen,
        decision="award",
    )
    pages = [each.page for each in papers_of(paper.job, dialect=paper.dialect or None)]
    page = pages[paper.place] if paper.place < len(pages) else None
    return lessons.taught(known, [Lesson(confirmed, page)], known.date_order or "ymd")


def _keep(
    connection: Connection, shard_key: int, review: Review, learnt: Taught, now_ms: int
) -> None:
    """Note the lesson and tell the shop's tills, in one transaction; another worker's stands."""
    t, k = schema.template, schema.taught
    place = {"shard_key": shard_key, "review_id": review.review_id}
    done = select(k.c.review_id).where(
        k.c.shard_key == shard_key, k.c.review_id == review.review_id
    )
    if connection.execute(done).one_or_none() is not None:
        return
    connection.execute(k.insert(), {**place, "outcome": learnt.outcome})
    if learnt.template is None:
        return
    here = and_(t.c.shard_key == shard_key, t.c.shop_id == review.shop_id)
    values = {
        "version": learnt.template.version,
        "canonical": learnt.template.canonical,
        "made_ms": now_ms,
    }
    if not connection.execute(t.update().where(here).values(**values)).rowcount:
        connection.execute(
            t.insert(), {"shard_key": shard_key, "shop_id": review.shop_id, **values}
        )
    announce(connection, shard_key, _for_tills(connection, shard_key, learnt.template))


def _for_tills(connection: Connection, shard_key: int, row: TemplateRow) -> list[Change]:
    d = schema.device
    query = select(d.c.device_id).where(
        d.c.shard_key == shard_key,
        d.c.shop_id == row.shop_id,
        d.c.state != int(DeviceState.REVOKED),
    )
    return [of_template(row, device_id) for (device_id,) in connection.execute(query)]
