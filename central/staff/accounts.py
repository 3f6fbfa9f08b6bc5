"""The accounts of staff: made by the command line, kept with a slow hash of their password.

scrypt is the standard library's; its costs are those that OWASP's password storage page names
where 32 MiB a try are enough (N=2^15, r=8, p=3). A login
is short, because it stands in every decision its owner makes.
"""

import hashlib
import hmac
import secrets
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, Select, select

from central import schema
from central.records import put
from loyalty.reviewing import is_staff

PASSWORD_MIN = 8
_N, _R, _P = 1 << 15, 8, 3
_MEMORY = 64 << 20
_SALT_BYTES = 16


class AccountError(ValueError):
    """An account cannot be made as asked; the message says why in both languages."""


class Account(Struct, frozen=True):
    """Somebody who may sign in."""

    login: str
    name: str
    role: str


def add(
    connection: Connection, shard_key: int, login: str, name: str, password: str, now_ms: int
) -> None:
    """Make or renew an account of the service desk. Raises AccountError."""
    if not is_staff(login):
        raise AccountError("登录名只用字母、数字和 . _ - / a login has letters, digits and . _ -")
    if len(password) < PASSWORD_MIN:
        least = f"at least {PASSWORD_MIN} characters"
        raise AccountError(f"密码至少 {PASSWORD_MIN} 位 / a password has {least}")
    row = {
        "login": login,
        "name": name or login,
        "role": "desk",
        "password_hash": hashed(password),
        "active": 1,
        "created_ms": now_ms,
    }
    put(connection, schema.staff, shard_key, [row])


def signed_in(connection: Connection, shard_key: int, login: str, password: str) -> Account | None:
    """Return the account that this login and password open; it takes as long for none."""
    row = _row(connection, shard_key, login)
    right = matches(password, row.password_hash if row is not None else _NOBODY)
    return Account(row.login, row.name, row.role) if row is not None and right else None


def active(connection: Connection, shard_key: int, login: str) -> Account | None:
    """Return the account of somebody who signed in earlier, None if it was closed since."""
    row = _row(connection, shard_key, login)
    return None if row is None else Account(row.login, row.name, row.role)


def hashed(password: str) -> str:
    """Return a password's salted hash as it is kept."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"scrypt${_N}${_R}${_P}${salt.hex()}${_scrypt(password, salt, _N, _R, _P).hex()}"


def matches(password: str, kept: str) -> bool:
    """Tell whether a password is the one behind a kept hash."""
    kind, n, r, p, salt, digest = kept.split("$")
    if kind != "scrypt":
        raise ValueError(f"a password is kept as {kind!r}, which nobody here can check")
    given = _scrypt(password, bytes.fromhex(salt), int(n), int(r), int(p))
    return hmac.compare_digest(given, bytes.fromhex(digest))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MEMORY, dklen=32)


#: What a login that does not exist is checked against: nothing opens it.
_NOBODY = f"scrypt${_N}${_R}${_P}${'00' * _SALT_BYTES}${'00' * 32}"


def _row(connection: Connection, shard_key: int, login: str) -> Row[Any] | None:
    t = schema.staff
    query: Select[Any] = select(t).where(
        t.c.shard_key == shard_key, t.c.login == login, t.c.active == 1
    )
    return connection.execute(query).one_or_none()
