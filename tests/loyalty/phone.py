"""A member's phone for tests: it makes its own key and signs passes as a browser does."""

from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from loyalty import passes
from loyalty.passes import Credential


class Phone:
    """One phone, which keeps the same key whenever it is made with the same number."""

    def __init__(self, number=7):
        self._key = ec.derive_private_key(number, ec.SECP256R1())
        self.credential = b""

    @property
    def public_key(self):
        return self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def signed_for(self, central, member="0a" * 8, shard_key=1, valid_until="2099-12-31"):
        """Have `central` sign who the owner of this phone is."""
        stated = Credential(
            shard_key, bytes.fromhex(member), passes.compressed(self.public_key), valid_until
        )
        self.credential = passes.signed_credential(stated, central)
        return self

    def signature(self, slot, credential=None):
        der = self._key.sign(
            passes.message(slot, credential or self.credential), ec.ECDSA(SHA256())
        )
        r, s = utils.decode_dss_signature(der)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def shows(self, now_ms):
        """Return the text of the pass on its screen."""
        slot = passes.slot_at(now_ms)
        return passes.pass_text(slot, self.credential, self.signature(slot))


def central_key(number=0):
    """Return a key of central for tests."""
    return Ed25519PrivateKey.from_private_bytes(bytes(range(number, number + 32)))
