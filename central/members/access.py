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
from sqlalchemy import Connection, select

from central import schema
from central.database import writing
from central.passwords import NOBODY, hashed, matches
from central.records import Values, put
from central.sync.service import Service

PIN_DIGITS = 6
OPENING_SYMBOLS = 8
OPENING_MINUTES = 30
TRIES = 5
WAIT_MINUTES = 15
_MINUTE_MS = 60_000
#: Crockford's base 32: no letter that is misread.
_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})

Outcome = Literal["right", "wrong", "waits", "none"]


class _Access(Struct, frozen=True):
    pin_hash: str | None = None
    opening_hash: str | None = None
    opening_until_ms: int = 0
    wrong: int = 0
    waits_until_ms: int = 0


def give_opening_code(service: Service, member: str) -> str:
    """Return a new code by which this member may choose a PIN within OPENING_MINUTES, once."""
    code = _drawn(service.draw)
    until_ms = service.now_ms() + OPENING_MINUTES * _MINUTE_MS
    _change(
        service,
        member,
        opening_hash=_opening_hash(code),
        opening_until_ms=until_ms,
        wrong=0,
        waits_until_ms=0,
    )
    return code


def open_with_code(service: Service, member: str | None, code: str, pin: str) -> Outcome:
    """Let the owner of an opening code choose their PIN; the code is used up."""
    kept = _try(service, member)
    if not isinstance(kept, _Access):
        return kept
    assert member is not None
    given = _opening_hash(code.upper().translate(_MISREAD))
    right = kept.opening_hash is not None and hmac.compare_digest(given, kept.opening_hash)
    if not right or kept.opening_until_ms <= service.now_ms():
        return "wrong"
    _change(service, member, pin_hash=hashed(pin), opening_hash=None, wrong=0, waits_until_ms=0)
    return "right"


def check_pin(service: Service, member: str | None, pin: str) -> Outcome:
    """Tell whether this is the member's PIN; `none` when they never chose one."""
    kept = _try(service, member)
    if not isinstance(kept, _Access):
        return kept
    assert member is not None
    if not matches(pin, kept.pin_hash or NOBODY):
        return "wrong" if kept.pin_hash else "none"
    _change(service, member, wrong=0, waits_until_ms=0)
    return "right"


def change_pin(service: Service, member: str, old: str, new: str) -> Outcome:
    """Give a member who knows the old PIN a new one."""
    outcome = check_pin(service, member, old)
    if outcome == "right":
        _change(service, member, pin_hash=hashed(new))
    return outcome


def why_no_pin(pin: str) -> Literal["digits", "easy"] | None:
    """Return why a text is no PIN to choose: not six digits, or the first that anybody tries."""
    if len(pin) != PIN_DIGITS or not (pin.isascii() and pin.isdigit()):
        return "digits"
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    return "easy" if steps in ({0}, {1}, {9}) or pin[:3] == pin[3:] else None


def _try(service: Service, member: str | None) -> _Access | Outcome:
    """Count a try and return what is kept; `waits` after too many, `wrong` for nobody."""
    if member is None:
        matches("", NOBODY)  # it takes as long as somebody's
        return "wrong"
    now_ms = service.now_ms()
    with writing(service.engine) as connection:
        kept = _locked(connection, service.shard_key, member)
        if kept is None:
            return _Access()
        if kept.waits_until_ms > now_ms:
            return "waits"
        enough = kept.wrong + 1 >= TRIES
        changes = {
            "wrong": 0 if enough else kept.wrong + 1,
            "waits_until_ms": now_ms + WAIT_MINUTES * _MINUTE_MS if enough else 0,
        }
        put(connection, schema.member_access, service.shard_key, [{"member": member, **changes}])
    return kept


def _change(service: Service, member: str, **changes: object) -> None:
    with writing(service.engine) as connection:
        kept = _locked(connection, service.shard_key, member)
        before: Values = {} if kept else structs.asdict(_Access())
        row = {"member": member, **before, **changes}
        put(connection, schema.member_access, service.shard_key, [row])


def _locked(connection: Connection, shard_key: int, member: str) -> _Access | None:
    t = schema.member_access
    columns = [t.c[name] for name in _Access.__struct_fields__]
    query = select(*columns).where(t.c.shard_key == shard_key, t.c.member == member)
    row = connection.execute(query.with_for_update()).one_or_none()
    return None if row is None else _Access(*row)


def _drawn(draw: Callable[[int], int]) -> str:
    return "".join(_SYMBOLS[draw(len(_SYMBOLS))] for _ in range(OPENING_SYMBOLS))


def _opening_hash(code: str) -> str:
    return hashlib.sha256(f"tillpoints opening 1 {code}".encode()).hexdigest()
