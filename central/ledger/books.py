"""Which rule book is in force at a moment: the one place that decides it."""

from sqlalchemy import Connection, bindparam, select

from central.ledger.writing.statements import Statement
from central.schema import rule_book
from loyalty.rules.rulebook import RuleBook, from_canonical

#: The book in force in shard `key` at `now_ms`. Of two that begin in the same millisecond one and
#: the same counts everywhere.
IN_FORCE = (
    select(rule_book.c.canonical)
    .where(
        rule_book.c.shard_key == bindparam("key"),
        rule_book.c.effective_ms <= bindparam("now_ms"),
    )
    .order_by(rule_book.c.effective_ms.desc(), rule_book.c.version)
    .limit(1)
)
_BOOK = Statement(IN_FORCE)


def book_in_force(connection: Connection, shard_key: int, now_ms: int) -> RuleBook | None:
    """Return the rule book that counts at a moment (ms UTC); None before the first."""
    row = _BOOK.row(connection, key=shard_key, now_ms=now_ms)
    return from_canonical(row.canonical) if row is not None else None
