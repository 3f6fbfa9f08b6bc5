"""`tillpoints central settlement`: what the mall owes its shops for points that were money."""

import csv
import json
import sys
from datetime import datetime
from pathlib import Path

import click
from msgspec import structs

from central.database import reading
from central.ledger.settlement import Due, Payment, dues, payments
from tillpoints.central_access import central, config_option, json_option

_MONTH = click.DateTime(formats=["%Y-%m"])


@click.command("settlement")
@click.option("--month", type=_MONTH, required=True, help="A month of the mall, as 2026-12.")
@click.option("--each", is_flag=True, help="Every payment, and not only the sum of each shop.")
@config_option
@json_option
def command(month: datetime, each: bool, config: Path, as_json: bool) -> None:
    """Write what each shop is owed for a month, in fen, as CSV: points that paid at its tills.

    `open` are payments for which no receipt was found: `fleet cases` has them for a person.
    """
    with central(config) as parts:
        begins = month.replace(tzinfo=parts.config.tz())
        ends = begins.replace(year=begins.year + begins.month // 12, month=begins.month % 12 + 1)
        span = (int(begins.timestamp() * 1000), int(ends.timestamp() * 1000))
        with reading(parts.engine) as connection:
            found = payments(connection, parts.config.shard_key, *span)
    rows: list[Payment] | list[Due] = found if each else dues(found)
    if as_json:
        click.echo(json.dumps([structs.asdict(one) for one in rows], ensure_ascii=False))
        return
    table = csv.writer(sys.stdout)
    table.writerow((Payment if each else Due).__struct_fields__)
    table.writerows(structs.astuple(one) for one in rows)
