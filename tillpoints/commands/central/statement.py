"""`tillpoints central statement`: a member's account, on the screen or on the desk's printer."""

import json
from datetime import datetime
from pathlib import Path

import click
import msgspec

from central.app import Parts, now_ms
from central.database import reading
from central.desk.account import LedgerMismatch
from central.desk.making import make_statement
from central.desk.printer import Outcome, print_bytes
from central.desk.statement import Statement, compose
from central.ledger.books import book_in_force
from central.members.lookup import SeveralMembers, find_member
from paper.encode import encode_slip
from paper.layout import as_text, lay_out
from paper.marker import Lang
from tillpoints.central_access import central, config_option, json_option, lang_option
from tillpoints.exits import DeviceFailure, Failure

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_SAID = {
    "printed": ("已打印", "printed"),
    "not_printed": ("未打印", "not printed"),
    "unknown": ("打印结果未知", "perhaps printed"),
}


@click.command("statement")
@click.argument("member")
@click.option("--from", "first", type=_DAY, required=True, help="The first day, 2026-11-01.")
@click.option("--to", "last", type=_DAY, required=True, help="The last day, 2026-11-30.")
@click.option("--print", "on_paper", is_flag=True, help="Print it at the service desk.")
@config_option
@lang_option
@json_option
def command(
    member: str,
    first: datetime,
    last: datetime,
    on_paper: bool,
    config: Path,
    lang: Lang,
    as_json: bool,
) -> None:
    """Show or print the account of MEMBER: a member number, a card, or a phone number.

    Days are days of the mall, both included. Exits 4 unless the printer said that it has printed.
    """
    if last < first:
        raise click.BadParameter("--to is before --from")
    with central(config) as parts:
        statement = _statement(parts, member, first, last)
        printer = parts.config.desk_printer
    slip = compose(statement, lang)
    outcome = None
    if on_paper:
        outcome = print_bytes(encode_slip(slip, printer.profile()).data, printer)
    if as_json:
        facts = msgspec.to_builtins(statement) | {"paper": msgspec.to_builtins(outcome)}
        click.echo(json.dumps(facts, ensure_ascii=False))
    elif outcome is None:
        click.echo(as_text(lay_out(slip, printer.columns), printer.columns), nl=False)
    else:
        click.echo(_said(outcome, lang))
    if outcome is not None and outcome.state != "printed":
        raise DeviceFailure(f"{outcome.zh} / {outcome.en}")


def _said(outcome: Outcome, lang: Lang) -> str:
    return _SAID[outcome.state][0 if lang == "zh" else 1]


def _statement(parts: Parts, member: str, first: datetime, last: datetime) -> Statement:
    zone = parts.config.tz()
    shard_key = parts.config.shard_key
    with reading(parts.engine) as connection:
        try:
            person = find_member(connection, shard_key, parts.keys.tenant_key, member)
        except SeveralMembers as error:
            raise Failure(
                "多位会员使用此手机号，请用会员号 / several members have this phone: use the number"
            ) from error
        if person is None:
            raise Failure("未找到该会员 / this member is not known")
        try:
            return make_statement(
                connection,
                shard_key,
                person,
                (first.date(), last.date()),
                book_in_force(connection, parts.config.shard_key, now_ms()),
                parts.config.programme,
                datetime.now(tz=zone),
            )
        except LedgerMismatch as error:
            raise Failure(str(error)) from error
