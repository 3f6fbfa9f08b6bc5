"""`tillpoints read FILE...`: what print jobs say, one JSON line per file, or an explained view."""

import re
from collections.abc import Iterable
from pathlib import Path

import click
import msgspec

from receipts.dialects import DIALECTS
from receipts.money import decimal
from receipts.reading import CUT_MARK, Reading, read_job, read_text
from tillpoints.exits import Failure

FILE_MAX = 16 << 20
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF", b"II*\x00", b"MM\x00*")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")


def _is_text(raw: bytes) -> bool:
    """A file with `[[CUT]]` lines and no control bytes is decoded text, not a print job."""
    if _CONTROL.search(raw) or b"[[CUT]]" not in raw:
        return False
    try:
        return CUT_MARK.search(raw.decode("utf-8")) is not None
    except UnicodeDecodeError:
        return False


def _money(fen: int | None) -> str | None:
    return None if fen is None else decimal(fen)


def document_of(reading: Reading) -> dict[str, object]:
    """Return a reading in the words of the command's contract; amounts are decimal strings."""
    return {
        "kind": reading.kind.value,
        "merchant": reading.merchant,
        "number": reading.number,
        "time": reading.printed_at,
        "currency": reading.currency,
        "total": _money(reading.owed_fen),
        "eligible": _money(reading.eligible_fen),
        "items": [[item.name, item.quantity, decimal(item.amount_fen)] for item in reading.items],
        "tenders": [[tender.kind, decimal(tender.amount_fen)] for tender in reading.tenders],
        "reprint": reading.reprint,
        "confidence": reading.confidence,
        "decision": reading.decision,
        "why": reading.why,
    }


def _explained(name: str, readings: Iterable[Reading]) -> str:
    out = [name]
    for number, reading in enumerate(readings, 1):
        out.append(f"  {number}. {reading.kind.value} -> {reading.decision} ({reading.confidence})")
        facts = {
            "merchant": reading.merchant, "number": reading.number, "time": reading.printed_at,
            "currency": reading.currency, "total": _money(reading.owed_fen),
            "eligible": _money(reading.eligible_fen),
        }  # fmt: skip
        out += [f"     {label}: {value}" for label, value in facts.items() if value is not None]
        out += [f"     - {why.zh} · {why.en}" for why in reading.why]
        out += [f"     | {line}" for line in reading.lines]
    return "\n".join(out)


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--text", is_flag=True, help="The files are decoded text, papers parted by [[CUT]].")
@click.option(
    "--currency",
    default="CNY",
    show_default=True,
    metavar="CODE",
    help="Currency where the paper names none; its rule book is then the built-in one.",
)
@click.option(
    "--date-order",
    type=click.Choice(["ymd", "dmy", "mdy"]),
    default="ymd",
    show_default=True,
    help="How 08/11/25 is read.",
)
@click.option("--dialect", type=click.Choice(sorted(DIALECTS)), help="Printer language of the job.")
@click.option("--explain", is_flag=True, help="Show facts, reasons and paper for a person.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line per file (the default).")
@click.option("--teach", metavar="SHOP", help="Learn a shop's layout from confirmed receipts.")
def command(
    files: tuple[Path, ...], *, text: bool, currency: str, date_order: str, dialect: str | None,
    explain: bool, as_json: bool, teach: str | None,
) -> None:  # fmt: skip
    """Read print jobs: what each paper says, and whether it earns.

    Exit code 1 when a file could not be read at all; the other files are still read.
    """
    if explain and as_json:
        raise click.UsageError("--explain and --json exclude each other")
    if teach is not None:
        raise click.UsageError("--teach: shop templates are not part of this version")
    if not re.fullmatch("[A-Z]{3}", currency):
        raise click.UsageError(f"--currency {currency!r}: three capital letters, such as MYR")
    failed = 0
    for path in files:
        try:
            readings = _read(path, text=text, currency=currency, order=date_order, dialect=dialect)
        except (OSError, ValueError) as error:
            failed += 1
            answer: dict[str, object] = {"file": str(path), "documents": [], "error": str(error)}
            click.echo(f"{path}: {error}" if explain else msgspec.json.encode(answer).decode())
            continue
        if explain:
            click.echo(_explained(str(path), readings))
            continue
        documents = [document_of(reading) for reading in readings]
        answer = {"file": str(path), "documents": documents}
        click.echo(msgspec.json.encode(answer).decode())
    if failed:
        raise Failure(f"{failed} of {len(files)} files could not be read")


def _read(
    path: Path, *, text: bool, currency: str, order: str, dialect: str | None
) -> list[Reading]:
    size = path.stat().st_size
    if size > FILE_MAX:
        raise ValueError(f"{size} bytes; a print job has at most {FILE_MAX}")
    raw = path.read_bytes()
    if raw.startswith(_PICTURES):
        raise ValueError("a picture; reading pictures is not part of this version")
    if text or _is_text(raw):
        return read_text(raw.decode("utf-8-sig"), currency=currency, date_order=order)
    return read_job(raw, currency=currency, date_order=order, dialect=dialect)
