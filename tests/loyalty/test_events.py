"""Events: bodies survive their bytes, the future is recognised, and words exist for reasons."""

import string

import pytest

from loyalty import events
from loyalty.chain import BODY_BYTES_MAX, Frame
from loyalty.earning import Reason
from loyalty.events import BodyTooLarge, Claim, Holder, Moment, Sale, UnknownKind
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


def test_a_body_has_room_for_4_kib_and_no_more() -> None:
    spare = BODY_BYTES_MAX - len(events.frame_of(a_sale(category="")).body)
    assert len(events.frame_of(a_sale(category="x" * spare)).body) == BODY_BYTES_MAX
    with pytest.raises(BodyTooLarge):
        events.frame_of(a_sale(category="x" * (spare + 1)))


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
