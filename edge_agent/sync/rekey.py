"""A device takes a new key, so that a copy of the old one opens nothing any more.

The new key is on the disk before central hears of it, and the old one goes when central has said
that it knows the new one: whenever this stops half-way, asking again goes on.
"""

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge_agent.journal.errors import NotEnrolled
from edge_agent.journal.identity import device_key, next_key, take_next_key
from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller, Offline, Refused, Transport
from loyalty.chain import sign
from loyalty.rekeying import REKEY_PATH, RekeyAnswer, RekeyRequest, rekey_message

_NOT_THIS_KEY = "bad_signature"


def rekey(journal: Journal, transport: Transport) -> Offline | Refused | None:
    """Take a new key; None when that is done. The agent must not run. Raises NotEnrolled."""
    identity, directory = journal.identity(), journal.directory
    if identity is None:
        raise NotEnrolled("this device is not enrolled: there is no key to change")
    device_id = identity.device_id
    new = next_key(directory)
    public = new.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    request = RekeyRequest(public, sign(new, rekey_message(device_id, public)))
    answered = Caller(journal, transport, key=device_key(directory)).call(
        REKEY_PATH, request, RekeyAnswer
    )
    if isinstance(answered, Refused) and answered.code == _NOT_THIS_KEY:
        # Central took the new key before, and its answer got lost.
        answered = Caller(journal, transport, key=new).call(REKEY_PATH, request, RekeyAnswer)
    if isinstance(answered, Offline | Refused):
        return answered
    take_next_key(directory)
    return None
