"""A push, checked before it may take the ledger's lock: protocol, chain, signature, bounds."""

from central.ledger.judging.rows import read_body
from central.ledger.writing.items import Push, Pushed
from central.sync.callers import Caller
from central.sync.problems import Refused, malformed, plain
from loyalty.chain import (
    HASH_BYTES,
    FrameError,
    Stream,
    batch_message,
    extend,
    signed_by,
    unpack,
)
from loyalty.facts import BOOTS_MAX
from loyalty.wire import PROTOCOL, PushAnswer, PushRequest, Verdict

_NUMBER_MAX = 1 << 62


def checked(request: PushRequest, caller: Caller, shard_key: int, received_ms: int) -> Push:
    """Return a push whose chain adds up and is signed by its device. Raises Refused."""
    if request.protocol != PROTOCOL:
        raise Refused(426, "protocol", f"this server speaks protocol {PROTOCOL}")
    if (request.shard_key, request.device_id) != (shard_key, caller.device_id):
        raise Refused(403, "other_device", "the events are of another device or programme")
    if not (0 < request.epoch < _NUMBER_MAX and 0 < request.first_seq < _NUMBER_MAX):
        raise malformed("epoch and first_seq count from 1")
    if len(request.prev_hash) != HASH_BYTES:
        raise malformed(f"prev_hash has {len(request.prev_hash)} bytes")
    if request.last_written > _NUMBER_MAX or not 0 <= request.to_come <= _NUMBER_MAX:
        raise malformed("last_written is no seq, or to_come no number of events")
    if len(request.boots) > BOOTS_MAX:
        raise malformed(f"{len(request.boots)} boots, at most {BOOTS_MAX}")
    try:
        frames = unpack(request.frames)
    except FrameError as error:
        raise malformed(str(error)) from error
    stream = Stream(shard_key, request.device_id, request.epoch)
    hashes = extend(stream, request.first_seq, request.prev_hash, frames)
    head = hashes[-1] if hashes else request.prev_hash
    if head != request.head_hash:
        raise Refused(400, "chain", "the frames do not lead to head_hash")
    last_seq = request.first_seq + len(frames) - 1
    message = batch_message(stream, request.first_seq, last_seq, head)
    if not signed_by(caller.public_key, request.signature, message):
        raise Refused(401, "bad_signature", "the batch is not signed by this device")
    return Push(
        device_id=request.device_id,
        epoch=request.epoch,
        session=plain("session", request.session),
        first_seq=request.first_seq,
        prev_hash=request.prev_hash,
        frames=tuple(frames),
        bodies=tuple(read_body(frame) for frame in frames),
        hashes=tuple(hashes),
        clock=request.clock,
        received_ms=received_ms,
        boots=request.boots,
        last_written=request.last_to_be_written,
        refused=_refused(request),
    )


def _refused(request: PushRequest) -> dict[int, str]:
    """Return why events were refused for good, by seq."""
    final = (one for one in request.refused if one.verdict == Verdict.REFUSED_FINAL)
    return {one.seq: plain("a refusal's reason", one.reason) for one in final}


def answer(pushed: Pushed, server_ms: int) -> PushAnswer:
    """Return the answer to a push that is committed."""
    return PushAnswer(
        status=pushed.status,
        acked_through=pushed.acked_through,
        expected_seq=pushed.expected_seq,
        judged=pushed.judged,
        feed_position=pushed.feed_position,
        server_ms=server_ms,
        incarnation=pushed.incarnation,
        durable_through=pushed.durable_through,
    )
