"""The hashes by which events name receipts and claim slips."""

from central.ledger.judging.entry import Entry, Impossible

_HASH_BYTES = 32


def hash_of(digits: str) -> bytes:
    """Return the hash behind hexadecimal digits. Raises ValueError for what is none."""
    value = bytes.fromhex(digits)
    if len(value) != _HASH_BYTES:
        raise Impossible(f"a hash of {len(value)} bytes")
    return value


def own_claim(entry: Entry, key: bytes, digits: str | None) -> bytes | None:
    """Return the hash of a sale's claim code, if it has one.

    Codes are random: raises Impossible for one that belongs to a sale other than `key`.
    """
    if digits is None:
        return None
    claim_hash = hash_of(digits)
    if entry.state.claims.get(claim_hash) not in (None, key):
        raise Impossible("the code of its claim slip is another sale's")
    return claim_hash
