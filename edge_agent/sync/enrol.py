"""A new device trades its one-time code for an identity."""

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge_agent.journal.identity import Identity, device_key
from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import MEDIA_TYPE, Offline, Refused, Transport, read
from edge_agent.sync.rehomer import FENCED
from loyalty import chain, wire
from loyalty.wire import EnrolAnswer, EnrolRequest


def enrol(
    journal: Journal, transport: Transport, *, url: str, code: str
) -> Identity | Offline | Refused:
    """Enrol the device of `journal` at the central behind `transport`, whose address is `url`.

    Asking again after a lost answer asks as the same device and gets the same identity. Raises
    JournalBroken if the journal belongs to another device already.
    """
    key, known = device_key(journal.directory), journal.identity()
    public_key = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    device_id, epoch = (known.device_id, known.epoch) if known is not None else (b"", 0)
    message = chain.enrol_message(code, public_key, device_id, epoch)
    fenced = ""
    if known is not None and journal.outbox().refused == FENCED:
        fenced = journal.rehome_request(journal.session).request_id
    request = EnrolRequest(code, public_key, chain.sign(key, message), device_id, epoch, fenced)
    headers = {"Content-Type": MEDIA_TYPE}
    reply = transport.post(wire.ENROL_PATH, headers, msgspec.msgpack.encode(request))
    answer = read(reply, EnrolAnswer)
    if isinstance(answer, Offline | Refused):
        return answer
    return journal.enrol(answer[0], url)
