"""`tillpoints central reminders`: what members are to hear of on a day, for the mall's messages."""

import csv
import json
import sys
from datetime import datetime
from pathlib import Path

import click
from msgspec import structs

from central.database import reading
from central.members.reminded import Reminder, reminders
from tillpoints.central_access import central, config_option, json_option

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command("reminders")
@click.option("--day", type=_DAY, help="A day of the mall; else today.")
@config_option
@json_option
def command(day: datetime | None, config: Path, as_json: bool) -> None:
    """Write the reminders of a day as CSV: number, phone, and the words in Chinese and English.

    They are made by the jobs `reminders` and `statements`. Phones stand in it: keep it safe.
    """
    with central(config) as parts:
        today = datetime.now(tz=parts.config.tz()).date()
        with reading(parts.engine) as connection:
            found = reminders(connection, parts.config.shard_key, day.date() if day else today)
    if as_json:
        click.echo(json.dumps([structs.asdict(one) for one in found], ensure_ascii=False))
        return
    table = csv.writer(sys.stdout)
    table.writerow(Reminder.__struct_fields__)
    table.writerows(structs.astuple(one) for one in found)
