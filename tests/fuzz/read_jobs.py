"""Coverage-guided fuzzing of the way from printed bytes to a decision; not part of the test run.

    python -m tests.fuzz.read_jobs [SECONDS]        needs the package `atheris` (CPython 3.11)

Starts from the jobs of `tests/cases/receipts`. A finding is a crash, a hang (10 s), memory beyond
600 MB, a piece-wise decoding that differs from the whole one, or a decision that is none; the
input that shows it is left in the working directory as `crash-*`, `timeout-*` or `oom-*`.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["receipts", "paper"]):
    from receipts.reading import read_job
    from receipts.stream.decoder import Decoder
    from receipts.stream.elements import Element

from tests.receipts.jobs import case_names, jobs_of

SECONDS = 1800
JOB_BYTES_MAX = 4096
DIALECTS = (None, "epson", "clone58", "sprt", "gprinter", "zkc", "star")


def decoded(raw: bytes, dialect: str | None, *cuts: int) -> list[Element]:
    decoder = Decoder(dialect)
    out: list[Element] = []
    for start, end in zip((0, *cuts), (*cuts, len(raw)), strict=True):
        out += decoder.feed(raw[start:end])
    return out + decoder.close()


def read_one(data: bytes) -> None:
    """The first two bytes choose the dialect and where the stream is cut; the rest is the job."""
    if len(data) < 3:
        return
    dialect = DIALECTS[data[0] % len(DIALECTS)]
    raw = data[2:]
    cut = data[1] * len(raw) // 256
    if decoded(raw, dialect, cut) != decoded(raw, dialect):
        raise AssertionError(f"cut at {cut} of {len(raw)} in {dialect} changes the elements")
    for reading in read_job(raw, dialect=dialect):
        if reading.decision not in {"award", "review", "ignore"}:
            raise AssertionError(reading.decision)


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    with tempfile.TemporaryDirectory() as corpus:
        for case in case_names():
            for name, raw in jobs_of(case).items():
                Path(corpus, f"{case} {name}".replace("/", "-")).write_bytes(b"\0\x80" + raw)
        options = (
            f"-max_total_time={seconds}", f"-max_len={JOB_BYTES_MAX}", "-timeout=10",
            "-rss_limit_mb=600", "-print_final_stats=1",
        )  # fmt: skip
        atheris.Setup([sys.argv[0], *options, corpus], read_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
