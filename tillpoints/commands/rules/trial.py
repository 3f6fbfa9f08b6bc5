"""`tillpoints rules try`: what a rule book would have done to receipts that were awarded."""

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import msgspec

from central.database import reading
from central.ledger.past import begun, receipts
from loyalty.rules.earning import Reason
from loyalty.rules.trying import Change, Sum, Trial, tried
from loyalty.wording import Language, say
from tillpoints.central_access import central, config_option, json_option, lang_option
from tillpoints.commands.rules.books import from_file

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command("try")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--from", "first", type=_DAY, help="The first day; else of the last whole month.")
@click.option("--to", "last", type=_DAY, help="The last day, included.")
@config_option
@lang_option
@json_option
def command(
    file: Path,
    first: datetime | None,
    last: datetime | None,
    config: Path,
    lang: Language,
    as_json: bool,
) -> None:
    """Say what FILE would have given for the receipts that came in last month, or in those days.

    Nothing is changed. Goods are known as the book of the time named them: central never has a
    receipt's lines, so groups of goods that are new in FILE find nothing here.
    """
    book = from_file(file)
    with central(config) as parts:
        zone = parts.config.tz()
        days = days_of(first, last, datetime.now(tz=zone).date())
        with reading(parts.engine) as connection:
            from_ms, to_ms = (start_ms(day, zone) for day in (days[0], days[1] + timedelta(days=1)))
            shard_key = parts.config.shard_key
            past = receipts(connection, shard_key, from_ms, to_ms)
            trial = tried(book, past, begun(connection, shard_key, from_ms))
    if as_json:
        facts = {"from": days[0].isoformat(), "to": days[1].isoformat()}
        click.echo(json.dumps(facts | msgspec.to_builtins(trial), ensure_ascii=False))
        return
    click.echo("\n".join(_told(trial, days, lang)))


def days_of(first: datetime | None, last: datetime | None, today: date) -> tuple[date, date]:
    """Return the days asked for; without any, those of the month before this one."""
    end_of_last = today.replace(day=1) - timedelta(days=1)
    until = last.date() if last else (today if first else end_of_last)
    since = first.date() if first else until.replace(day=1)
    if until < since:
        raise click.BadParameter("--to is before --from")
    return since, until


def start_ms(day: date, zone: ZoneInfo) -> int:
    """Return the first ms since 1970 UTC of a day of the mall."""
    return round(datetime.combine(day, time(), tzinfo=zone).timestamp() * 1000)


def _told(trial: Trial, days: tuple[date, date], lang: Language) -> Iterator[str]:
    zh = lang == "zh"
    whole = trial.whole
    head = "{} 至 {}：{} 张小票" if zh else "{} to {}: {} receipts"
    yield head.format(days[0], days[1], whole.receipts)
    yield f"{'原积分' if zh else 'given':<10}{whole.given:>12}"
    yield f"{'新积分' if zh else 'would be':<10}{whole.points:>12}   {_percent(whole)}"
    for name, part, members in (
        ("变多" if zh else "more", trial.more, trial.members_more),
        ("变少" if zh else "less", trial.less, trial.members_less),
    ):
        words = "{}：{} 张小票 {:+} 分，{} 位会员" if zh else "{}: {} receipts {:+} pt, {} members"
        yield words.format(name, part.receipts, part.points - part.given, members)
    yield "按门店" if zh else "by shop"
    for name, part in sorted(trial.shops.items()):
        yield f"  {name:<16}{part.receipts:>8}{part.given:>12} → {part.points:<12}"
    for one in trial.campaigns:
        words = "活动 {}：{} 张小票" if zh else "campaign {}: receipts {}"
        yield words.format(one.zh if zh else one.en, one.receipts)
    if trial.largest:
        yield "变化最大的小票" if zh else "the receipts that differ most"
        for change in trial.largest:
            yield f"  {_change(change, lang)}"


def _change(change: Change, lang: Language) -> str:
    past = change.past
    why = "；".join(say(Reason(code, values), lang) for code, values in change.reasons[1:])
    place = f"{past.when.last:%Y-%m-%d %H:%M} {past.basket.shop_id} {past.number or '-'}"
    return f"{place}: {past.given} → {change.points}  ({why})"


def _percent(whole: Sum) -> str:
    return f"{(whole.points - whole.given) / whole.given:+.1%}" if whole.given else ""
