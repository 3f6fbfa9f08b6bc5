"""The chain: what a hash depends on, and what unpacking refuses."""

import zlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from loyalty import chain
from loyalty.chain import BATCH_EVENTS_MAX, BODY_BYTES_MAX, Frame, FrameError, Stream

STREAM = Stream(1, b"d" * 16, 1)
FRAME = Frame(1, 1, b"{}")
FRAMES = st.lists(
    st.builds(Frame, st.integers(0, 65535), st.integers(0, 65535), st.binary(max_size=300)),
    max_size=20,
)


def test_the_hash_of_an_event_is_fixed_for_ever() -> None:
    # Frozen on purpose: a journal written by an older version must verify with this one.
    digest = chain.event_hash(STREAM, 1, bytes(32), FRAME).hex()
    assert digest == FIRST_HASH


FIRST_HASH = "2470e082c6f38efeeef40d7c32c18704317b3deda22f8ea874febb9947825d63"


@pytest.mark.parametrize(
    ("stream", "seq", "prev", "frame"),
    [
        (structs.replace(STREAM, shard_key=2), 1, bytes(32), FRAME),
        (structs.replace(STREAM, device_id=b"e" * 16), 1, bytes(32), FRAME),
        (structs.replace(STREAM, epoch=2), 1, bytes(32), FRAME),
        (STREAM, 2, bytes(32), FRAME),
        (STREAM, 1, b"\1" * 32, FRAME),
        (STREAM, 1, bytes(32), structs.replace(FRAME, kind=2)),
        (STREAM, 1, bytes(32), structs.replace(FRAME, kind_version=2)),
        (STREAM, 1, bytes(32), structs.replace(FRAME, body=b"{ }")),
    ],
)
def test_the_hash_depends_on_everything_it_names(
    stream: Stream, seq: int, prev: bytes, frame: Frame
) -> None:
    assert chain.event_hash(stream, seq, prev, frame) != chain.event_hash(
        STREAM, 1, bytes(32), FRAME
    )


def test_each_hash_names_the_one_before() -> None:
    first, second = chain.extend(STREAM, 1, bytes(32), [FRAME, FRAME])
    assert first == chain.event_hash(STREAM, 1, bytes(32), FRAME)
    assert second == chain.event_hash(STREAM, 2, first, FRAME)


@given(FRAMES)
def test_frames_come_back_as_they_were_packed(frames: list[Frame]) -> None:
    assert chain.unpack(chain.pack(frames)) == frames


@given(FRAMES, st.integers(0, 400))
def test_a_cut_off_batch_is_refused_or_shorter_never_invented(
    frames: list[Frame], cut: int
) -> None:
    plain = zlib.decompress(chain.pack(frames))[:cut]
    try:
        got = chain.unpack(zlib.compress(plain))
    except FrameError:
        return
    assert got == frames[: len(got)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not zlib",
        chain.pack([FRAME])[:-1],
        chain.pack([FRAME]) + b"x",
        zlib.compress(b"\0\1\0\1\0\0\xff\xff" + b"x" * 65535),
        zlib.compress(b"\0" * (3 << 20)),
        chain.pack([FRAME] * (BATCH_EVENTS_MAX + 1)),
    ],
)
def test_what_is_not_whole_frames_within_the_limits_is_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        chain.unpack(data)


def test_the_largest_batch_is_accepted() -> None:
    frames = [Frame(1, 1, b"x" * (BODY_BYTES_MAX // 4))] * BATCH_EVENTS_MAX
    assert len(chain.unpack(chain.pack(frames))) == BATCH_EVENTS_MAX


def test_a_signature_is_good_for_one_message_and_one_key() -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    message = chain.batch_message(STREAM, 1, 5, b"h" * 32)
    signature = chain.sign(key, message)
    assert chain.signed_by(public, signature, message)
    assert not chain.signed_by(public, signature, chain.batch_message(STREAM, 1, 6, b"h" * 32))
    assert not chain.signed_by(other.public_key().public_bytes_raw(), signature, message)
    assert not chain.signed_by(b"short", signature, message)
