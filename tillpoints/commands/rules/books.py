"""Where the rule books of these commands come from: a file, or what central has in force."""

from pathlib import Path

from sqlalchemy import Connection, desc, select

from central import schema
from central.app import Parts, now_ms
from loyalty.rules.rulebook import RuleBook, RuleBookError, from_canonical, from_toml
from tillpoints.exits import Failure

#: In place of a file: the rule book that central has in force.
NOW = "now"


def from_file(path: Path) -> RuleBook:
    """Return the book of a TOML file. Raises click's Failure with each mistake on a line."""
    try:
        return from_toml(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Failure(f"{path}: 不是 UTF-8 / not UTF-8: {error}") from error
    except RuleBookError as error:
        lines = (f"{path}:{one.line}: {one.said()}" for one in error.problems)
        raise Failure("\n" + "\n".join(lines)) from error


def in_force(connection: Connection, parts: Parts) -> RuleBook:
    """Return the book that counts now. Raises click's Failure before the first one."""
    t = schema.rule_book
    query = select(t.c.canonical).where(
        t.c.shard_key == parts.config.shard_key, t.c.effective_ms <= now_ms()
    )
    query = query.order_by(desc(t.c.effective_ms), t.c.version).limit(1)
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise Failure("总台尚无规则 / central has no rule book yet")
    return from_canonical(found)
