import pytest
from msgspec import structs

from central import schema
from central.database import writing
from central.ledger.closing import (
    NotSettled,
    accept_case,
    close_case,
    judge_again,
    settled_cases,
)
from central.ledger.judging import ruling
from central.ledger.judging.rows import CENTRAL_DEVICE, Identity
from central.ledger.verify import rebuild
from central.ledger.waiting import cases
from loyalty.chain import Frame
from loyalty.damage import Damage, lost_hash, spelled
from loyalty.events import KINDS, CaseAccepted, CaseClosed, LeaseClose
from loyalty.wire import Judged, Verdict
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
    told = till.judged()
    assert told[1] == Judged(1, Verdict.REFUSED_FINAL, "case_closed")
    (closed,) = programme.read(settled_cases)
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
    with pytest.raises(NotSettled, match="say who"):
        close(programme, 1, why, staff)


def test_only_what_is_open_is_closed_and_only_once(programme):
    till = programme.till
    till.push(till.sale(code="C1"))
    till.write_frame(Frame(1, 1, b"{"))
    till.send()
    with pytest.raises(NotSettled, match="nothing is open"):
        close(programme, 1)
    with pytest.raises(NotSettled, match="no such event"):
        close(programme, 9)
    close(programme, 2)
    with pytest.raises(NotSettled, match="nothing is open"):
        close(programme, 2)
    with pytest.raises(NotSettled, match="no such event"):
        close(programme, 1, device=CENTRAL_DEVICE)


def test_no_till_closes_a_case(programme):
    till = programme.till
    body = CaseClosed(till.moment(), till.id.hex(), 1, 1, Verdict.QUARANTINED, "a", "b")
    till.write(body)
    till.send()
    assert verdicts(programme)[1][0] == Verdict.QUARANTINED


def again(mall, seq, why="软件已修正"):
    with writing(mall.engine) as connection:
        place = Identity(mall.till.id, 1, seq)
        return judge_again(connection, mall.shard_key, place, "王芳", why, mall.now_ms)


def test_a_person_judges_a_quarantined_event_again_once_its_cause_is_mended(programme, monkeypatch):
    till = programme.till

    def broken(*_):
        raise ZeroDivisionError("a bug of ours")

    with monkeypatch.context() as patch:
        patch.setattr(ruling.earning, "points", broken)
        till.push(till.sale(member()))
        assert again(programme, 1) is Verdict.QUARANTINED
    assert len(programme.read(cases, programme.now_ms)) == 1
    assert again(programme, 1) is Verdict.APPLIED
    assert programme.read(cases, programme.now_ms) == []
    assert programme.balance(member()) == 100
    assert till.judged()[1].verdict == Verdict.APPLIED
    told = programme.read(settled_cases)
    assert [(one.was, one.staff, one.again) for one in told] == [("quarantined", "王芳", True)] * 2
    replays_the_same(programme)


def test_only_an_event_in_quarantine_is_judged_again_by_a_person(programme):
    till = programme.till
    till.push(till.claim("nobody", member(), 100), till.sale(member("b")))
    for seq in (1, 2):
        with pytest.raises(NotSettled, match="not in quarantine"):
            again(programme, seq)
    with pytest.raises(NotSettled, match="say who"):
        again(programme, 1, why="")


def test_every_event_that_waits_for_ever_is_a_case_that_a_person_can_end(programme, monkeypatch):
    till, other = programme.till, programme.other
    monkeypatch.delitem(KINDS, 1)
    till.push(till.sale(member()))
    monkeypatch.undo()
    first = till.sale(member("b"))
    back = LeaseClose(till.moment(), "none", 0)
    till.push(till.refund(till.sale(None, number="9")), first, till.use("N0SVCHER"), back)
    other.push(first)
    programme.now_ms += 8 * DAY_MS
    found = programme.read(cases, programme.now_ms)
    reasons = [one.reason for one in found]
    assert reasons == [
        "",
        "original_unknown",
        "voucher_unknown",
        "lease_unknown",
        "duplicate_receipt",
    ]
    for case in found:
        close(programme, case.seq, device=bytes.fromhex(case.device_id))
    assert programme.read(cases, programme.now_ms) == []
    replays_the_same(programme)


def accept(mall, device, seq, why="两笔不同的交易"):
    with writing(mall.engine) as connection:
        place = Identity(device.id, 1, seq)
        return accept_case(connection, mall.shard_key, place, "王芳", why, mall.now_ms)


def test_a_receipt_that_only_looks_like_another_one_earns_once_a_person_says_so(programme):
    till, other = programme.till, programme.other
    sale = till.sale(member("a"), fen=10_000)
    till.push(sale)
    twin = structs.replace(sale, holder=member("b"))
    assert other.push(twin) == [(Verdict.PENDING_REF, "duplicate_receipt", 0)]
    assert accept(programme, other, 1) is Verdict.APPLIED_ADJUSTED
    assert (programme.balance(member("a")), programme.balance(member("b"))) == (100, 100)
    assert programme.read(cases, programme.now_ms) == []
    assert other.judged()[1] == Judged(1, Verdict.APPLIED_ADJUSTED, "other_shop", 0)
    (told,) = programme.read(settled_cases)
    assert (told.was, told.staff, told.accepted, told.again) == ("pending_ref", "王芳", True, False)
    replays_the_same(programme)


def test_a_third_receipt_of_the_same_facts_is_a_case_again_and_can_be_accepted_too(programme):
    till, other = programme.till, programme.other
    sale = till.sale(member("a"), fen=10_000)
    till.push(sale)
    other.push(*[structs.replace(sale, holder=member("b")) for _ in range(2)])
    assert [accept(programme, other, seq) for seq in (1, 2)] == [Verdict.APPLIED_ADJUSTED] * 2
    assert programme.balance(member("b")) == 200
    assert till.push(structs.replace(sale, holder=member("c")))[0][1] == "duplicate_receipt"
    replays_the_same(programme)


def test_a_refund_that_only_looks_like_another_one_takes_back_once_a_person_says_so(programme):
    till = programme.till
    sale = till.sale(member("a"), fen=10_000)
    till.push(sale, till.refund(sale, fen=2_000))
    same = till.refund(sale, fen=2_000, number="R7")
    till.push(same)
    assert till.push(same) == [(Verdict.PENDING_REF, "duplicate_receipt", 0)]
    assert programme.balance(member("a")) == 60
    assert accept(programme, till, 4) is Verdict.APPLIED
    assert programme.balance(member("a")) == 40
    replays_the_same(programme)


def test_only_what_waits_because_of_another_receipt_is_accepted(programme):
    till, other = programme.till, programme.other
    till.push(till.claim("nobody", member(), 100), till.sale(member("b")))
    for seq in (1, 2):
        with pytest.raises(NotSettled, match="another receipt"):
            accept(programme, till, seq)
    sale = till.sale(member("a"))
    till.push(sale)
    other.push(sale)
    with pytest.raises(NotSettled, match="say who"):
        accept(programme, other, 1, why="")
    close_it = Identity(other.id, 1, 1)
    with writing(programme.engine) as connection:
        close_case(connection, programme.shard_key, close_it, "王芳", "副本", programme.now_ms)
    with pytest.raises(NotSettled, match="another receipt"):
        accept(programme, other, 1)


def test_no_till_accepts_a_receipt(programme):
    till, other = programme.till, programme.other
    sale = till.sale(member("a"))
    till.push(sale)
    other.push(sale)
    till.write(CaseAccepted(till.moment(), other.id.hex(), 1, 1, Verdict.PENDING_REF, "a", "b"))
    till.send()
    assert verdicts(programme)[2][0] == Verdict.QUARANTINED
    assert programme.balance(member("a")) == 100
