#!/usr/bin/python3 -I
"""CUPS filter of the lab: a page of CUPS raster, one bit per dot, to GS v 0 and a cut.

It stands behind CUPS's own raster step, where a maker's driver would. Source: cups raster format
(sync word, page header version 2, here uncompressed), numbers in this machine's byte order.
"""

import sys

HEADER_BYTES = 1796
WIDTH, HEIGHT, BITS, LINE_BYTES = 372, 376, 388, 392
BAND_ROWS = 128


def number(header: bytes, at: int) -> int:
    """Return one field of a page header."""
    return int.from_bytes(header[at : at + 4], sys.byteorder)


def main() -> int:
    """Turn every page on standard input into dots on standard output."""
    raster = sys.stdin.buffer  # a file is given to a job's first filter only
    out = sys.stdout.buffer
    if raster.read(4) not in {b"RaS3", b"3SaR"}:
        sys.stderr.write("ERROR: this is no uncompressed raster\n")
        return 1
    out.write(b"\x1b@")
    while len(header := raster.read(HEADER_BYTES)) == HEADER_BYTES:
        if number(header, BITS) != 1:
            sys.stderr.write("ERROR: these are no single dots\n")
            return 1
        stride = number(header, LINE_BYTES)
        rows = [raster.read(stride) for _ in range(number(header, HEIGHT))]
        while rows and not rows[-1].strip(b"\0"):
            rows.pop()
        for at in range(0, len(rows), BAND_ROWS):
            band = rows[at : at + BAND_ROWS]
            size = stride.to_bytes(2, "little") + len(band).to_bytes(2, "little")
            out.write(b"\x1dv0\0" + size + b"".join(band))
        out.write(b"\x1dVB\x60")
    return 0


if __name__ == "__main__":
    sys.exit(main())
