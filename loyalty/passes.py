"""Member passes: the short-lived code on a member's phone, checked by central's key alone.

Central signs a credential once: whose it is, the key that phone made for itself, and until when.
The phone signs the number of the half minute it is; nobody else can, so a picture of a pass is
worth nothing a minute later. A pass says who stands there. That its slot pays for one redemption
only is decided by central, or by the one device that looks (SYNC 2.9).
"""

import base64
import binascii
from datetime import UTC, datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct

from loyalty.chain import sign, signed_by
from loyalty.codes import PASS_PREFIX

SLOT_MS = 30_000
#: How many slots a pass may lie off the checker's clock, either way.
_SLOTS_OFF = 1

_SIGNATURE_BYTES = 64
_SLOT_BYTES = 5
_HALF_BYTES = _SIGNATURE_BYTES // 2
_CREDENTIAL_TAG = b"tillpoints credential 1"
_PASS_TAG = b"tillpoints pass 1"
_CURVE = ec.SECP256R1()  # the one curve that every browser's WebCrypto signs with
_ALGORITHM = ec.ECDSA(SHA256())


class NotAPass(ValueError):
    """The text is no pass that this programme's central stands behind."""


class Credential(Struct, frozen=True, array_like=True):
    """What central signs: a member's pseudonym (8 bytes), their phone's key, the last day (UTC).

    `holder_key` is a compressed point of P-256; `valid_until` is an ISO date.
    """

    shard_key: int
    member: bytes
    holder_key: bytes
    valid_until: str


class Pass(Struct, frozen=True):
    """A pass whose signatures are right: the member, and the slot that their phone signed."""

    member: str
    slot: int
    valid_until: str

    def is_fresh(self, now_ms: int) -> bool:
        """Tell whether the phone signed it now, `now_ms` being the mall's sure time (ms UTC)."""
        return abs(slot_at(now_ms) - self.slot) <= _SLOTS_OFF and self.still_counts(now_ms)

    def still_counts(self, now_ms: int) -> bool:
        """Tell whether central's credential, which nobody can recall, still holds today."""
        return datetime.fromtimestamp(now_ms / 1000, UTC).date().isoformat() <= self.valid_until


def slot_at(now_ms: int) -> int:
    """Return the number of the slot that a moment (ms UTC) lies in."""
    return now_ms // SLOT_MS


def compressed(raw: bytes) -> bytes:
    """Return the short form of a phone's public key. Raises ValueError if it is none of P-256."""
    point = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, raw)
    return point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def signed_credential(credential: Credential, central_key: Ed25519PrivateKey) -> bytes:
    """Return a credential with central's signature before it."""
    data = msgspec.msgpack.encode(credential)
    return sign(central_key, _CREDENTIAL_TAG + data) + data


def message(slot: int, credential: bytes) -> bytes:
    """Return what the phone signs (ECDSA, P-256, SHA-256) to show itself in `slot`."""
    return _PASS_TAG + slot.to_bytes(_SLOT_BYTES, "big") + credential


def pass_text(slot: int, credential: bytes, signature: bytes) -> str:
    """Return the text of a pass's QR: upper case letters and digits only, TPQ first.

    `signature` is r and s, 32 bytes each, as WebCrypto gives it.
    """
    data = signature + slot.to_bytes(_SLOT_BYTES, "big") + credential
    return PASS_PREFIX + base64.b32encode(data).decode().rstrip("=")


def read_pass(text: str, central_key: bytes, shard_key: int) -> Pass:
    """Return the pass of a scanned text. Raises NotAPass unless both signatures are right.

    Whether it is fresh is another question: see `Pass.is_fresh`.
    """
    coded = text.removeprefix(PASS_PREFIX)
    try:
        raw = base64.b32decode(coded + "=" * (-len(coded) % 8))
    except (binascii.Error, ValueError) as error:
        raise NotAPass("the text is not base 32") from error
    signature, raw = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    slot, credential = int.from_bytes(raw[:_SLOT_BYTES], "big"), raw[_SLOT_BYTES:]
    stated = _stated(credential, central_key)
    if stated.shard_key != shard_key:
        raise NotAPass("the credential is of another programme")
    if not _phone_signed(stated.holder_key, signature, message(slot, credential)):
        raise NotAPass("the signature is not the phone's")
    return Pass(stated.member.hex(), slot, stated.valid_until)


def _stated(credential: bytes, central_key: bytes) -> Credential:
    signature, data = credential[:_SIGNATURE_BYTES], credential[_SIGNATURE_BYTES:]
    if not signed_by(central_key, signature, _CREDENTIAL_TAG + data):
        raise NotAPass("the credential is not signed by central")
    return msgspec.msgpack.decode(data, type=Credential)


def _phone_signed(holder_key: bytes, signature: bytes, said: bytes) -> bool:
    halves = signature[:_HALF_BYTES], signature[_HALF_BYTES:]
    r, s = (int.from_bytes(half, "big") for half in halves)
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, holder_key)
        key.verify(utils.encode_dss_signature(r, s), said, _ALGORITHM)
    except (InvalidSignature, ValueError):
        return False
    return True
