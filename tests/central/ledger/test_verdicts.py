import msgspec
import pytest
from sqlalchemy.exc import IntegrityError

from central import schema
from central.ledger.commands import RejudgeAll
from central.ledger.judging import fold, ruling, sales
from central.ledger.waiting import PARKED_MS, cases, open_events
from central.ledger.writing import turns
from loyalty import events, wire
from loyalty.chain import Frame
from loyalty.events import (
    EpochSealed,
    Holder,
    LeaseGrant,
    MemberSet,
    Redeem,
    Rejudge,
    ReviewOpened,
    frame_of,
)
from loyalty.wire import Judged, Verdict
from tests.central.programme import member

APPLIED = (Verdict.APPLIED, "", 0)


def test_a_poisoned_body_is_quarantined_with_its_bytes_and_the_rest_goes_on(programme):
    till = programme.till
    bad = [
        Frame(1, 1, b"\xff not json"),
        Frame(1, 1, b"{}"),
        Frame(1, 1, b""),
        Frame(3, 1, msgspec.json.encode(till.correct(till.sale(member()), None)) + b"x"),
        frame_of(till.sale(member(), number="a\x00b")),
        frame_of(till.sale(member(), fen=10**15)),
        frame_of(till.sale(member(), points=-5)),
        frame_of(till.claim("c", member())),
    ]
    bad[-1] = Frame(2, 1, bad[-1].body.replace(b'"claim_hash":"', b'"claim_hash":"zz'))
    for frame in bad:
        till.write_frame(frame)
    till.write(till.sale(member()))
    judged = till.send().judged
    assert [one.verdict for one in judged] == [Verdict.QUARANTINED] * len(bad) + [Verdict.APPLIED]
    assert programme.balance(member()) == 100
    stored = programme.rows(schema.inbox)
    assert [row.body for row in stored if row.verdict == 4] == [frame.body for frame in bad]
    assert all(row.error for row in stored if row.verdict == 4)
    programme.check()


@pytest.mark.parametrize("frame", [Frame(99, 1, b"{}"), Frame(1, 2, b"{}"), Frame(65535, 9, b"")])
def test_a_kind_from_the_future_waits_for_the_upgrade(programme, frame):
    till = programme.till
    till.write_frame(frame)
    till.write(till.sale(member()))
    assert [one.verdict for one in till.send().judged] == [Verdict.PENDING_UPGRADE, 0]
    assert programme.balance(member()) == 100
    programme.check()


def test_after_the_upgrade_what_waited_is_judged_and_replays_the_same(programme, monkeypatch):
    till, kiosk = programme.till, programme.other
    monkeypatch.delitem(events.KINDS, 1)  # an old central, that knows no sales
    kiosk.push(kiosk.claim("C1", member(), 100))
    till.write(till.sale(code="C1"))
    assert till.send().judged[0].verdict == Verdict.PENDING_UPGRADE
    monkeypatch.undo()
    programme.check()
    programme.service.start()
    assert programme.balance(member()) == 100
    assert till.judged() == {1: Judged(1, Verdict.APPLIED, "", 0)}
    assert programme.totals().waiting == {}
    programme.check()


def test_a_bug_in_a_handler_is_quarantined_and_can_be_judged_again_when_it_is_mended(
    programme, monkeypatch
):
    till = programme.till

    def broken(*_):
        raise ZeroDivisionError("a bug of ours")

    with monkeypatch.context() as patch:
        patch.setattr(ruling.earning, "points", broken)
        assert till.push(till.sale(member()))[0][0] is Verdict.QUARANTINED
    programme.check()
    (identity,) = programme.read(open_events, Verdict.QUARANTINED)
    assert programme.service.run(RejudgeAll((identity,))) == 0
    assert programme.service.run(RejudgeAll((identity,), quarantined=True)) == 1
    assert programme.balance(member()) == 100
    programme.check()


def test_no_device_can_write_what_only_central_writes(programme):
    till = programme.till
    programme.add_member("a")
    till.push(till.sale(member()))
    at, device = till.moment(), till.id.hex()
    grant = LeaseGrant(at, "l", member(), device, 1, "r", 5, "x", "v", None, "2027", 1)
    forged = [
        grant,
        MemberSet(at, "a", "gold", ("c1",)),
        EpochSealed(at, programme.other.id.hex(), 1, 0, "00"),
        Rejudge(at, device, 1, 1, 2),
    ]
    assert [verdict for verdict, *_ in till.push(*forged)] == [Verdict.QUARANTINED] * 4
    assert (programme.held(member()), programme.rows(schema.card)) == (0, [])
    assert programme.other.push(programme.other.sale(member()))[0] == APPLIED
    programme.check()


def test_a_review_is_kept_and_moves_nothing(programme):
    till = programme.till
    review = ReviewOpened(till.moment(), "00" * 32, "S1", ("low_confidence",), "7")
    assert till.push(review) == [APPLIED]
    assert programme.totals().transfers == 0


def test_an_event_the_database_refuses_is_quarantined_and_its_neighbours_are_not(
    programme, monkeypatch
):
    """No real event gets so far; the check of the table stands in for what nobody foresaw."""
    till, other = programme.till, programme.other

    def overdrawn(entry, body):
        judgement = sales.sale(entry, body)
        if body.receipt.number == "guilty":
            row = msgspec.structs.replace(entry.account(b"\x01member:a"), held=-1)
            entry.state.accounts.put(b"\x01member:a", row)
        return judgement

    handlers = {**fold._HANDLERS, type(till.sale()): overdrawn}
    with monkeypatch.context() as patch:
        patch.setattr(fold, "_HANDLERS", handlers)
        holder = member()
        verdicts = till.push(
            till.sale(holder), till.sale(holder, number="guilty"), till.sale(holder)
        )
        assert other.push(other.sale(holder)) == [APPLIED]
    assert [verdict for verdict, *_ in verdicts] == [0, Verdict.QUARANTINED, 0]
    assert programme.balance(member()) == 300
    (error,) = [row.error for row in programme.rows(schema.inbox) if row.error]
    assert "held" in error
    programme.check()


def test_what_is_wrong_in_central_itself_is_no_till_s_fault(programme, monkeypatch):
    def broken(*_):
        raise IntegrityError("x", {}, Exception("broken"))

    with monkeypatch.context() as patch:
        patch.setattr(turns.saving, "save", broken)
        till = programme.till
        till.write(till.sale(member()))
        status, data = till.call(wire.PUSH_PATH, till.request())
    assert (status, msgspec.msgpack.decode(data)["code"]) == (500, "internal")
    assert programme.totals().events == 0
    assert till.send().judged[0].verdict == Verdict.APPLIED
    programme.check()


def test_an_event_that_waited_for_seven_days_is_a_case_and_still_counts_when_it_can(programme):
    till = programme.till
    till.push(till.claim("C", member()))
    assert programme.read(cases, programme.now_ms + PARKED_MS - 1) == []
    (case,) = programme.read(cases, programme.now_ms + PARKED_MS)
    assert (case.verdict, case.reason, case.seq) == ("pending_ref", "claim_unknown", 1)
    till.push(till.sale(code="C"))
    assert programme.read(cases, programme.now_ms + PARKED_MS) == []
    assert programme.balance(member()) == 100


def test_a_receipt_that_earned_twice_is_a_case_at_once(programme):
    till, other = programme.till, programme.other
    sale = till.sale(member(), number="same")
    till.push(sale)
    other.push(sale)
    assert [case.reason for case in programme.read(cases, programme.now_ms)] == [
        "duplicate_receipt"
    ]


def test_a_text_longer_than_an_index_takes_stops_nobody(programme):
    """PostgreSQL calls its limit an operational error, as if the database were away."""
    till = programme.till
    long = programme.chance.randbytes(1_700).hex()
    till.write(till.sale(Holder("card", "c1" * 8)))
    till.write(Redeem(till.moment(), Holder("card", "c1" * 8), long, 5, "tea", "V1", ""))
    till.write(till.sale(Holder("card", "c2" * 8), number="n2"))
    answer = till.send()
    verdicts = [Verdict(one.verdict) for one in answer.judged]
    assert (answer.acked_through, verdicts[0], verdicts[2]) == (3, Verdict.APPLIED, Verdict.APPLIED)
    assert verdicts[1] in {Verdict.PENDING_REF, Verdict.QUARANTINED}
    programme.check()
