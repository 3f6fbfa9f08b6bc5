"""`tillpoints fleet`: enrol tills and kiosks, and see how they do."""

import json
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
from msgspec import structs

from central.app import Parts, now_ms
from central.database import reading, writing
from central.fleet.exposure import NotReleased, release
from central.fleet.records import (
    CODE_VALID_MS,
    Device,
    EnrolledAlready,
    HasPast,
    devices,
    issue,
    register,
)
from central.fleet.records import revoke as revoke_device
from central.fleet.sheet import ROLES, read_till
from central.importing import shop_ids
from central.sheets import CellError, Row
from loyalty.trails import Gaps
from tillpoints.central_access import (
    central,
    config_option,
    json_option,
    lang_option,
    local_time,
)
from tillpoints.commands.fleet.cases import accept_case_, cases_, close_case_, judge_again_
from tillpoints.exits import Failure

_STATES = {"expected": "待注册", "enrolled": "已注册", "revoked": "已停用"}
_ROLES = {"till": "收银终端", "kiosk": "自助机"}
_IN_DOUBT = {
    "zh": "  待核对的兑换授权 {lease_id}：{left} 分，自 {since}",
    "en": "  lease in doubt {lease_id}: {left} points, since {since}",
}
_CONTRADICTED = {
    "zh": "  警报：{name} 保存的封印与账本（第 {turn} 轮）不符，已封印的历史被改动过；"
    "请停用本服务器，用备份核对（central ledger verify）",
    "en": "  ALARM: {name} holds a seal that the ledger contradicts (turn {turn}): sealed history"
    " was changed. Stop this server and compare it with a backup (central ledger verify)",
}
_GAPS = {
    "zh": "  请核对：小票缺号 {skipped}，无小票开钱箱 {drawers} 次，未留副本的打印 {lost}",
    "en": "  look into: {skipped} receipt numbers skipped, {drawers} drawers opened without a"
    " paper, {lost} prints that left no copy",
}
_FENCED = {
    "zh": "  注意：另有 {machines} 台机器使用 {name} 的磁盘副本，已被隔离，其中的事件尚未上传；"
    "请确认哪一台是 {name}，并在该机器上用 fleet enrol --again 重新注册",
    "en": "  attention: {machines} other machine(s) run a copy of {name}'s disk and are fenced off;"
    " their events wait there. Enrol the right one again with fleet enrol --again",
}
_AWAITED = {
    "zh": "  恢复数据后待补传：{name} 尚未传完全部流水；在此之前，备份时的兑换券暂不能核销"
    "（机器已不在时请用 fleet revoke）",
    "en": "  awaited since the restore: {name} has not told everything yet. Until then vouchers"
    " from before wait (fleet revoke it if the machine is gone)",
}
_HAS_OLD_KEY = {
    "zh": "  尚用旧的会员密钥：{name} 下次联网时自动换用（机器已不在时请用 fleet revoke）",
    "en": "  old tenant key: {name} takes today's at its next contact (fleet revoke it if the"
    " machine is gone)",
}
_CODE_HOURS = CODE_VALID_MS // 3_600_000


@click.group()
def command() -> None:
    """Enrol tills and kiosks, and see how they do."""


@command.command()
@click.option("--name", required=True, help="The device's name in the fleet, such as till-1.")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What the device is.")
@click.option("--shop", required=True, help="The shop_id of the shop whose device it is.")
@click.option(
    "--again", is_flag=True, help="A new machine or disk for a device that was enrolled before."
)
@config_option
@lang_option
@json_option
def enrol(
    name: str, role: str, shop: str, again: bool, config: Path, lang: str, as_json: bool
) -> None:
    """Make a one-time code by which one machine becomes this device within 24 hours.

    The code is shown once and kept only as a hash; a new code for the same device replaces it.
    """
    with central(config) as parts:
        shard_key = parts.config.shard_key
        try:
            with writing(parts.engine) as connection:
                row = Row(0, {"name": name, "role": role, "shop": shop})
                till = read_till(row, shop_ids(connection, parts))
                register(connection, shard_key, [till])
                issued = issue(connection, shard_key, name, now_ms(), again=again)
        except (CellError, EnrolledAlready, HasPast) as error:
            raise Failure(str(error)) from error
        zone = parts.config.tz()
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(issued)))
        return
    until = local_time(issued.valid_until_ms, zone)
    if lang == "zh":
        click.echo(
            f"{name} 注册码：{issued.code}\n{_CODE_HOURS} 小时内有效，至 {until}，只能用一次"
        )
    else:
        click.echo(f"{name}: {issued.code}\ngood once within {_CODE_HOURS} hours, until {until}")


@command.command("list")
@config_option
@lang_option
@json_option
def list_(config: Path, lang: str, as_json: bool) -> None:
    """Name every device: role, shop, and whether a machine has become it."""
    with central(config) as parts:
        found = _devices(parts)
        zone = parts.config.tz()
    if as_json:
        _echo_json(found)
        return
    for each in found:
        role = _ROLES[each.role] if lang == "zh" else each.role
        state = _STATES[each.state] if lang == "zh" else each.state
        since = local_time(each.enrolled_ms, zone)
        click.echo(f"{each.name:16}{each.shop_id:16}{role}  {state}  {since}".rstrip())


@command.command()
@config_option
@lang_option
@json_option
def status(config: Path, lang: str, as_json: bool) -> None:
    """Say how every enrolled device does: last contact, clock error, events, open cases.

    Open cases are events that wait for something or that a person must look at. After a restore it
    names who is still awaited.
    """
    with central(config) as parts:
        found = [each for each in _devices(parts) if each.state == "enrolled" or each.awaited]
        zone = parts.config.tz()
    if as_json:
        _echo_json(found)
        return
    for each in found:
        seen = local_time(each.seen_ms, zone)
        error_s = (each.clock_error_ms or 0) / 1000
        if lang == "zh":
            contact = f"最近联系 {seen}，时钟偏差 {error_s:+.1f} 秒" if seen else "尚未联系"
            click.echo(f"{each.name}：{contact}，事件 {each.events}，待处理 {each.open_cases}")
        else:
            contact = f"seen {seen}, clock {error_s:+.1f} s off" if seen else "never seen"
            click.echo(f"{each.name}: {contact}, {each.events} events, {each.open_cases} open")
        for lease in (one for one in each.open_leases if one.in_doubt):
            since = local_time(lease.since_ms, zone)
            values = {"lease_id": lease.lease_id, "left": lease.left, "since": since}
            click.echo(_IN_DOUBT[lang].format(**values))
        if each.gaps != Gaps():
            click.echo(_GAPS[lang].format(**structs.asdict(each.gaps)))
        if each.seal_contradicted is not None:
            values = {"name": each.name, "turn": each.seal_contradicted}
            click.echo(_CONTRADICTED[lang].format(**values), err=True)
        if each.awaited:
            click.echo(_AWAITED[lang].format(name=each.name))
        if each.has_old_key:
            click.echo(_HAS_OLD_KEY[lang].format(name=each.name))
        if each.fenced:
            click.echo(_FENCED[lang].format(machines=each.fenced, name=each.name), err=True)


@command.command()
@click.argument("name")
@config_option
@lang_option
def revoke(name: str, config: Path, lang: str) -> None:
    """Shut a device out from its next call on; its open leases are then in doubt.

    `fleet enrol --again` brings the name back for the machine that enrols with the new code.
    """
    with central(config) as parts:
        try:
            with writing(parts.engine) as connection:
                revoke_device(connection, parts.config.shard_key, name)
        except LookupError as error:
            raise Failure(f"{name}: 没有此终端 / no such device") from error
    click.echo(f"{name} 已停用" if lang == "zh" else f"{name} is shut out")


@command.command("release-lease")
@click.argument("lease_id")
@click.option("--destroyed", is_flag=True, help="Its device is gone for good; do not wait 7 days.")
@config_option
@lang_option
def release_lease(lease_id: str, destroyed: bool, config: Path, lang: str) -> None:
    """Give a lease in doubt up: its points are the member's again.

    If its device comes back and had spent them, the mall bears that loss.
    """
    with central(config) as parts:
        try:
            with writing(parts.engine) as connection:
                shard_key = parts.config.shard_key
                freed = release(connection, shard_key, lease_id, now_ms(), destroyed=destroyed)
        except NotReleased as error:
            raise Failure(str(error)) from error
    left = freed.amount - freed.spent
    click.echo(f"已退回会员 {left} 分" if lang == "zh" else f"{left} points back to their member")


command.add_command(cases_)
command.add_command(accept_case_)
command.add_command(close_case_)
command.add_command(judge_again_)


def _devices(parts: Parts) -> list[Device]:
    with reading(parts.engine) as connection:
        return devices(connection, parts.config.shard_key, now_ms())


def _echo_json(found: Sequence[Device]) -> None:
    click.echo(json.dumps({"devices": msgspec.to_builtins(found)}, ensure_ascii=False))
