"""What is sent of events whose rows are damaged on this disk: never nothing, never a silent gap."""

from collections.abc import Iterable, Iterator

from edge_agent.journal.log import Link
from loyalty.chain import Frame, Stream, event_hash
from loyalty.damage import Damage, lost_hash, spelled


def as_sent(
    stream: Stream, seq: int, prev_hash: bytes, links: Iterable[Link]
) -> Iterator[tuple[Frame, bytes]]:
    """Yield the frame and the hash of every event behind `seq`, as stored or as it is damaged."""
    sound = True
    for link in links:
        while seq + 1 < link.place.seq:
            seq, sound = seq + 1, False
            prev_hash = lost_hash(stream, seq, prev_hash)
            yield spelled(Damage.LOST, prev_hash), prev_hash
        seq = link.place.seq
        if event_hash(stream, seq, prev_hash, link.frame) == link.hash:
            frame, sound = link.frame, True
        else:
            frame = spelled(Damage.CORRUPT if sound else Damage.ALONE, link.hash, link.frame)
            sound = False
        prev_hash = link.hash
        yield frame, prev_hash
