"""Bringing a mall's files in: each file whole or not at all, in one transaction.

Owns the order of things: read the file, keep the records, tell the ledger and the tills. The rooms
own what a file means; a dry run does everything and then takes it back.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import structs
from sqlalchemy import Connection, select

from central import schema
from central.app import Parts, now_ms
from central.database import writing
from central.fleet.records import EnrolledAlready, HasPast, register
from central.fleet.sheet import read_tills
from central.keys import KeysError
from central.ledger import directory
from central.ledger.activity_commands import SignedUp
from central.ledger.books import book_in_force
from central.ledger.directory import Change
from central.ledger.shards import tenant_number
from central.ledger.waiting import rejudge_ready
from central.ledger.writing.items import Command
from central.ledger.writing.turns import run_turn
from central.members.cards import Cards
from central.members.records import Conflict, Registry
from central.members.sheet import read_members
from central.records import Tally, chunks, put, tally
from central.rewards import pictures, records
from central.rewards.sheet import Reward, read_rewards
from central.sheets import Problem, SheetError
from central.stores.sheet import read_shops
from loyalty.chain import sign
from loyalty.rules import rulebook
from loyalty.rules.rulebook import RuleBookError
from loyalty.wire import RuleBookRow, ShopRow


class NoRuleBook(ValueError):
    """Members have tiers, and tiers stand in the rule book, which is not there yet."""


Importer = Callable[[Connection, Parts, str, bytes], Tally]


def run(parts: Parts, importer: Importer, name: str, data: bytes, *, dry_run: bool) -> Tally:
    """Import the file called `name` whole, or not at all. Raises SheetError and NoRuleBook."""
    with writing(parts.engine) as connection:
        done = importer(connection, parts, name, data)
        if dry_run:
            connection.rollback()
    return done


def shops(connection: Connection, parts: Parts, name: str, data: bytes) -> Tally:
    """Keep the shops of a file and tell the tills about them."""
    rows = [structs.asdict(shop) for shop in read_shops(name, data)]
    changes = put(connection, schema.shop, parts.config.shard_key, rows)
    news = [directory.of_shop(ShopRow(**row)) for row in changes.news]
    return _announced(connection, parts, news, tally(changes))


def without_rate(connection: Connection, parts: Parts) -> list[str]:
    """Return the shops' categories that the rules in force do not name: they earn by rate "*"."""
    book = book_in_force(connection, parts.config.shard_key, now_ms())
    if book is None:
        return []
    named = {rate.category for rate in book.rates}
    t = schema.shop
    query = select(t.c.category).where(t.c.shard_key == parts.config.shard_key).distinct()
    return sorted(set(connection.execute(query).scalars()) - named)


def rewards(
    connection: Connection, parts: Parts, name: str, data: bytes, *, beside: Path | None = None
) -> Tally:
    """Keep the rewards of a file and tell the tills about them.

    Pictures that the file names lie in the folder `beside` it, or are kept already.
    """
    book = book_in_force(connection, parts.config.shard_key, now_ms())
    tiers = frozenset(tier.id for tier in book.tiers) if book is not None else frozenset()
    given = read_rewards(
        name,
        data,
        shop_ids(connection, parts),
        tiers,
        records.simple_ids(connection, parts.config.shard_key),
    )
    given = _pictured(name, given, parts.config.pictures_folder, beside)
    changes, news = records.save(connection, parts.config.shard_key, given, now_ms())
    return _announced(connection, parts, news, tally(changes))


def _pictured(name: str, given: Sequence[Reward], kept: Path, beside: Path | None) -> list[Reward]:
    """Return rewards whose pictures are kept. Raises SheetError for one that cannot be."""
    done, problems = [], []
    for reward in given:
        picture = reward.details.picture
        if picture and pictures.path(kept, picture) is None:
            try:
                found = beside / picture if beside is not None else Path(picture)
                stored = pictures.store(kept, found.read_bytes())
            except (OSError, pictures.NoPicture) as error:
                zh = error.zh if isinstance(error, pictures.NoPicture) else "读不到图片文件"
                problems.append(Problem(1, "picture", f"{picture}：{zh}", f"{picture}: {error}"))
                continue
            details = structs.replace(reward.details, picture=stored)
            reward = structs.replace(reward, details=details)  # noqa: PLW2901
        done.append(reward)
    if problems:
        raise SheetError(name, problems)
    return done


def tills(connection: Connection, parts: Parts, name: str, data: bytes) -> Tally:
    """Expect the devices of a file. A device that is enrolled keeps its role and shop."""
    given = read_tills(name, data, shop_ids(connection, parts))
    try:
        return register(connection, parts.config.shard_key, given)
    except EnrolledAlready as error:
        zh, en = f"“{error.name}”已注册，不能改", f"{error.name!r} is enrolled and stays as it is"
        raise SheetError(name, [Problem(1, "name", zh, en)]) from error
    except HasPast as error:
        zh = f"“{error.name}”有原店铺的流水，不能改属别的店铺；请以新名称登记一台终端"
        en = f"{error.name!r} has events of the shop it has; register a new device"
        raise SheetError(name, [Problem(1, "shop", zh, en)]) from error


def rules(
    connection: Connection,
    parts: Parts,
    name: str,
    data: bytes,
    *,
    effective_ms: int | None = None,
) -> Tally:
    """Put a rule book in force from a moment on, else now; the one in force changes nothing.

    A book has one moment from which it counts, so the one in force cannot be put off: until then
    the mall would have another, or none.
    """
    try:
        book = rulebook.from_toml(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SheetError(name, [Problem(1, "", "不是 UTF-8", str(error))]) from error
    except RuleBookError as error:
        found = [Problem(one.line, one.rule, one.zh, one.en) for one in error.problems]
        raise SheetError(name, found) from error
    current = book_in_force(connection, parts.config.shard_key, now_ms())
    moment_ms = now_ms()
    begins_ms = max(effective_ms or moment_ms, moment_ms)
    if current == book and begins_ms == moment_ms:
        return Tally(0, 0, 1)
    if current == book:
        zh = "这本规则正在使用，不能推迟；以后要换回来，改一下 name 再导入"
        en = "this book is in force and cannot be put off; to return to it later, change its name"
        raise SheetError(name, [Problem(1, "name", zh, en)])
    version = rulebook.version(book)
    signature = sign(parts.keys.central_key, rulebook.signed_message(version, begins_ms))
    row = RuleBookRow(version, rulebook.canonical(book), begins_ms, signature)
    values = {one: value for one, value in structs.asdict(row).items() if one != "signature"}
    changes = put(connection, schema.rule_book, parts.config.shard_key, [values])
    done = _announced(connection, parts, [directory.of_rule_book(row)], tally(changes))
    # Sales made under this book may have reached us before it did.
    rejudge_ready(connection, parts.config.shard_key, moment_ms)
    return done


def members(connection: Connection, parts: Parts, name: str, data: bytes) -> Tally:
    """Keep the members of a file and tell the ledger, and through it the tills, about them.

    Raises NoRuleBook: a member's tier is one of the rule book in force.
    """
    book = book_in_force(connection, parts.config.shard_key, now_ms())
    if book is None:
        raise NoRuleBook
    moment_ms = now_ms()
    registry = Registry(
        connection,
        parts.config.shard_key,
        cards_of(connection, parts),
        book.tiers[0].id,
        datetime.fromtimestamp(moment_ms / 1000, tz=UTC).astimezone(parts.config.tz()).date(),
    )
    try:
        saved = registry.save(read_members(name, data, book))
    except Conflict as error:
        raise SheetError(name, error.problems) from error
    commands: list[Command] = [*saved.commands, *saved.facts]
    if any(one.kind == "sign_up" for one in book.activities):
        commands += [SignedUp(member, rulebook.version(book)) for member in saved.joined]
    for part in chunks(commands):
        for answer in run_turn(connection, parts.config.shard_key, part, moment_ms):
            if isinstance(answer, Exception):
                raise answer
    return saved.tally


def cards_of(connection: Connection, parts: Parts) -> Cards:
    """Return the members' cards. Raises KeysError if another tenant key was made meanwhile."""
    shard_key, keys = parts.config.shard_key, parts.keys
    if tenant_number(connection, shard_key) != keys.tenant_number:
        raise KeysError("another tenant key was made meanwhile: run this again")
    return Cards(connection, shard_key, keys.tenant_keys, keys.tenant_number)


def _announced(
    connection: Connection, parts: Parts, news: Sequence[Change], result: Tally
) -> Tally:
    if news:
        directory.announce(connection, parts.config.shard_key, news)
    return result


def shop_ids(connection: Connection, parts: Parts) -> frozenset[str]:
    """Return the ids of every shop of the mall."""
    t = schema.shop
    found = connection.execute(select(t.c.shop_id).where(t.c.shard_key == parts.config.shard_key))
    return frozenset(found.scalars())
