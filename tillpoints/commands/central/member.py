"""`tillpoints central member`: a tier that a person grants, and what rules may ask of a member."""

from datetime import datetime
from pathlib import Path

import click

from central.app import Parts, now_ms
from central.database import reading, writing
from central.ledger.books import book_in_force
from central.ledger.rule_commands import GrantTier, SetFacts
from central.ledger.writing.items import Command
from central.ledger.writing.turns import run_turn
from central.members.lookup import SeveralMembers, find_member
from loyalty.rules.reasons import Reason
from loyalty.wording import say
from tillpoints.central_access import central, config_option
from tillpoints.exits import Failure

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group("member")
def command() -> None:
    """Grant a member a tier, or say what the rules may ask of them."""


@command.command("grant")
@click.argument("member")
@click.argument("tier")
@click.option("--until", type=_DAY, required=True, help="The last day of the granted tier.")
@click.option("--staff", required=True, help="Who grants it.")
@click.option("--why", required=True, help="Why.")
@config_option
def grant(member: str, tier: str, until: datetime, staff: str, why: str, config: Path) -> None:
    """Give MEMBER (number, card or phone) the tier TIER up to a day, whatever their points."""
    with central(config) as parts:
        with reading(parts.engine) as connection:
            book = book_in_force(connection, parts.config.shard_key, now_ms())
        known = [one.id for one in book.tiers] if book else []
        if tier not in known:
            listed = ", ".join(known)
            raise Failure(f"没有等级“{tier}”，已有：{listed} / no tier {tier!r}; known: {listed}")
        if until.date() < datetime.now(tz=parts.config.tz()).date():
            day = f"{until:%Y-%m-%d}"
            raise Failure(f"{day} 已过去，授予不会生效 / {day} is over: nothing would be granted")
        pseudonym = _find(parts, member)
        _run(parts, GrantTier(pseudonym, tier, until.date(), staff, why))
    click.echo(f"已授予 {tier}，至 {until:%Y-%m-%d} / granted until {until:%Y-%m-%d}")


@command.command("facts")
@click.argument("member")
@click.option("--label", "labels", multiple=True, help="A label of theirs; again for each one.")
@click.option("--birth-month", type=click.IntRange(0, 12), default=0, help="0: not told.")
@config_option
def facts(member: str, labels: tuple[str, ...], birth_month: int, config: Path) -> None:
    """Say all that the rules may ask of MEMBER; what is not given is taken away."""
    with central(config) as parts:
        _run(parts, SetFacts(_find(parts, member), labels, birth_month))
    click.echo("已保存 / kept")


def _find(parts: Parts, member: str) -> str:
    with reading(parts.engine) as connection:
        shard_key, key = parts.config.shard_key, parts.keys.tenant_key
        try:
            person = find_member(connection, shard_key, key, member)
        except SeveralMembers as error:
            raise Failure("多位会员使用此手机号 / several members have this phone") from error
    if person is None:
        raise Failure("未找到该会员 / this member is not known")
    return person.member


def _run(parts: Parts, command_: Command) -> None:
    with writing(parts.engine) as connection:
        (answer,) = run_turn(connection, parts.config.shard_key, [command_], now_ms())
    if isinstance(answer, Exception):
        raise answer
    if isinstance(answer, Reason):
        raise Failure(f"{say(answer, 'zh')} / {say(answer, 'en')}")
