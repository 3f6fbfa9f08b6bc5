"""`tillpoints read FILE...`: what print jobs say, one JSON line per file, or an explained view."""

import re
from pathlib import Path

import click
import msgspec
from msgspec import structs

from receipts import lessons, templates
from receipts.pictures import ocr as pictures_ocr
from receipts.reading import Reading
from receipts.stream.dialects import DIALECTS
from receipts.templates import Template
from receipts.text.money import decimal
from tillpoints.exits import Failure
from tillpoints.explained import explained
from tillpoints.receipt_files import ReadAs, confirmed_lessons, known_template, lessons_of


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


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--text", is_flag=True, help="The files are decoded text, papers parted by [[CUT]].")
@click.option(
    "--currency",
    metavar="CODE",
    help="Currency where the paper names none (else the shop's, else CNY), under built-in rules.",
)
@click.option(
    "--date-order",
    type=click.Choice(["ymd", "dmy", "mdy"]),
    help="How 08/11/25 is read (else as the shop's template says, else ymd).",
)
@click.option("--dialect", type=click.Choice(sorted(DIALECTS)), help="Printer language of the job.")
@click.option("--explain", is_flag=True, help="Show facts, reasons and paper for a person.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line per file (the default).")
@click.option("--shop", metavar="SHOP", help="Read with this shop's template.")
@click.option(
    "--teach",
    metavar="SHOP",
    help="Read, and let papers whose sums confirm them teach this shop's template: labels, number,"
    " dates and, from pictures, glyphs. JOB.txt beside a picture JOB is its confirmed text.",
)
@click.option(
    "--templates",
    "folder",
    default="templates",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the shops' templates.",
)
def command(  # noqa: PLR0913 - one parameter per option
    files: tuple[Path, ...], *, text: bool, currency: str | None, date_order: str | None,
    dialect: str | None, explain: bool, as_json: bool, shop: str | None, teach: str | None,
    folder: Path,
) -> None:  # fmt: skip
    """Read print jobs, and pictures of receipts: what each paper says, and whether it earns.

    Exit code 1 when a file could not be read at all; the other files are still read.
    """
    if explain and as_json:
        raise click.UsageError("--explain and --json exclude each other")
    if shop is not None and teach is not None and shop != teach:
        raise click.UsageError("--shop and --teach name different shops")
    if currency is not None and not re.fullmatch("[A-Z]{3}", currency):
        raise click.UsageError(f"--currency {currency!r}: three capital letters, such as MYR")
    template = _template(folder, shop, teach)
    options = ReadAs(text, currency, date_order, dialect, template)
    failed = pictures = 0
    for path in files:
        try:
            papers = (lessons_of if teach is None else confirmed_lessons)(path, options)
        except (OSError, ValueError) as error:
            failed += 1
            answer: dict[str, object] = {"file": str(path), "documents": [], "error": str(error)}
            click.echo(f"{path}: {error}" if explain else msgspec.json.encode(answer).decode())
            continue
        if teach is not None and options.template is not None:
            known = lessons.taught(options.template, papers, options.in_order())
            options = structs.replace(options, template=known)
        readings = [paper.reading for paper in papers]
        pictures += any(why.code == "picture_only" for each in readings for why in each.why)
        _answer(path, readings, explain=explain)
    if pictures and pictures_ocr.engine() is None:
        click.echo(f"{pictures} files are pictures: the extra tillpoints[ocr] reads them", err=True)
    if teach is not None and options.template is not None and template is not None:
        saved = templates.save(options.template, folder)
        learnt = options.template.papers - template.papers
        click.echo(f"{saved}: {learnt} papers taught it", err=True)
    if failed:
        raise Failure(f"{failed} of {len(files)} files could not be read")


def _template(folder: Path, shop: str | None, teach: str | None) -> Template | None:
    """Return the template named by --shop, which must be there, or by --teach, new if need be."""
    name = teach or shop
    if name is None:
        return None
    try:
        known = known_template(folder, name)
        if known is None and teach is None:
            raise click.UsageError(f"--shop {name}: no template in {folder}; --teach makes one")
        return known or Template(shop=name)
    except (OSError, ValueError) as error:
        raise click.UsageError(str(error)) from error


def _answer(path: Path, readings: list[Reading], *, explain: bool) -> None:
    if explain:
        click.echo(explained(str(path), readings))
        return
    documents = [document_of(reading) for reading in readings]
    click.echo(msgspec.json.encode({"file": str(path), "documents": documents}).decode())
