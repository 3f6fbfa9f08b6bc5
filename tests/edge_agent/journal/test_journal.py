import sqlite3
import stat
from contextlib import closing

import msgspec
import pytest
from msgspec import structs

from edge_agent.journal.errors import (
    AlreadyDone,
    Duplicate,
    JournalBroken,
    JournalFailure,
    JournalInUse,
    LeaseClosed,
    NotEnrolled,
)
from edge_agent.journal.file.database import FILE
from edge_agent.journal.file.salvage import salvage
from edge_agent.journal.journal import Journal
from edge_agent.journal.log import Place
from edge_agent.journal.papers.slips import JobOutcome, Slip
from loyalty import chain, wire
from loyalty.events import (
    BodyTooLarge,
    LeaseGrant,
    Redeem,
    ReviewOpened,
    VoucherUse,
    body_of,
    origin_of,
)
from loyalty.receipt import Item
from loyalty.wire import (
    FeedRow,
    HeldEpoch,
    Judged,
    PullAnswer,
    PushAnswer,
    RehomeAnswer,
    Topic,
    Verdict,
)
from tests.edge_agent.journal.conftest import (
    CARD,
    STREAM,
    WANG,
    at,
    claim,
    enrolment,
    hash_of,
    key,
    lend,
    open_till,
    redeem,
    sale,
)


def test_events_are_numbered_without_gaps_and_survive_closing(tmp_path):
    with open_till(tmp_path) as till:
        assert till.append([sale(1, WANG, 100), sale(2)]) == [1, 2]
        assert till.append([sale(3)]) == [3]
    with Journal.open(tmp_path) as again:
        assert [body_of(link.frame) for link in again.links()] == [
            sale(1, WANG, 100),
            sale(2),
            sale(3),
        ]
        assert again.append([sale(4)]) == [4]
        assert again.verify().problems == ()


def test_each_event_carries_the_hash_of_the_one_before(till):
    till.append([sale(1), sale(2), sale(3)])
    links = till.links()
    frames = [link.frame for link in links]
    expected = chain.extend(STREAM, 1, enrolment().anchor, frames)
    assert [link.hash for link in links] == expected
    assert till.outbox().head_hash == expected[-1]


def test_an_event_its_slip_and_its_job_are_recorded_together(till):
    slip = Slip("slip-1", "award", key(sale(1)), b"paper")
    till.append([sale(1, WANG, 100)], slips=[slip], job=JobOutcome("job-1", b"sale"))
    assert till.slip("slip-1").slip == slip
    assert till.slip("slip-1").place.seq == 1
    assert till.job_seen("job-1").outcome.detail == b"sale"
    assert till.slips_about(key(sale(1))) == [till.slip("slip-1")]


def test_a_job_that_is_dealt_with_records_nothing_the_second_time(till):
    till.append([sale(1)], job=JobOutcome("job-1", b"x"))
    with pytest.raises(AlreadyDone):
        till.append([sale(2)], slips=[Slip("s", "claim", "", b"x")], job=JobOutcome("job-1", b"y"))
    assert till.outbox().head_seq == 1
    assert till.slip("s") is None
    assert till.job_seen("job-1").outcome.detail == b"x"


def test_a_known_receipt_is_refused_and_nothing_of_its_call_is_recorded(till):
    till.append([sale(1)])
    with pytest.raises(Duplicate) as refused:
        till.append([sale(2), sale(1)], job=JobOutcome("job-2", b""))
    assert (refused.value.what, refused.value.key) == ("receipt", key(sale(1)))
    assert till.outbox().head_seq == 1
    assert till.sale_by_fingerprint(key(sale(2))) is None
    assert till.job_seen("job-2") is None


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (claim("C1"), "claim"),
        (VoucherUse(at(), "V1", "00" * 16), "voucher"),
        (redeem("V2"), "voucher"),
    ],
)
def test_codes_count_once(till, body, what):
    if isinstance(body, Redeem):
        lend(till, body)
    till.append([body])
    with pytest.raises(Duplicate) as refused:
        till.append([body])
    assert refused.value.what == what
    assert till.outbox().head_seq == 1


def test_points_are_spent_only_under_a_lease_of_this_chain(till):
    spend = redeem("V1")
    with pytest.raises(LeaseClosed):
        till.append([spend])
    till.append([lend(till, spend)])
    later = lend(till, redeem("V2"))
    till.rehome(RehomeAnswer(2, bytes(32), ()))
    with pytest.raises(LeaseClosed, match="epoch 2"):
        till.append([later])
    assert [type(body_of(link.frame)) for link in till.links(Place(2, 0))] == [Redeem]
    assert till.append([lend(till, redeem("V3"))]) == [2]


def test_a_lease_that_is_asked_for_again_is_asked_for_in_the_same_words(till):
    first = till.lease_asked("s1", "r1", WANG, "tea")
    assert first.epoch == 1
    till.rehome(RehomeAnswer(2, bytes(32), ()))
    again = till.lease_asked("s2", "r1", WANG, "tea")
    assert again == structs.replace(first, session="s2")
    assert till.lease_asked("s2", "r2", WANG, "tea").epoch == 2


def test_two_sales_that_only_share_a_number_are_both_recorded(till):
    assert till.append([sale(7, owed_fen=1000), sale(7, owed_fen=2000)]) == [1, 2]
    assert [each.sale.eligible_fen for each in till.sales_by_number("s1", " #7")] == [2000, 1000]


def test_an_event_before_enrolment_is_refused_but_jobs_may_be_noted(tmp_path):
    with Journal.open(tmp_path) as journal:
        with pytest.raises(NotEnrolled):
            journal.append([sale(1)])
        journal.note(job=JobOutcome("job-1", b"ignored"))
        assert journal.job_seen("job-1").place is None
        assert journal.queue_depth() == 0


def test_what_was_bought_does_not_enter_the_journal(till):
    bought = msgspec.structs.replace(sale(1).receipt, items=(Item("拿铁", "1", 3200),))
    with pytest.raises(ValueError, match="without_lines"):
        till.append([msgspec.structs.replace(sale(1), receipt=bought)])


def test_a_device_does_not_write_what_only_central_writes(till):
    grant = LeaseGrant(at(), "l", WANG, "00" * 16, 1, "r", 5, "tea", "V", None, "2026-12-01", 60)
    with pytest.raises(ValueError, match="LeaseGrant"):
        till.append([grant])


def test_a_body_over_four_kib_is_refused_and_the_next_one_goes_on(till):
    with pytest.raises(BodyTooLarge):
        till.append([ReviewOpened(at(), "j" * 64, "s1", ("x" * 5000,))])
    assert till.append([sale(1)]) == [1]


def test_a_second_process_cannot_open_the_journal_for_writing(till):
    with pytest.raises(JournalInUse):
        Journal.open(till.directory)


def test_a_closed_journal_says_so(tmp_path):
    journal = open_till(tmp_path)
    journal.close()
    journal.close()
    with pytest.raises(JournalFailure, match="closed"):
        journal.append([sale(1)])


def test_only_the_owner_may_read_what_lies_on_the_disk(till):
    till.append([sale(1)])
    for path in till.directory.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_slip_waits_held_until_it_is_queued_or_dropped(till):
    slip = Slip("claim-1", "claim", key(sale(1)), b"code", state="held")
    till.append([sale(1, claim_code="C1")], slips=[slip])
    assert till.slips("queued") == []
    till.append([claim("C1")], slip_states={"claim-1": "dropped"})
    assert till.slip("claim-1").slip.state == "dropped"


def test_a_copy_of_a_slip_is_queued_again_and_counted(till):
    till.note(slips=[Slip("s", "award", "", b"x")])
    till.slip_state("s", "printed")
    till.copy_slip("s")
    record = till.slip("s")
    assert (record.slip.state, record.copies) == ("queued", 1)
    with pytest.raises(KeyError):
        till.slip_state("nonsense", "printed")


def test_recent_shows_receipts_and_reviews_newest_first(till):
    review = ReviewOpened(at(), "j" * 64, "s1", ("no_total",), review_id="r" * 64)
    till.append([sale(1), review, sale(2, CARD, 5)])
    assert [record.place.seq for record in till.recent()] == [3, 2, 1]
    assert [record.place.seq for record in till.recent(1)] == [3]
    assert till.review_count() == 1


def test_central_cannot_turn_a_journal_into_another_devices(till):
    till.append([sale(1)])
    other = msgspec.structs.replace(enrolment(), device_id=b"x" * 16)
    with pytest.raises(JournalBroken, match="belongs to device"):
        till.enrol(other, "http://127.0.0.1:9")
    assert till.identity().device_id == STREAM.device_id


def test_enrolling_again_keeps_the_chain_and_takes_new_facts(till):
    till.append([sale(1)])
    moved = msgspec.structs.replace(enrolment(), shop_id="s2")
    till.enrol(moved, "http://127.0.0.1:10")
    assert till.identity().shop_id == "s2"
    assert till.append([sale(2)]) == [2]
    assert till.verify().problems == ()


def test_a_new_epoch_begins_a_new_chain_and_writes_again_what_was_not_sent(till):
    till.append([sale(1, WANG, 10), sale(2, WANG, 10)])
    till.enrol(enrolment(epoch=2), "http://127.0.0.1:9")
    assert till.append([sale(3, WANG, 10)]) == [3]
    outbox = till.outbox()
    assert (outbox.epoch, outbox.depth, outbox.stranded) == (2, 3, 0)
    assert till.queue_depth() == 3
    assert till.standing(WANG).pending == 30
    assert [record.place.epoch for record in till.recent()] == [2, 2, 2]
    assert till.verify().problems == ()
    with pytest.raises(JournalBroken, match="epoch 2"):
        till.enrol(enrolment(epoch=1), "http://127.0.0.1:9")


def test_only_what_central_may_lack_is_written_again(till):
    """Seqs 1-2 are contained in the directory, 3 is acknowledged only, 4 was never answered."""
    till.append([sale(number, WANG, 10) for number in range(4)])
    till.acknowledge(PushAnswer("ok", 2, 3, (), 1, 0, b"i"), at(), 0)
    till.take_page(PullAnswer(b"i", 1, (), more=False))
    judged = (Judged(3, Verdict.APPLIED_ADJUSTED, "true_up", 5),)
    till.acknowledge(PushAnswer("ok", 3, 4, judged, 9, 0, b"i"), at(), 0)
    assert till.standing(WANG).pending == 25
    answer = RehomeAnswer(2, bytes(32), (HeldEpoch(1, 3),))
    assert till.rehome(answer) == 2
    assert till.standing(WANG).pending == 25
    assert till.rehome(answer) == 0
    events = [origin_of(link.frame) for link in till.links(Place(2, 0))]
    assert [(one.epoch, one.seq) for one in events] == [(1, 3), (1, 4)]
    assert till.verify().problems == ()


def test_what_central_lost_with_its_disk_is_written_again_though_it_was_acknowledged(till):
    till.append([sale(number, WANG, 10) for number in range(4)])
    till.acknowledge(PushAnswer("ok", 4, 5, (), 1, 0, b"i"), at(), 0)
    till.take_page(PullAnswer(b"i", 1, (), more=False))
    assert till.outbox().contained_seq == 4
    assert till.rehome(RehomeAnswer(5, bytes(32), (HeldEpoch(1, 1),))) == 3
    assert till.queue_depth() == 3


@pytest.mark.parametrize(("common", "written"), [(4, 1), (3, 2), (2, 3), (0, 5)])
def test_what_central_acknowledged_and_now_holds_as_a_copy_wrote_it_is_written_again(
    till, common, written
):
    """Central was restored, and another machine that has this disk came before us."""
    till.append([sale(number, WANG, 10) for number in range(5)])
    till.acknowledge(PushAnswer("ok", 5, 6, (), 1, 0, b"i"), at(), 0)
    till.take_page(PullAnswer(b"i", 1, (), more=False))
    ours = [link.hash for link in till.links()]
    landmarks = [(seq, ours[seq - 1] if seq <= common else bytes(32)) for seq in (6, 5, 4, 3, 2)]
    assert till.rehome(RehomeAnswer(2, bytes(32), (HeldEpoch(1, 6, (*landmarks,)),))) == written
    assert till.standing(WANG).pending == 10 * written
    assert till.verify().problems == ()


def test_events_written_again_twice_keep_their_first_origin_and_count_once(till):
    till.append([sale(1, WANG, 10), sale(2, claim_code="C")])
    first = till.links()
    till.rehome(RehomeAnswer(2, bytes(32), ()))
    till.append([claim("C", WANG, 7)])
    till.rehome(RehomeAnswer(3, bytes(32), (HeldEpoch(1, 0), HeldEpoch(2, 0))))
    last = till.links(Place(3, 0))
    assert [body_of(link.frame) for link in last][:2] == [body_of(one.frame) for one in first]
    origins = [origin_of(link.frame) for link in last]
    assert [(one.epoch, one.seq) for one in origins] == [(1, 1), (1, 2), (2, 3)]
    assert [one.hash for one in origins][:2] == [link.hash for link in first]
    assert till.standing(WANG).pending == 17
    assert till.queue_depth() == 3
    assert till.verify().problems == ()


def test_a_verdict_that_changes_later_finds_its_event_where_it_stands_now(till):
    till.append([sale(1, WANG, 10)])
    till.rehome(RehomeAnswer(2, bytes(32), ()))
    waits = Judged(1, Verdict.PENDING_REF, "book_unknown")
    till.acknowledge(PushAnswer("ok", 1, 2, (waits,), 0, 0, b"i"), at(), 0)
    (link,) = till.links()[:1]
    take_verdict(till, "1/1", Judged(1, Verdict.APPLIED_ADJUSTED, "true_up", 5, link.hash))
    record = till.sale_by_fingerprint(key(sale(1)))
    assert (record.place, record.verdict, record.points) == (Place(2, 1), 1, 15)


@pytest.mark.parametrize("hash_", [b"", bytes(32)])
@pytest.mark.parametrize("again", [True, False])
def test_a_verdict_on_another_branchs_event_is_not_on_ours_of_that_number(till, hash_, again):
    """Our disk was put back: under its next number central knows what was written before that."""
    till.append([sale(1, WANG, 10)])
    till.acknowledge(PushAnswer("ok", 1, 2, (Judged(1, 0, ""),), 0, 0, b"i"), at(), 0)
    refused = Judged(2, Verdict.REFUSED_FINAL, "claim_taken", event_hash=hash_)
    take_verdict(till, "1/2", refused)
    till.append([claim("C1")])
    if again:
        till.rehome(RehomeAnswer(2, bytes(32), (HeldEpoch(1, 2),)))
        till.acknowledge(PushAnswer("ok", 1, 2, (Judged(1, 0, ""),), 0, 0, b"i"), at(), 0)
    take_verdict(till, "1/2", refused)
    assert till.batch(1, 10, 10_000).refused == ()
    assert till.refused_claims() == []


@pytest.mark.parametrize("hash_", ["ours", "another branch's"])
def test_a_later_verdict_finds_an_event_whose_first_row_is_lost_by_the_one_written_again(
    tmp_path, hash_
):
    folder = tmp_path / "state"
    with open_till(folder) as till:
        till.append([claim("C1"), claim("C2")])
        (first, _) = till.links()
        till.rehome(RehomeAnswer(2, bytes(32), ()))
        waits = (Judged(1, 2, "claim_unknown"), Judged(2, 2, "claim_unknown"))
        till.acknowledge(PushAnswer("ok", 2, 3, waits, 0, 0, b"i"), at(), 0)
    with closing(sqlite3.connect(folder / FILE)) as db:
        db.execute("DROP TRIGGER event_is_never_deleted")
        db.execute("DELETE FROM event WHERE epoch = 1 AND seq = 1")
        db.commit()
    salvage(folder)
    with Journal.open(folder, clock=at) as till:
        said = first.hash if hash_ == "ours" else bytes(32)
        refused = Judged(1, Verdict.REFUSED_FINAL, "claim_taken", event_hash=said)
        take_verdict(till, "1/1", refused)
        assert [one.claim_hash for one in till.refused_claims()] == (
            [hash_of("C1")] if hash_ == "ours" else []
        )


@pytest.mark.parametrize("verdict", [Verdict.PENDING_REF, Verdict.APPLIED])
def test_a_verdict_of_an_older_central_finds_an_event_known_to_it_that_waits(till, verdict):
    """Its answer to the event was lost; it acknowledged the one that was written again."""
    till.append([claim("C1")])
    till.rehome(RehomeAnswer(2, bytes(32), (HeldEpoch(1, 1),)))
    till.acknowledge(PushAnswer("ok", 1, 2, (Judged(1, verdict, ""),), 0, 0, b"i"), at(), 0)
    take_verdict(till, "1/1", Judged(1, Verdict.REFUSED_FINAL, "claim_taken"))
    assert len(till.refused_claims()) == (verdict is Verdict.PENDING_REF)


def take_verdict(till, item, judged):
    row = FeedRow(1, Topic.VERDICT, item, wire.pack(judged))
    till.take_page(PullAnswer(b"i", 1, (row,), more=False))


def test_an_earlier_epoch_than_this_one_is_refused(till):
    till.rehome(RehomeAnswer(4, bytes(32), ()))
    with pytest.raises(JournalBroken, match="epoch 4"):
        till.rehome(RehomeAnswer(3, bytes(32), ()))
    assert till.identity().epoch == 4
