"""What a device and central say to each other when the device takes a new key.

The call is signed by the key that central knows; what is in it, by the new one. What the old key
has signed before stays what it is: central checked it when it came.
"""

from msgspec import Struct

REKEY_PATH = "/api/1/rekey"


class RekeyRequest(Struct, frozen=True):
    """The new public key, and what proves that the device has its other half."""

    public_key: bytes
    proof: bytes


class RekeyAnswer(Struct, frozen=True):
    """The key by which central knows the device from now on."""

    public_key: bytes


def rekey_message(device_id: bytes, public_key: bytes) -> bytes:
    """Return what the new key signs."""
    return b"tillpoints device key 1\n" + device_id + public_key
