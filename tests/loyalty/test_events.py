"""Events: bodies survive their bytes, the future is recognised, and words exist for reasons."""

import string

import pytest

from loyalty import events
from loyalty.chain import BODY_BYTES_MAX, Frame
from loyalty.events import BodyTooLarge, Claim, Holder, Moment, Sale, UnknownKind
from loyalty.rules.earning import Reason
from loyalty.wording import _WORDS, codes, say
from tests.loyalty.test_receipt import SALE

AT = Moment(1_700_000_000_000, "boot", 5)


def a_sale(**facts: object) -> Sale:
    values = {"receipt": SALE, "discriminator": "", "eligible_fen": 1, "category": "c", "book": "b"}
    return Sale(at=AT, **{**values, **facts})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "body", [a_sale(), a_sale(holder=Holder("card", "ab")), Claim(AT, "h", Holder("member", "m"))]
)
def test_a_body_comes_back_from_its_frame(body: events.Body) -> None:
    assert events.body_of(events.frame_of(body)) == body


def test_the_same_body_always_has_the_same_bytes() -> None:
    assert events.frame_of(a_sale()).body == events.frame_of(a_sale()).body


@pytest.mark.parametrize("frame", [Frame(99, 1, b"{}"), Frame(1, 2, b"{}")])
def test_a_kind_or_version_of_the_future_is_named(frame: Frame) -> None:
    with pytest.raises(UnknownKind, match=f"kind {frame.kind} version {frame.kind_version}"):
        events.body_of(frame)


def test_a_body_has_room_to_be_written_again_and_no_more() -> None:
    limit = events.FIRST_BODY_BYTES_MAX
    spare = limit - len(events.frame_of(a_sale(category="")).body)
    assert len(events.frame_of(a_sale(category="x" * spare)).body) == limit
    with pytest.raises(BodyTooLarge):
        events.frame_of(a_sale(category="x" * (spare + 1)))
    whole = events.frame_of(a_sale(category="x" * spare))
    again = events.rehomed(2**62, 2**62, bytes(32), whole)
    assert len(again.body) <= BODY_BYTES_MAX


def test_an_event_written_again_keeps_its_bytes_and_names_where_it_stood_first() -> None:
    first = events.frame_of(a_sale(book="书"))
    again = events.rehomed(1, 7, bytes(range(32)), first)
    assert events.body_of(again) == events.body_of(first)
    assert first.body in again.body
    assert events.origin_of(again) == events.Origin(1, 7, bytes(range(32)), first.kind)
    assert events.rehomed(2, 9, bytes(32), again) == again
    assert events.origin_of(first) is None


@pytest.mark.parametrize("kind", [9, 101])
def test_what_only_central_writes_cannot_be_written_again(kind: int) -> None:
    outer = b'{"body":{},"epoch":1,"hash":"%s","kind":%d,"kind_version":1,"seq":1}'
    with pytest.raises(ValueError, match="not for devices"):
        events.body_of(Frame(9, 1, outer % (b"00" * 32, kind)))


def test_every_kind_has_one_number() -> None:
    assert len(set(events.KINDS.values())) == len(events.KINDS)


def test_every_reason_has_words_in_both_languages() -> None:
    for code in codes():
        reason = Reason(code, {name: name for name in _names(code)})
        assert say(reason, "zh")
        assert say(reason, "en")


def _names(code: str) -> set[str]:
    return {
        name
        for text in _WORDS[code]
        for _, name, _, _ in string.Formatter().parse(text)
        if name is not None
    }
