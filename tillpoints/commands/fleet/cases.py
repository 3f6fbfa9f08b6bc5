"""`tillpoints fleet cases` and what settles them: events that a person must look at."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import click
import msgspec
from sqlalchemy import Connection

from central.app import now_ms
from central.database import reading, writing
from central.fleet.records import devices
from central.ledger.closing import (
    NotSettled,
    Settled,
    accept_case,
    close_case,
    judge_again,
    settled_cases,
)
from central.ledger.judging.numbers import SAME_NUMBER
from central.ledger.judging.rows import Identity
from central.ledger.waiting import Case, cases
from loyalty.rules.earning import Reason
from loyalty.wire import Verdict
from loyalty.wording import codes, say
from tillpoints.central_access import central, config_option, json_option, lang_option, local_time
from tillpoints.exits import Failure

T = TypeVar("T")

_VERDICTS = {
    "applied_adjusted": {"zh": "由商场承担", "en": "paid for by the mall"},
    "pending_ref": {"zh": "等待关联事件", "en": "waits for another event"},
    "pending_upgrade": {"zh": "等待软件或规则更新", "en": "waits for newer software or rules"},
    "refused_final": {"zh": "总台不予入账", "en": "refused for good"},
    "quarantined": {"zh": "已隔离", "en": "in quarantine"},
    "corrupt_body": {"zh": "本机磁盘上已损坏", "en": "damaged on its device's disk"},
    "lost": {"zh": "本机磁盘上已丢失", "en": "lost on its device's disk"},
}
_APPLIED = {"zh": "已入账", "en": "applied"}
_CLOSED = {"zh": "已结案", "en": "closed"}
_AGAIN = {"zh": "重新判定", "en": "judged again"}
_ACCEPTED = {"zh": "确认为另一张小票", "en": "accepted as another receipt"}
_BY_CENTRAL = {
    "zh": "系统：恢复数据后归还了未使用的授权",
    "en": "the server: a lease that a restore had lost came back unspent",
}


@click.command("cases")
@click.option("--closed", is_flag=True, help="What was done about cases, by whom and why.")
@config_option
@lang_option
@json_option
def cases_(closed: bool, config: Path, lang: str, as_json: bool) -> None:
    """List the events a person must look at: in quarantine, damaged, or waiting for seven days.

    Vouchers that were used twice are among them, with who paid: the mall; and receipts that say too
    little of which sale came back.
    `fleet accept-case` lets a receipt count that looks like another one, `fleet judge-again` tries
    an event in quarantine again, `fleet close-case` gives any of them up.
    """
    with central(config) as parts:
        with reading(parts.engine) as connection:
            shard_key = parts.config.shard_key
            names = _names(connection, shard_key)
            found: list[Case] | list[Settled] = (
                settled_cases(connection, shard_key)
                if closed
                else cases(connection, shard_key, now_ms())
            )
        zone = parts.config.tz()
    if as_json:
        listed = [{"device": names.get(one.device_id), **msgspec.to_builtins(one)} for one in found]
        click.echo(json.dumps({"cases": listed}, ensure_ascii=False))
        return
    for one in found:
        place = f"{names.get(one.device_id, one.device_id)} {one.epoch}/{one.seq}"
        line = _settled(one, zone, lang) if isinstance(one, Settled) else _open(one, zone, lang)
        click.echo(f"{place}  {line}")


_name = click.argument("name")
_place = click.argument("place", metavar="EPOCH/SEQ")
_by = click.option("--by", "staff", required=True, help="Who decides.")


@click.command("close-case")
@_name
@_place
@_by
@click.option("--why", required=True, help="Why nothing shall come of this event.")
@config_option
@lang_option
def close_case_(name: str, place: str, staff: str, why: str, config: Path, lang: str) -> None:
    """Give an event up that `fleet cases` names, such as `till-1 1/17`: it does nothing for ever.

    Its bytes stay, and so does who closed it and why (`fleet cases --closed`). A till that had
    promised points for it takes them off its screen.
    """
    _about(close_case, name, place, staff, why, config)
    click.echo(f"{name} {place} 已结案" if lang == "zh" else f"{name} {place} is closed")


@click.command("judge-again")
@_name
@_place
@_by
@click.option("--why", required=True, help="Why it will be judged otherwise now.")
@config_option
@lang_option
def judge_again_(name: str, place: str, staff: str, why: str, config: Path, lang: str) -> None:
    """Judge an event in quarantine again, such as `till-1 1/17`: after its cause was mended.

    It counts as if it had come now, and its till hears of it. What stays in quarantine fails.
    """
    verdict = _about(judge_again, name, place, staff, why, config)
    applied = verdict in (Verdict.APPLIED, Verdict.APPLIED_ADJUSTED)
    word = _APPLIED[lang] if applied else _VERDICTS[verdict.name.lower()][lang]
    if verdict is Verdict.QUARANTINED:
        raise Failure(f"{name} {place}: {word}")
    click.echo(f"{name} {place}: {word}")


@click.command("accept-case")
@_name
@_place
@_by
@click.option("--why", required=True, help="How you know that it is another receipt.")
@config_option
@lang_option
def accept_case_(name: str, place: str, staff: str, why: str, config: Path, lang: str) -> None:
    """Let a receipt count that looks like one that has earned, such as `till-1 1/17`.

    Two sales that print the same facts both earn once a person says that they are two. Its till
    hears of it, and who accepted it and why stays (`fleet cases --closed`).
    """
    verdict = _about(accept_case, name, place, staff, why, config)
    if verdict not in (Verdict.APPLIED, Verdict.APPLIED_ADJUSTED):
        raise Failure(f"{name} {place}: {_VERDICTS[verdict.name.lower()][lang]}")
    click.echo(f"{name} {place}: {_APPLIED[lang]}")


def _about(
    settle: Callable[[Connection, int, Identity, str, str, int], T],
    name: str,
    place: str,
    staff: str,
    why: str,
    config: Path,
) -> T:
    """Return what came of settling the case at a place of a device's chain."""
    epoch, slash, seq = place.partition("/")
    if not (slash and epoch.isascii() and epoch.isdigit() and seq.isascii() and seq.isdigit()):
        raise click.BadParameter("EPOCH/SEQ, such as 1/17", param_hint="EPOCH/SEQ")
    if not (0 < int(epoch) < 1 << 62 and 0 < int(seq) < 1 << 62):
        raise click.BadParameter("count from 1", param_hint="EPOCH/SEQ")
    with central(config) as parts:
        shard_key = parts.config.shard_key
        try:
            with writing(parts.engine) as connection:
                ids = {name: id_ for id_, name in _names(connection, shard_key).items()}
                if name not in ids:
                    raise Failure(f"{name}: 没有此终端 / no such device")
                event = Identity(bytes.fromhex(ids[name]), int(epoch), int(seq))
                return settle(connection, shard_key, event, staff, why, now_ms())
        except NotSettled as error:
            raise Failure(f"{name} {error}") from error


def _names(connection: Connection, shard_key: int) -> dict[str, str]:
    return {one.device_id: one.name for one in devices(connection, shard_key)}


def _open(one: Case, zone: ZoneInfo, lang: str) -> str:
    why = one.error
    if one.reason in codes():
        why = say(Reason(one.reason), "zh" if lang == "zh" else "en")
    said = _APPLIED if one.reason == SAME_NUMBER else _VERDICTS[one.verdict]
    return f"{said[lang]}  {why}  {local_time(one.since_ms, zone)}"


def _settled(one: Settled, zone: ZoneInfo, lang: str) -> str:
    said = f"{one.staff}：{one.why}" if lang == "zh" else f"{one.staff}: {one.why}"
    who = said if one.staff else _BY_CENTRAL[lang]
    done = (_ACCEPTED if one.accepted else _AGAIN if one.again else _CLOSED)[lang]
    was = _APPLIED if one.was == "applied_adjusted" else _VERDICTS[one.was]
    return f"{was[lang]}  {done}  {local_time(one.settled_ms, zone)}  {who}"
