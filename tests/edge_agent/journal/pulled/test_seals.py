from loyalty import wire
from loyalty.seals import Seal, seal
from loyalty.wire import FeedRow, PullAnswer, Topic

ONE, TWO = b"incarnation-one!", b"incarnation-two!"
HEADS = [(bytes(16), 1, 5, b"a" * 32)]
FIRST = seal(1, 10, HEADS, None)
SECOND = seal(1, 20, HEADS, FIRST)
OTHER = Seal(20, b"x" * 32, 10, b"y" * 32)


def pulled(till, *seals, incarnation=ONE, after=0):
    rows = tuple(
        FeedRow(after + place, Topic.SEAL, str(one.turn), wire.pack(one))
        for place, one in enumerate(seals, start=1)
    )
    till.take_page(PullAnswer(incarnation, after + len(rows), rows, more=False))


def test_a_till_keeps_the_last_seal(till):
    assert till.seal() is None
    pulled(till, FIRST, SECOND)
    assert till.seal() == SECOND
    assert till.seal_against() is None


def test_a_feed_that_is_read_again_from_its_start_contradicts_nothing(till):
    pulled(till, FIRST, SECOND)
    pulled(till, FIRST, SECOND)
    assert (till.seal(), till.seal_against()) == (SECOND, None)


def test_a_history_that_was_changed_is_noticed_and_stays_noticed(till):
    pulled(till, FIRST)
    pulled(till, OTHER, after=1)
    assert (till.seal(), till.seal_against()) == (FIRST, OTHER)
    pulled(till, Seal(30, b"z" * 32, 20, b"x" * 32), after=2)
    assert till.seal() == FIRST
    assert till.seal_against() is not None


def test_another_incarnation_begins_a_history_of_its_own(till):
    pulled(till, FIRST)
    pulled(till, OTHER, after=1)
    pulled(till, incarnation=TWO)
    assert (till.seal(), till.seal_against()) == (None, None)
    pulled(till, OTHER, incarnation=TWO)
    assert (till.seal(), till.seal_against()) == (OTHER, None)
