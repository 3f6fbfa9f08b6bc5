import pytest

from central import schema
from central.database import writing
from central.ledger.closing import NotClosed, close_case, closed_cases
from central.ledger.judging.rows import CENTRAL_DEVICE, Identity
from central.ledger.verify import rebuild
from central.ledger.waiting import cases
from loyalty.chain import Frame
from loyalty.damage import Damage, lost_hash, spelled
from loyalty.events import CaseClosed
from loyalty.wire import Judged, Topic, Verdict
from tests.central.programme import DAY_MS, member

CLOSED = (Verdict.REFUSED_FINAL, "case_closed")


def close(mall, seq, why="小票是演示", staff="王芳", device=None):
    with writing(mall.engine) as connection:
        place = Identity(device or mall.till.id, 1, seq)
        close_case(connection, mall.shard_key, place, staff, why, mall.now_ms)


def verdicts(mall):
    rows = mall.rows(schema.inbox)
    return {r.seq: (r.verdict, r.reason) for r in rows if r.device_id == mall.till.id}


def replays_the_same(mall):
    before = verdicts(mall)
    mall.check()
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
    assert verdicts(mall) == before
    mall.check()


def test_a_quarantined_event_is_closed_for_ever_and_its_till_hears_of_it(programme):
    till = programme.till
    till.write_frame(Frame(1, 1, b"{"))
    till.send()
    (case,) = programme.read(cases, programme.now_ms)
    assert case.verdict == "quarantined"
    close(programme, 1)
    assert programme.read(cases, programme.now_ms) == []
    assert verdicts(programme) == {1: CLOSED}
    told = till.feed(Topic.VERDICT, Judged)
    assert told["1/1"] == Judged(1, Verdict.REFUSED_FINAL, "case_closed")
    (closed,) = programme.read(closed_cases)
    assert (closed.was, closed.staff, closed.why) == ("quarantined", "王芳", "小票是演示")
    replays_the_same(programme)


def test_what_comes_later_does_not_wake_a_closed_event(programme):
    till = programme.till
    sale = till.sale(member(), fen=10_000)
    assert till.push(till.refund(sale)) == [(Verdict.PENDING_REF, "original_unknown", 0)]
    programme.now_ms += 8 * DAY_MS
    close(programme, 1)
    programme.add_member("a")
    till.push(sale)
    assert verdicts(programme)[1] == CLOSED
    assert programme.balance(member()) == 100
    replays_the_same(programme)


def test_a_lost_event_stays_lost_and_is_no_case_any_more(programme):
    till = programme.till
    hash_ = lost_hash(till.stream, 1, till.hashes[0])
    till.frames.append(spelled(Damage.LOST, hash_))
    till.hashes.append(hash_)
    till.send()
    assert [case.verdict for case in programme.read(cases, programme.now_ms)] == ["lost"]
    close(programme, 1)
    assert programme.read(cases, programme.now_ms) == []
    assert verdicts(programme) == {1: (Verdict.LOST, "case_closed")}
    replays_the_same(programme)


@pytest.mark.parametrize(("staff", "why"), [("", "x"), ("王芳", " "), ("王芳", "字" * 201)])
def test_nobody_closes_a_case_without_a_name_and_a_reason(programme, staff, why):
    programme.till.write_frame(Frame(1, 1, b"{"))
    programme.till.send()
    with pytest.raises(NotClosed, match="say who"):
        close(programme, 1, why, staff)


def test_only_what_is_open_is_closed_and_only_once(programme):
    till = programme.till
    till.push(till.sale(code="C1"))
    till.write_frame(Frame(1, 1, b"{"))
    till.send()
    with pytest.raises(NotClosed, match="nothing is open"):
        close(programme, 1)
    with pytest.raises(NotClosed, match="no such event"):
        close(programme, 9)
    close(programme, 2)
    with pytest.raises(NotClosed, match="nothing is open"):
        close(programme, 2)
    with pytest.raises(NotClosed, match="no such event"):
        close(programme, 1, device=CENTRAL_DEVICE)


def test_no_till_closes_a_case(programme):
    till = programme.till
    body = CaseClosed(till.moment(), till.id.hex(), 1, 1, Verdict.QUARANTINED, "a", "b")
    till.write(body)
    till.send()
    assert verdicts(programme)[1][0] == Verdict.QUARANTINED
