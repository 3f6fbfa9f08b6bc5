import json

import pytest
from sqlalchemy import delete, update

from central import schema
from central.database import writing
from central.ledger.seals import EVERY_MS
from central.ledger.verify import rebuild, verify
from loyalty import chain
from loyalty.events import KINDS, LedgerSealed, frame_of
from loyalty.wire import Topic
from tests.central.programme import member

SEAL = next(kind for kind, body in KINDS.items() if body is LedgerSealed)
INBOX, FEED = schema.inbox, schema.feed


@pytest.fixture
def sealed(programme):
    """A programme with three seals, an hour and some sales between them."""
    for fen in (10_000, 20_000, 30_000):
        programme.till.push(programme.till.sale(member(), fen=fen))
        assert programme.service.seal() is not None
        programme.now_ms += EVERY_MS
    programme.check()
    return programme


def seals(programme):
    return [row for row in programme.rows(INBOX) if row.kind == SEAL]


def found(programme):
    return {finding.check for finding in programme.read(verify)}


def change(programme, statement):
    with writing(programme.engine) as connection:
        where = statement.table.c.shard_key == programme.shard_key
        assert connection.execute(statement.where(where)).rowcount


def test_a_seal_is_made_once_an_hour_and_only_if_something_happened(programme):
    programme.till.push(programme.till.sale(member()))
    first = programme.service.seal()
    programme.till.push(programme.till.sale(member()))
    programme.now_ms += EVERY_MS - 1
    assert programme.service.seal() is None
    programme.now_ms += 1
    second = programme.service.seal()
    assert (second.previous_turn, second.previous) == (first.turn, first.digest)
    programme.now_ms += 10 * EVERY_MS
    assert programme.service.seal() is None  # nothing but that seal was written since


def test_a_clock_that_was_set_back_does_not_stop_the_seals(sealed):
    sealed.till.push(sealed.till.sale(member()))
    sealed.now_ms -= 100 * EVERY_MS
    assert sealed.service.seal() is not None
    sealed.check()


def test_tills_are_told_each_seal(sealed):
    told = [row for row in sealed.till.pull().rows if row.topic == Topic.SEAL]
    assert [row.item for row in told] == [
        str(json.loads(row.body)["turn"]) for row in seals(sealed)
    ]


def test_a_rebuild_leaves_seals_as_they_are(sealed):
    before = seals(sealed)
    with writing(sealed.engine) as connection:
        rebuild(connection, sealed.shard_key)
    assert seals(sealed) == before
    sealed.check()


@pytest.mark.parametrize("name", ["digest", "previous", "turn", "previous_turn"])
def test_every_value_of_a_seal_that_is_changed_is_found(sealed, name):
    row = seals(sealed)[1]
    body = json.loads(row.body)
    body[name] = body[name] + 1 if isinstance(body[name], int) else body[name][::-1]
    changed = update(INBOX).where(INBOX.c.seq == row.seq, INBOX.c.kind == SEAL)
    change(sealed, changed.values(body=json.dumps(body).encode()))
    assert "seal" in found(sealed)


def test_a_seal_that_cannot_be_read_is_found(sealed):
    changed = update(INBOX).where(INBOX.c.seq == seals(sealed)[1].seq, INBOX.c.kind == SEAL)
    change(sealed, changed.values(body=b"{"))
    assert "seal" in found(sealed)


def test_an_event_that_is_put_into_another_turn_is_found(sealed):
    first = seals(sealed)[0]
    mine = update(INBOX).where(INBOX.c.device_id == sealed.till.id, INBOX.c.seq == 1)
    change(sealed, mine.values(turn=first.turn, place=90))
    assert "seal" in found(sealed)


def test_history_that_is_written_anew_behind_a_seal_is_found(sealed):
    """Every chain hangs together and no head is wrong: only the seals know."""
    till = sealed.till
    frames = [frame_of(till.sale(member(), fen=77_700)), *till.frames[1:]]
    hashes = chain.extend(till.stream, 1, till.hashes[0], frames)
    mine = (INBOX.c.shard_key == sealed.shard_key, INBOX.c.device_id == till.id)
    head = (schema.stream.c.shard_key == sealed.shard_key, schema.stream.c.device_id == till.id)
    with writing(sealed.engine) as connection:
        for seq, (frame, hash_) in enumerate(zip(frames, hashes, strict=True), start=1):
            event = update(INBOX).where(*mine, INBOX.c.seq == seq)
            connection.execute(event.values(body=frame.body, hash=hash_))
        connection.execute(update(schema.stream).where(*head).values(head_hash=hashes[-1]))
        rebuild(connection, sealed.shard_key)
    assert found(sealed) == {"seal"}


@pytest.mark.parametrize(
    "statement",
    [
        delete(FEED).where(FEED.c.topic == int(Topic.SEAL)),
        update(FEED).where(FEED.c.topic == int(Topic.SEAL)).values(payload=b"x"),
        update(FEED).where(FEED.c.topic == int(Topic.SEAL)).values(item="9999"),
    ],
    ids=["gone", "other", "moved"],
)
def test_a_seal_that_tills_are_told_in_another_way_is_found(sealed, statement):
    change(sealed, statement)
    assert found(sealed) == {"seal"}
