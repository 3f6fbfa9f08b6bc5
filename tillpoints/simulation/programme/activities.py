"""Activities in a run: a book that has some, their codes, and each counting once for a member."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs
from sqlalchemy import Connection, select

from central import schema
from central.ledger.activity_commands import IssueCodes
from central.ledger.judging.accounts import Code
from central.ledger.writing.turns import run_turn
from loyalty.activity_codes import ActivityCode, signed_text
from loyalty.chain import sign
from loyalty.events import Body, Claim, Correction, Sale
from loyalty.rules import rulebook
from loyalty.rules.rulebook import RuleBook
from loyalty.wire import RuleBookRow
from tillpoints.simulation.programme import book

_SHARD = 1
_UNTIL = date(2099, 12, 31)
_NUMBERS = 6
_AHEAD = "offline_points = 400\n"
_TOML = """
[[activities]]
id = "in"
kind = "check_in"
name_zh = "打卡"
name_en = "Check-in"
points = 50
every_day = true
[[activities]]
id = "ask"
kind = "survey"
name_zh = "问卷"
name_en = "Survey"
points = 20
budget = 100
[[activities]]
id = "wheel"
kind = "game"
name_zh = "转盘"
name_en = "Wheel"
points = 100
points_max = 500
[[activities]]
id = "cups"
kind = "punch_card"
name_zh = "集章"
name_en = "Stamps"
points = 60
stamps = 3
minimum_fen = 10000
[tender]
points_per_yuan = 100
from_fen = 20000
share_percent_max = 50
"""
#: Those that a member does once, ever.
_ONCE = ("activity/ask", "activity/wheel")


#: The simulated malls' book with activities and points as money beside what it has, and one whose
#: points wait a day. Its vouchers end soon enough for a run to see it. Points are lent ahead.
BOOK, WAITING = (
    structs.replace(
        rulebook.from_toml(more + book.TOML + _TOML),
        voucher_days=1,
        unearning_tenders=("mall_points", "mall_voucher"),
    )
    for more in (_AHEAD, _AHEAD + "pending_days = 1\n")
)


def signed_row(key: Ed25519PrivateKey, book: RuleBook) -> RuleBookRow:
    """Return the book in force from the beginning, as tills take one of its grammar."""
    version = rulebook.version(book)
    signature = sign(key, rulebook.signed_message(version, 0))
    return RuleBookRow(version, rulebook.canonical(book), 0, signature)


def later(bodies: Sequence[Body]) -> Sequence[Body]:
    """Return events as a till writes them under a book whose points wait."""
    awards = (Sale, Claim, Correction)
    return [structs.replace(one, waits=True) if isinstance(one, awards) else one for one in bodies]


def make_codes(connection: Connection, now_ms: int, version: str) -> None:
    """Let central make the codes that people will scan, under a book."""
    for one, count, result in (("in", 0, 0), ("ask", 0, 0), ("wheel", _NUMBERS, 300)):
        issue = IssueCodes(f"batch-{one}", one, version, _UNTIL, "sim", count, result)
        (answer,) = run_turn(connection, _SHARD, [issue], now_ms)
        if isinstance(answer, Exception):
            raise answer


def a_code(rng: random.Random, key: Ed25519PrivateKey) -> str:
    """Return the text of one of the codes."""
    one = rng.choice(("in", "ask", "wheel"))
    number, result = (rng.randint(1, _NUMBERS), 300) if one == "wheel" else (0, 0)
    code = ActivityCode(_SHARD, one, _UNTIL.isoformat(), f"batch-{one}", number, result)
    return signed_text(code, key)


def done_twice(connection: Connection, shard_key: int) -> list[object]:
    """Return who was given an activity's points more often than once, and by how much."""
    t, doing = schema.transfer, schema.activity_doing
    given = select(t.c.credit_id, t.c.subject, t.c.amount).where(t.c.shard_key == shard_key)
    rows = list(connection.execute(given.where(t.c.code == int(Code.ACTIVITY))))
    once = Counter((row.credit_id, row.subject) for row in rows if row.subject in _ONCE)
    found: list[object] = [(key, times) for key, times in once.items() if times > 1]
    daily = sum(row.subject == "activity/in" for row in rows)
    done = select(doing.c.times).where(doing.c.shard_key == shard_key, doing.c.activity_id == "in")
    if daily != sum(connection.execute(done).scalars()):
        found.append(("in", daily))
    spent = sum(row.amount for row in rows if row.subject == "activity/ask")
    return [*found, *([("budget", spent)] if spent > 100 else [])]
