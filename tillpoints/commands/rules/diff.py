"""`tillpoints rules diff`: what differs between two rule books, rule by rule."""

import json
from pathlib import Path

import click
import msgspec

from central.database import reading
from loyalty.rules.book_diff import differences
from loyalty.rules.rulebook import RuleBook, version
from tillpoints.central_access import central, config_option, json_option, lang_option
from tillpoints.commands.rules.books import NOW, from_file, in_force


@click.command("diff")
@click.argument("before")
@click.argument("after")
@config_option
@lang_option
@json_option
def command(before: str, after: str, config: Path, lang: str, as_json: bool) -> None:
    """Say what AFTER has changed of BEFORE: TOML files, or `now` for the book in force."""
    old, new = (_book(each, config) for each in (before, after))
    lines = differences(old, new)
    if as_json:
        facts = {"before": version(old), "after": version(new)}
        click.echo(json.dumps({**facts, "lines": msgspec.to_builtins(lines)}, ensure_ascii=False))
        return
    for line in lines:
        click.echo(line.words()[0 if lang == "zh" else 1])
    if not lines:
        click.echo("没有不同" if lang == "zh" else "no difference")


def _book(name: str, config: Path) -> RuleBook:
    if name != NOW:
        return from_file(Path(name))
    with central(config) as parts, reading(parts.engine) as connection:
        return in_force(connection, parts)
