"""`tillpoints central activity`: codes to print, what members did, contests and their end."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from sqlalchemy import Connection, select

from central import schema
from central.activities import codes, records
from central.app import Parts, now_ms
from central.database import reading, writing
from central.ledger.activity_commands import CloseActivity, CloseCodes, IssueCodes, RecordActivity
from central.ledger.books import book_in_force
from central.ledger.judging.activity_rows import Batch, Doing
from central.ledger.writing.items import Command
from central.ledger.writing.turns import run_turn
from central.members.lookup import SeveralMembers, find_member
from loyalty.activity_codes import find
from loyalty.rules.reasons import Reason
from loyalty.rules.rulebook import RuleBook, version
from loyalty.wording import say
from tillpoints.central_access import central, config_option, json_option
from tillpoints.exits import Failure

T = TypeVar("T")

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_STAFF = click.option("--staff", required=True, help="Who does it.")
_SHOWN = 20


@click.group("activity")
def command() -> None:
    """Make codes of activities, note what members did, rank and close contests."""


@command.command("codes")
@click.argument("activity")
@click.option("--until", type=_DAY, required=True, help="The last day of the codes.")
@click.option(
    "--count",
    type=click.IntRange(0, codes.COUNT_MAX),
    default=0,
    help="So many codes that count once each; 0: one code for a poster, for many.",
)
@click.option("--result", type=click.IntRange(0), default=0, help="A game's points, or a score.")
@click.option("--member", help="Who alone may use them: number, card or phone.")
@click.option("--brought-by", help="Who refers, for a referral: number, card or phone.")
@_STAFF
@click.option("--out", type=click.Path(path_type=Path), help="Write a page to print.")
@config_option
@json_option
def make(activity: str, out: Path | None, config: Path, as_json: bool, **said: Any) -> None:
    """Make signed codes of ACTIVITY that every kiosk and till can scan, offline too."""
    with central(config) as parts:
        book = _book(parts)
        batch_id = codes.new_batch()
        issue = IssueCodes(
            batch=batch_id,
            activity_id=activity,
            book=version(book),
            valid_until=said["until"].date(),
            staff=said["staff"],
            count=said["count"],
            result=said["result"],
            member=_member(parts, said["member"]),
            brought_by=_member(parts, said["brought_by"]),
        )
        batch = _run(parts, issue, Batch)
        _show_codes(parts, book, batch_id, batch, out, as_json=as_json)


@command.command("print")
@click.argument("batch")
@click.option("--out", type=click.Path(path_type=Path), help="Write a page to print.")
@config_option
@json_option
def again(batch: str, out: Path | None, config: Path, as_json: bool) -> None:
    """Give the codes of BATCH again, the same ones."""
    with central(config) as parts:
        with reading(parts.engine) as connection:
            known = records.batch(connection, parts.config.shard_key, batch)
        if known is None:
            raise Failure(f"没有这批活动码 / no codes {batch}")
        _show_codes(parts, _book(parts), batch, known, out, as_json=as_json)


@command.command("list")
@config_option
@json_option
def list_(config: Path, as_json: bool) -> None:
    """List the activities in force: who took part, the points given, the codes made."""
    with central(config) as parts:
        book = _book(parts)
        with reading(parts.engine) as connection:
            lines = records.listed(connection, parts.config.shard_key, book)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(lines), ensure_ascii=False))
        return
    for line in lines:
        one = line.activity
        budget = f"/{one.budget:,}" if one.budget else ""
        closed = " · 已结束 / closed" if line.closed_ms else ""
        click.echo(
            f"{one.id} ({one.kind}) {one.name_zh} / {one.name_en}: "
            f"{line.members:,} 人 / members, {line.points:,}{budget} 分 / points{closed}"
        )
        for each in line.batches:
            used = f"{each.used}/{each.codes.count}" if each.codes.count else "海报 / poster"
            state = " · 已停用 / closed" if each.codes.closed_ms else ""
            click.echo(f"  {each.batch} {used} ≤ {each.codes.valid_until}{state}")


@command.command("ranking")
@click.argument("activity")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=_SHOWN,
    show_default=True,
    help="How many at most.",
)
@config_option
@json_option
def ranking(activity: str, limit: int, config: Path, as_json: bool) -> None:
    """Rank who took part in the contest ACTIVITY: the best result first, then the earlier one."""
    with central(config) as parts:
        _contest(_book(parts), activity)
        zone = parts.config.tz()
        with reading(parts.engine) as connection:
            places = records.ranking(connection, parts.config.shard_key, activity, limit)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(places), ensure_ascii=False))
        return
    for one in places:
        reached = datetime.fromtimestamp(one.reached_ms / 1000, UTC).astimezone(zone)
        name = f"{one.masked_name} {one.number_tail}"
        click.echo(f"{one.rank:>3}. {one.result:>8,}  {name}  {reached:%Y-%m-%d %H:%M}")


@command.command("record")
@click.argument("activity")
@click.argument("member")
@click.option("--result", type=click.IntRange(0), default=0, help="A game's points, or a score.")
@click.option("--brought-by", help="Who refers, for a referral: number, card or phone.")
@_STAFF
@config_option
def record(
    activity: str, member: str, result: int, brought_by: str | None, staff: str, config: Path
) -> None:
    """Note that MEMBER did ACTIVITY, as the desk or another system of the mall knows it."""
    with central(config) as parts:
        pseudonym = _member(parts, member)
        book = version(_book(parts))
        referrer = _member(parts, brought_by)
        told = RecordActivity(activity, pseudonym, book, staff, result, referrer)
        doing = _run(parts, told, Doing)
    click.echo(f"已登记，共得 {doing.points:,} 分 / noted; {doing.points:,} points of it so far")


@command.command("close")
@click.argument("activity", required=False)
@click.option("--batch", help="End these codes alone.")
@_STAFF
@config_option
def close(activity: str | None, batch: str | None, staff: str, config: Path) -> None:
    """End ACTIVITY, giving a contest's winners their points; or the codes of one batch."""
    if (activity is None) == (batch is None):
        raise click.UsageError("ACTIVITY or --batch")
    with central(config) as parts:
        if batch is not None:
            _run(parts, CloseCodes(batch, staff), Batch)
            click.echo("已停用 / closed")
            return
        winners = _close(parts, _book(parts), str(activity), staff)
    click.echo(f"已结束，{winners} 位获奖 / closed, {winners} winners")


def _close(parts: Parts, book: RuleBook, activity: str, staff: str) -> int:
    """Close an activity by the ranking of this moment; return how many won."""
    shard_key, known = parts.config.shard_key, find(book, activity)
    with writing(parts.engine) as connection:
        _lock(connection, shard_key)  # nobody comes in between the ranking and the end
        ranks = len(known.ranks) if known is not None else 0
        best = records.ranking(connection, shard_key, activity, ranks) if ranks else ()
        winners = tuple(one.member for one in best)
        end = CloseActivity(activity, version(book), staff, winners)
        _said(run_turn(connection, shard_key, [end], now_ms())[0])
    return len(winners)


def _lock(connection: Connection, shard_key: int) -> None:
    t = schema.shard
    connection.execute(select(t.c.turn).where(t.c.shard_key == shard_key).with_for_update())


def _show_codes(
    parts: Parts, book: RuleBook, batch_id: str, batch: Batch, out: Path | None, *, as_json: bool
) -> None:
    made = codes.texts(batch_id, batch, parts.config.shard_key, parts.keys.central_key)
    activity = find(book, batch.activity_id)
    if out is not None and activity is not None:
        text = codes.page(parts.config.programme, activity, batch_id, batch, made)
        out.write_text(text, encoding="utf-8")
    if as_json:
        answer: dict[str, Any] = {"batch": batch_id, **msgspec.to_builtins(batch), "codes": made}
        click.echo(json.dumps(answer, ensure_ascii=False))
    elif out is not None:
        click.echo(f"{batch_id}: {len(made)} → {out}")
    else:
        click.echo("\n".join((batch_id, *made)))


def _book(parts: Parts) -> RuleBook:
    with reading(parts.engine) as connection:
        book = book_in_force(connection, parts.config.shard_key, now_ms())
    if book is None:
        raise Failure("还没有积分规则 / there is no rule book yet")
    return book


def _contest(book: RuleBook, activity: str) -> None:
    known = find(book, activity)
    if known is None or known.kind != "contest":
        raise Failure(f"“{activity}”不是比赛 / {activity} is no contest")


def _member(parts: Parts, text: str | None) -> str:
    """Return the pseudonym of a member; empty if none is named."""
    if text is None:
        return ""
    with reading(parts.engine) as connection:
        try:
            person = find_member(connection, parts.config.shard_key, parts.keys.tenant_key, text)
        except SeveralMembers as error:
            raise Failure("多位会员使用此手机号 / several members have this phone") from error
    if person is None:
        raise Failure(f"未找到会员 {text} / member {text} is not known")
    return person.member


def _run(parts: Parts, command_: Command, answer_type: type[T]) -> T:
    with writing(parts.engine) as connection:
        (answer,) = run_turn(connection, parts.config.shard_key, [command_], now_ms())
    answer = _said(answer)
    if not isinstance(answer, answer_type):
        raise TypeError(f"{type(command_).__name__} answered {type(answer).__name__}")
    return answer


def _said(answer: object) -> object:
    """Return what a command answered. Raises Failure for a refusal."""
    if isinstance(answer, Exception):
        raise answer
    if isinstance(answer, Reason):
        raise Failure(f"{say(answer, 'zh')} / {say(answer, 'en')}")
    return answer
