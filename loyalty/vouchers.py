"""Signed single-use vouchers: what is written in the QR of a redemption slip.

Central signs when it grants the lease that pays for the voucher. Anyone with central's public key
can check the signature without a network; that a voucher is used once is decided elsewhere, by
central, or by the journal of its home till.
"""

import base64
import binascii

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from loyalty.chain import sign, signed_by
from loyalty.codes import VOUCHER_PREFIX
from loyalty.coupons import Coupon

_SIGNATURE_BYTES = 64
_TAG = b"tillpoints voucher 1"


class Voucher(Struct, frozen=True, array_like=True):
    """What a voucher says: its typed code, the reward, where and until when (a date) it counts.

    It is worth `pieces` of the reward; a `coupon` takes off a bill what these terms say.
    `home_device` (32 hex digits) is the one till that may take it offline; None: online only.
    """

    shard_key: int
    code: str
    reward_id: str
    home_device: str | None
    valid_until: str
    pieces: int = 1
    coupon: Coupon | None = None


class NotAVoucher(ValueError):
    """The text is not a voucher signed by this programme's central."""


def signed_text(voucher: Voucher, key: Ed25519PrivateKey) -> str:
    """Return the text of the voucher's QR: upper case letters and digits only, TPV first."""
    data = msgspec.msgpack.encode(voucher)
    return VOUCHER_PREFIX + base64.b32encode(sign(key, _TAG + data) + data).decode().rstrip("=")


def read_signed(text: str, central_key: bytes) -> Voucher:
    """Return the voucher of a scanned text. Raises NotAVoucher unless central signed it."""
    coded = text.removeprefix(VOUCHER_PREFIX)
    try:
        raw = base64.b32decode(coded + "=" * (-len(coded) % 8))
    except (binascii.Error, ValueError) as error:
        raise NotAVoucher("the text is not base 32") from error
    signature, data = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not signed_by(central_key, signature, _TAG + data):
        raise NotAVoucher("the signature is not central's")
    return msgspec.msgpack.decode(data, type=Voucher)
