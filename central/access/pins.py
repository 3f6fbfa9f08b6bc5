"""What a member knows: the PIN of their account, and the one-time code that lets them choose it.

Every try is counted before it is looked at, so that many at a time guess no faster than one. The
slow hash is made outside any transaction.
"""

import hashlib
import hmac
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

from msgspec import Struct, structs
from sqlalchemy import Connection, Engine, select

from central import schema
from central.database import reading, writing
from central.passwords import NOBODY, hashed, matches
from central.records import Values, put

PIN_DIGITS = 6
OPENING_SYMBOLS = 8
OPENING_MINUTES = 30
TRIES = 5
WAIT_MINUTES = 15
WAIT_MINUTES_MAX = 24 * 60
_MINUTE_MS = 60_000
_MARK_DIGITS = 16
#: Crockford's base 32: no letter that is misread.
_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})

Outcome = Literal["right", "wrong", "waits", "none"]


class _Kept(Struct, frozen=True):
    pin_hash: str | None = None
    opening_hash: str | None = None
    opening_until_ms: int = 0
    wrong: int = 0
    waits_until_ms: int = 0


class Pins:
    """The PINs of one programme's members. A member is a pseudonym, None for nobody known."""

    def __init__(
        self,
        engine: Engine,
        shard_key: int,
        now_ms: Callable[[], int],
        draw: Callable[[int], int],
    ) -> None:
        """Take the database, the clock (ms UTC) and chance: `draw(n)` is random below n."""
        self._engine = engine
        self._shard_key = shard_key
        self._now_ms = now_ms
        self._draw = draw

    def give_opening_code(self, member: str) -> str:
        """Return a new code by which this member may choose a PIN within OPENING_MINUTES, once."""
        code = "".join(_SYMBOLS[self._draw(len(_SYMBOLS))] for _ in range(OPENING_SYMBOLS))
        self._change(
            member,
            opening_hash=_opening_hash(code),
            opening_until_ms=self._now_ms() + OPENING_MINUTES * _MINUTE_MS,
            wrong=0,
            waits_until_ms=0,
        )
        return code

    def open_with_code(self, member: str | None, code: str, pin: str) -> Outcome:
        """Let the owner of an opening code choose their PIN; the code is used up."""
        kept = self._try(member)
        if member is None or not isinstance(kept, _Kept):
            return "wrong" if isinstance(kept, _Kept) else kept
        given = _opening_hash(code.upper().translate(_MISREAD))
        right = kept.opening_hash is not None and hmac.compare_digest(given, kept.opening_hash)
        if not right or kept.opening_until_ms <= self._now_ms():
            return "wrong"
        self._change(member, pin_hash=hashed(pin), opening_hash=None, wrong=0, waits_until_ms=0)
        return "right"

    def check(self, member: str | None, pin: str) -> Outcome:
        """Tell whether this is the member's PIN; `none` when they never chose one."""
        kept = self._try(member)
        if not isinstance(kept, _Kept):
            return kept
        right = matches(pin, kept.pin_hash or NOBODY)  # it takes as long for nobody
        if member is None:
            return "wrong"
        if not right:
            return "wrong" if kept.pin_hash else "none"
        self._change(member, wrong=0, waits_until_ms=0)
        return "right"

    def change(self, member: str, old: str, new: str) -> Outcome:
        """Give a member who knows the old PIN a new one."""
        outcome = self.check(member, old)
        if outcome == "right":
            self._change(member, pin_hash=hashed(new))
        return outcome

    def mark(self, member: str) -> str:
        """Return what differs for every PIN that a member chose: a session of before is over."""
        t = schema.member_access
        query = select(t.c.pin_hash).where(t.c.shard_key == self._shard_key, t.c.member == member)
        with reading(self._engine) as connection:
            kept = connection.execute(query).scalar_one_or_none()
        return hashlib.sha256(f"tillpoints pin mark 1 {kept}".encode()).hexdigest()[:_MARK_DIGITS]

    def _try(self, member: str | None) -> _Kept | Outcome:
        """Count a try and return what is kept; `waits` after too many."""
        if member is None:
            return _Kept()
        now_ms = self._now_ms()
        with writing(self._engine) as connection:
            kept = self._locked(connection, member)
            if kept is None:
                return _Kept()
            if kept.waits_until_ms > now_ms:
                return "waits"
            wrong = kept.wrong + 1
            row: Values = {
                "member": member,
                "wrong": wrong,
                "waits_until_ms": now_ms + _wait_minutes(wrong) * _MINUTE_MS,
            }
            put(connection, schema.member_access, self._shard_key, [row])
        return kept

    def _change(self, member: str, **changes: object) -> None:
        with writing(self._engine) as connection:
            kept = self._locked(connection, member)
            before: Values = {} if kept else structs.asdict(_Kept())
            row = {"member": member, **before, **changes}
            put(connection, schema.member_access, self._shard_key, [row])

    def _locked(self, connection: Connection, member: str) -> _Kept | None:
        t = schema.member_access
        columns = [t.c[name] for name in _Kept.__struct_fields__]
        query = select(*columns).where(t.c.shard_key == self._shard_key, t.c.member == member)
        row = connection.execute(query.with_for_update()).one_or_none()
        return None if row is None else _Kept(*row)


def why_no_pin(pin: str) -> Literal["digits", "easy"] | None:
    """Return why a text is no PIN to choose: not six digits, or the first that anybody tries."""
    if len(pin) != PIN_DIGITS or not (pin.isascii() and pin.isdigit()):
        return "digits"
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    return "easy" if steps in ({0}, {1}, {9}) or pin[:3] == pin[3:] else None


def _wait_minutes(wrong: int) -> int:
    """Return how long to wait after so many wrong tries in a row: twice as long each time."""
    times, rest = divmod(wrong, TRIES)
    return 0 if rest else min(WAIT_MINUTES << min(times - 1, 16), WAIT_MINUTES_MAX)


def _opening_hash(code: str) -> str:
    return hashlib.sha256(f"tillpoints opening 1 {code}".encode()).hexdigest()
