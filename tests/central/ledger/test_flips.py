"""I17: whatever single bit is flipped in what central stores, `verify` tells of it."""

import pytest
from sqlalchemy import update

from central import schema
from central.database import writing
from central.ledger.seals import EVERY_MS
from central.ledger.verify import verify
from loyalty.chain import Frame
from loyalty.damage import Damage, lost_hash, spelled
from loyalty.events import frame_of
from tests.central.programme import card, member

#: What a handler raised is for people to read, in the words of the software of its time.
NOT_COVERED = {("inbox", "error")}


@pytest.fixture
def busy(sqlite_programme):
    """A programme with events of every verdict, sealed."""
    mall = sqlite_programme
    till, kiosk = mall.till, mall.other
    mall.add_member("a", "gold", ["c1"])
    mall.add_reward(points=100)
    paid = till.sale(member(), fen=50_000)
    kiosk.push(kiosk.claim("C1", card("c9")), kiosk.claim("C2", member("b")))
    till.push(paid, till.sale(card("c1")), till.sale(code="C1"), till.refund(paid, fen=999))
    till.write_frame(Frame(99, 1, b"{}"))
    till.write_frame(Frame(1, 1, b"{"))
    till.write_frame(spelled(Damage.CORRUPT, b"3" * 32, frame_of(till.sale(member()))))
    till.hashes[-1] = b"3" * 32
    hash_ = lost_hash(till.stream, len(till.hashes), till.hashes[-1])
    till.write_frame(spelled(Damage.LOST, hash_))
    till.hashes[-1] = hash_
    till.write_frame(spelled(Damage.ALONE, b"4" * 32, frame_of(till.sale(member("b")))))
    till.hashes[-1] = b"4" * 32
    till.send()
    kiosk.push(kiosk.redeem(member(), kiosk.lease(member())))
    kiosk.lease(member(), request_id="r2")
    mall.service.seal()
    mall.now_ms += EVERY_MS
    till.push(till.sale(member("z")))
    mall.service.seal()  # the seal before it is sealed, it is not
    mall.check()
    return mall


def flipped(value, at):
    """Return a value with one bit changed; None if there is none."""
    if isinstance(value, int):
        return value ^ (1 << at % 3)
    if isinstance(value, str) and value:
        return value[:-1] + chr(ord(value[-1]) ^ 1)
    if isinstance(value, bytes) and value:
        place = at * 7 % len(value)
        return value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
    return None


def tells(mall, statement):
    """Tell whether `verify` finds a change, or cannot go on for it; undo the change."""
    with writing(mall.engine) as connection:
        before = connection.begin_nested()
        try:
            assert connection.execute(statement).rowcount == 1
            return bool(verify(connection, mall.shard_key))
        except Exception:  # noqa: BLE001 the database refuses it, or a check cannot go on
            return True
        finally:
            before.rollback()


@pytest.mark.parametrize(
    "name", ["inbox", "stream", "transfer", "account", "lease", "voucher", "sale"]
)
def test_a_flipped_bit_in_any_column_of_what_is_sealed_is_found(busy, name):
    table = schema.metadata.tables[name]
    sealed = max(row.turn for row in busy.rows(schema.inbox)) - 1  # all but the last seal itself
    rows = [row for row in busy.rows(table) if name != "inbox" or row.turn <= sealed]
    missed, tried = [], 0
    for column in (one for one in table.columns if one.name != "shard_key"):
        for at, row in enumerate(rows):
            value = flipped(getattr(row, column.name), at)
            if value is None or (name, column.name) in NOT_COVERED:
                continue
            which = [key == getattr(row, key.name) for key in table.primary_key.columns]
            tried += 1
            if not tells(busy, update(table).where(*which).values({column.name: value})):
                missed.append((column.name, getattr(row, column.name), value))
    busy.check()
    assert (missed, tried >= len(rows)) == ([], True)
