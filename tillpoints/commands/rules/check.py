"""`tillpoints rules check`: every mistake of a rule book, with its line and its rule."""

import json
from pathlib import Path

import click
from sqlalchemy import select

from central import schema
from central.app import Parts
from central.database import reading
from loyalty.rules.rulebook import Problem, RuleBook, strange, version
from tillpoints.central_access import DEFAULT_CONFIG, central, json_option, lang_option
from tillpoints.commands.rules.books import from_file


@click.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="TILLPOINTS_CENTRAL_CONFIG",
    help=f"The server's central.toml ({DEFAULT_CONFIG}): also look for its shops.",
)
@lang_option
@json_option
def command(file: Path, config: Path | None, lang: str, as_json: bool) -> None:
    """Say every mistake of FILE, or its version and what it holds.

    With --config it also says which shops and categories the book names that the mall lacks.
    """
    book = from_file(file)
    unknown: list[Problem] = []
    if config is not None:
        with central(config) as parts:
            unknown = _unknown(file, book, parts)
    facts = {
        "version": version(book),
        "grammar": book.grammar,
        "rates": len(book.rates),
        "tiers": len(book.tiers),
        "products": len(book.products),
        "campaigns": len(book.campaigns),
        "activities": len(book.activities),
        "unknown": [str(one) for one in unknown],
    }
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    held = (len(book.rates), len(book.tiers), len(book.products), len(book.campaigns))
    if lang == "zh":
        click.echo(f"规则无误，版本 {version(book)[:12]}，语法 {book.grammar}")
        words = "计分 {} 条，等级 {} 个，商品组 {} 个，活动 {} 个，互动 {} 个"
    else:
        click.echo(f"no mistakes; version {version(book)[:12]}, grammar {book.grammar}")
        words = "{} rates, {} tiers, {} groups of goods, {} campaigns, {} activities"
    click.echo(words.format(*held, len(book.activities)))
    for one in unknown:
        click.echo(f"{file}:{one.line}: {one.said()}")


def _unknown(file: Path, book: RuleBook, parts: Parts) -> list[Problem]:
    t = schema.shop
    query = select(t.c.shop_id, t.c.category).where(t.c.shard_key == parts.config.shard_key)
    with reading(parts.engine) as connection:
        shops = connection.execute(query).all()
    text = file.read_text(encoding="utf-8-sig")
    ids, categories = {row.shop_id for row in shops}, {row.category for row in shops}
    return list(strange(text, book, ids, categories))
