"""`tillpoints codes FILE...`: the codes in pictures, one JSON line per file."""

import json
import time
from pathlib import Path
from typing import Any

import click

from edge_agent.devices.codes.libraries import Code
from edge_agent.devices.codes.picture_files import BYTES_MAX, PictureError, grey
from edge_agent.devices.codes.reading import read_all
from tillpoints.exits import Failure


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON line per file (the default).")
def command(files: tuple[Path, ...], *, as_json: bool) -> None:
    """Read the codes in pictures: QR, Data Matrix, Aztec, PDF417, EAN, Code 128 and others.

    A line is {"file", "codes": [{"symbology", "text"}], "ms"}. A GS1 separator is U+001D, as from
    a scanner; bytes that are no text have U+FFFD there and stand under "hex" as they are. Exit code
    1 when a file could not be read ("error" says why); the others are still read.
    """
    del as_json
    failed = 0
    for path in files:
        answer = _answer(path)
        failed += "error" in answer
        click.echo(json.dumps(answer, ensure_ascii=False))
    if failed:
        raise Failure(f"{failed} of {len(files)} files could not be read")


def _answer(path: Path) -> dict[str, Any]:
    began_s = time.perf_counter()
    answer: dict[str, Any] = {"file": str(path), "codes": []}
    try:
        with path.open("rb") as file:
            picture = grey(file.read(BYTES_MAX + 1))
        answer["codes"] = [_told(code) for code in read_all(picture)]
    except PictureError as error:
        answer["error"] = str(error)
    except OSError as error:
        answer["error"] = error.strerror or type(error).__name__
    answer["ms"] = round((time.perf_counter() - began_s) * 1e3, 1)
    return answer


def _told(code: Code) -> dict[str, str]:
    told = {"symbology": code.symbology, "text": code.text}
    if "\N{REPLACEMENT CHARACTER}" in code.text:
        told["hex"] = code.raw.hex()
    return told
