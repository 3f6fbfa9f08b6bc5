"""`tillpoints rules recalculate`: receipts of the past under the corrected book that is in force.

A dry run unless somebody says who they are and why: then each receipt that is worth other points
gets a transfer of its own, linked to that decision.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path

import click

from central.app import now_ms
from central.database import reading, writing
from central.ledger.past import begun, receipts
from central.ledger.rule_commands import Recalculate
from central.ledger.writing.turns import run_turn
from central.sync import census
from loyalty.rules.reasons import Reason
from loyalty.rules.rulebook import version
from loyalty.rules.trying import Change, changes
from loyalty.wording import say
from tillpoints.central_access import central, config_option, json_option
from tillpoints.commands.rules.books import in_force
from tillpoints.commands.rules.trial import days_of, start_ms
from tillpoints.exits import Failure

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_IN_ONE_TURN = 500
_SILENT = "devices have not told all of these days yet: run it again when they have"


@click.command("recalculate")
@click.option("--from", "first", type=_DAY, required=True, help="The first day, 2026-11-01.")
@click.option("--to", "last", type=_DAY, required=True, help="The last day, included.")
@click.option("--apply", "apply_", is_flag=True, help="Book it; without this nothing changes.")
@click.option("--staff", default="", help="With --apply: who decided it.")
@click.option("--why", default="", help="With --apply: why; members read it.")
@config_option
@json_option
def command(
    first: datetime,
    last: datetime,
    apply_: bool,
    staff: str,
    why: str,
    config: Path,
    as_json: bool,
) -> None:
    """Work the receipts of these days out again under the book in force, then true them up."""
    if apply_ and not (staff.strip() and why.strip()):
        raise click.UsageError("--apply wants --staff and --why")
    with central(config) as parts:
        zone, shard_key = parts.config.tz(), parts.config.shard_key
        since, until = days_of(first, last, datetime.now(tz=zone).date())
        with reading(parts.engine) as connection:
            book = in_force(connection, parts)
            end = until + timedelta(days=1)
            from_ms, end_ms = start_ms(since, zone), start_ms(end, zone)
            silent = census.yet_to_tell(connection, shard_key, end_ms)
            past = receipts(connection, shard_key, from_ms, end_ms)
            found = list(changes(book, past, begun(connection, shard_key, from_ms)))
        commands = [_command(one, version(book), staff, why) for one in found]
        for start in range(0, len(commands) if apply_ else 0, _IN_ONE_TURN):
            part = commands[start : start + _IN_ONE_TURN]
            with writing(parts.engine) as connection:
                for answer in run_turn(connection, shard_key, part, now_ms()):
                    if isinstance(answer, Exception):
                        raise answer
                    if isinstance(answer, Reason):
                        raise Failure(f"{say(answer, 'zh')} / {say(answer, 'en')}")
    differ = [one.points - one.past.given for one in found]
    more = sum(points for points in differ if points > 0)
    less = sum(-points for points in differ if points < 0)
    facts = {"receipts": len(found), "more": more, "less": less, "applied": apply_}
    facts["devices_to_tell"] = silent
    if as_json:
        click.echo(json.dumps(facts))
        return
    tail = "已入账 / booked" if apply_ else "试算，未入账 / a dry run, nothing booked"
    click.echo(f"{len(found)} 张小票 / receipts: +{more} -{less}（{tail}）")
    if silent:
        click.echo(f"{silent} 台设备还没有报完这些天，报完后再运行一次 / {_SILENT}")


def _command(change: Change, book: str, staff: str, why: str) -> Recalculate:
    past = change.past
    return Recalculate(
        fingerprint=past.fingerprint,
        book=book,
        points=change.points,
        staff=staff,
        why=why,
        parts=past.basket.parts,
        between_ms=past.between_ms,
        moved=change.moved,
    )
