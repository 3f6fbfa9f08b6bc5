"""What the ledger keeps of a receipt's copies."""

from msgspec import Struct


class Copy(Struct, frozen=True, gc=False):
    """A sale that a device told and that did not count as it came; `epoch`, `seq`: where it stands.

    `sale` is the fingerprint of the sale that it turned out to be: of its own, or that of the one
    it is only a copy of; empty until a person or what it waits for has said so.
    """

    epoch: int
    seq: int
    sale: bytes = b""
