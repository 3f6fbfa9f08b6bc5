"""`tillpoints central import`: a real mall's files, each whole or not at all."""

import csv
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from central import importing
from central.app import Parts, now_ms
from central.fleet.records import Issued, issue_all
from central.importing import Importer, NoRuleBook
from central.records import Tally
from central.sheets import SheetError
from tillpoints.central_access import central, config_option, json_option, lang_option
from tillpoints.exits import Failure

_NOUNS = {
    "members": ("会员", "members"),
    "shops": ("门店", "shops"),
    "rewards": ("礼品", "rewards"),
    "tills": ("终端", "devices"),
    "rules": ("规则", "rule books"),
}


@click.group("import")
def command() -> None:
    """Bring the mall's files in: CSV in UTF-8, with or without a byte-order mark.

    A file is taken whole or not at all. Importing it again brings changes in and leaves the rest.
    Bring rules and shops in first, then rewards and tills, then members.
    """


def _importing(kind: str) -> Callable[[Callable[..., None]], click.Command]:
    """Make a function the subcommand of one kind of file, with the options they all have."""

    def decorate(function: Callable[..., None]) -> click.Command:
        for option in (
            config_option,
            click.option("--dry-run", is_flag=True, help="Check everything, change nothing."),
            lang_option,
            json_option,
            click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
        ):
            function = option(function)
        return command.command(kind)(function)

    return decorate


@_importing("shops")
def shops(**options: Any) -> None:
    """Shops: shop_id, name_zh, name_en, category.

    Says which categories the rules do not name: a mistyped one earns by the rate of all others.
    """
    _run_and_look("shops", importing.shops, **options)


@_importing("rewards")
def rewards(**options: Any) -> None:
    """Rewards: reward_id, name_zh, points, kind, and what else there is to say of them.

    KIND is goods, gift_card, parking, service, coupon or bundle; home_shop is set when only that
    shop hands it over; offered is yes or no. All other columns may be left out: name_en, about_zh,
    about_en, picture; pieces_max, unit_zh, unit_en (1 to 10 hours); off (50 or 10%) and from for
    coupons; parts (thermos:1 parking:2) for bundles; price_points, price_from, price_until for a
    limited time; offered_from, offered_until, tiers, early_tiers, early_from; limit and limit_per
    (day or month) for each member; stock (20, or helu:8 zhiye:5), all that there ever was. A
    picture (PNG, JPEG or WebP, at most 256 KB) lies beside the file.
    """
    beside = options["file"].parent
    _run("rewards", partial(importing.rewards, beside=beside), **options)


@_importing("members")
def members(**options: Any) -> None:
    """Members: number, name, phone, tier, aliases, joined_on.

    An empty number finds the member by phone or makes a new one; an empty cell changes nothing.
    Aliases are the codes of further cards, separated by ';'; '-' takes them all away.
    """
    _run("members", importing.members, **options)


@_importing("rules")
@click.option(
    "--from",
    "begins",
    type=click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%d %H:%M"]),
    help="From this moment of the mall on; without it from now on.",
)
def rules(begins: datetime | None, **options: Any) -> None:
    """The rule book, a TOML file, in force from now on or from a moment to come.

    Says which categories of shops it does not name: they earn by the rate of all others.
    """

    def from_then(connection: Connection, parts: Parts, name: str, data: bytes) -> Tally:
        then = begins.replace(tzinfo=parts.config.tz()) if begins else None
        if then is not None and then.date() < datetime.now(tz=then.tzinfo).date():
            zh = f"{then:%Y-%m-%d} 已过去；过去的小票用 tillpoints rules recalculate 更正"
            en = f"{then:%Y-%m-%d} is over; what is past, tillpoints rules recalculate corrects"
            raise Failure(f"{zh} / {en}")
        effective_ms = round(then.timestamp() * 1000) if then else None
        return importing.rules(connection, parts, name, data, effective_ms=effective_ms)

    _run_and_look("rules", from_then, **options)


@_importing("tills")
@click.option(
    "--codes",
    type=click.Path(path_type=Path),
    help="Write a one-time enrolment code for each device that no machine has become yet here.",
)
def tills(codes: Path | None, **options: Any) -> None:
    """Tills and kiosks: name, role (till or kiosk), shop."""
    if codes is None or options["dry_run"]:
        _run("tills", importing.tills, **options)
        return
    issued: list[Issued] = []

    def with_codes(connection: Connection, parts: Parts, name: str, data: bytes) -> Tally:
        done = importing.tills(connection, parts, name, data)
        issued.extend(issue_all(connection, parts.config.shard_key, now_ms()))
        return done

    try:
        # Codes are secrets: for this user's eyes, and never over a file that is there.
        out = os.open(codes, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Failure(f"--codes: {error}") from error
    with os.fdopen(out, "w", encoding="utf-8-sig", newline="") as file:
        try:
            _run("tills", with_codes, **options)
        except BaseException:
            codes.unlink()
            raise
        lines = csv.writer(file)
        lines.writerow(("name", "role", "shop", "code", "valid_until_utc"))
        for one in issued:
            until = datetime.fromtimestamp(one.valid_until_ms / 1000, tz=UTC)
            lines.writerow((one.name, one.role, one.shop_id, one.code, until.isoformat()))


def _run_and_look(kind: str, importer: Importer, **options: Any) -> None:
    """Import, then say which categories have no rate: a mistyped one earns without an error."""
    unnamed: list[str] = []

    def and_look(connection: Connection, parts: Parts, name: str, data: bytes) -> Tally:
        done = importer(connection, parts, name, data)
        unnamed.extend(importing.without_rate(connection, parts))
        return done

    _run(kind, and_look, **options)
    if unnamed and not options["as_json"]:
        said = ", ".join(unnamed)
        click.echo(f"规则未列出的类别，按 * 计分 / earns by rate '*', not named: {said}")


def _run(
    kind: str,
    importer: Importer,
    *,
    config: Path,
    file: Path,
    dry_run: bool,
    lang: str,
    as_json: bool,
) -> None:
    with central(config) as parts:
        try:
            done = importing.run(parts, importer, str(file), file.read_bytes(), dry_run=dry_run)
        except SheetError as error:
            raise Failure(str(error)) from error
        except NoRuleBook as error:
            raise Failure(
                "请先导入积分规则 / import the rule book first: tillpoints central import rules"
            ) from error
    if as_json:
        facts = {"added": done.added, "changed": done.changed, "unchanged": done.same}
        click.echo(json.dumps({"kind": kind, "file": str(file), **facts, "dry_run": dry_run}))
    elif lang == "zh":
        tail = "（试运行，未写入）" if dry_run else ""
        noun = _NOUNS[kind][0]
        click.echo(f"{noun}：新增 {done.added}，更新 {done.changed}，未变 {done.same}{tail}")
    else:
        tail = " (dry run, nothing kept)" if dry_run else ""
        noun = _NOUNS[kind][1]
        click.echo(f"{noun}: {done.added} new, {done.changed} changed, {done.same} as before{tail}")
