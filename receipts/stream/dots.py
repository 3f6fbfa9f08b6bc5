"""Dots sent as columns turned into rows; the printer's strips (ESC *) come that way.

One bit is one dot, the most significant bit on the left of a row and on top of a column.
"""

from functools import lru_cache


def columns_to_rows(data: bytes, width: int, deep: int) -> bytes:
    """Turn `width` columns of `deep` bytes each, top bit first, into rows."""
    stride = -(-width // 8)
    bands = [data[band : width * deep : deep].ljust(stride * 8, b"\0") for band in range(deep)]
    turned = _transposed(b"".join(bands))
    size = stride * 8
    starts = [band + row for band in range(0, deep * size, size) for row in range(8)]
    return b"".join([turned[at : at - at % size + size : 8] for at in starts])


#: Hacker's Delight's 8x8 transposition: distance, and the bits that change places with theirs.
_SWAPS = (
    (7, bytes.fromhex("00aa00aa00aa00aa")),
    (14, bytes.fromhex("0000cccc0000cccc")),
    (28, bytes.fromhex("00000000f0f0f0f0")),
)


@lru_cache(maxsize=64)
def _masks(blocks: int) -> tuple[tuple[int, int], ...]:
    return tuple((distance, int.from_bytes(mask * blocks, "big")) for distance, mask in _SWAPS)


def _transposed(data: bytes) -> bytes:
    """Turn each block of 8 bytes on its diagonal, all blocks of the number at once."""
    value = int.from_bytes(data, "big")
    for distance, mask in _masks(len(data) // 8):
        moved = (value ^ value >> distance) & mask
        value ^= moved ^ moved << distance
    return value.to_bytes(len(data), "big")
