"""`tillpoints rules check`: every mistake of a rule book, with its line and its rule."""

import json
from pathlib import Path

import click
from sqlalchemy import select

from central import schema
from central.app import Parts
from central.database import reading
from loyalty.rules.rulebook import RuleBook, version
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
    unknown: list[str] = []
    if config is not None:
        with central(config) as parts:
            unknown = _unknown(book, parts)
    facts = {
        "version": version(book),
        "grammar": book.grammar,
        "rates": len(book.rates),
        "tiers": len(book.tiers),
        "products": len(book.products),
        "campaigns": len(book.campaigns),
        "activities": len(book.activities),
        "unknown": unknown,
    }
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    held = (len(book.rates), len(book.tiers), len(book.products), len(book.campaigns))
    if lang == "zh":
        click.echo(f"规则无误，版本 {version(book)[:12]}，语法 {book.grammar}")
        words = "计分 {} 条，等级 {} 个，商品组 {} 个，活动 {} 个，互动 {} 个"
        missing = "商场没有这些门店或类别：{}"
    else:
        click.echo(f"no mistakes; version {version(book)[:12]}, grammar {book.grammar}")
        words = "{} rates, {} tiers, {} groups of goods, {} campaigns, {} activities"
        missing = "the mall has no such shops or categories: {}"
    click.echo(words.format(*held, len(book.activities)))
    if unknown:
        click.echo(missing.format(", ".join(unknown)))


def _unknown(book: RuleBook, parts: Parts) -> list[str]:
    t = schema.shop
    query = select(t.c.shop_id, t.c.category).where(t.c.shard_key == parts.config.shard_key)
    with reading(parts.engine) as connection:
        shops = connection.execute(query).all()
    ids, categories = {row.shop_id for row in shops}, {row.category for row in shops}
    named_shops = {shop for rate in book.rates for shop in rate.shops}
    named_shops |= {shop for one in book.campaigns for shop in one.shops}
    named = {rate.category for rate in book.rates} - {"*"}
    named |= {category for one in book.campaigns for category in one.categories}
    return sorted(named_shops - ids) + sorted(named - categories)
