"""The accounts of staff: made by the command line, kept with a slow hash of their password.

A login is short, because it stands in every decision its owner makes.
"""

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, Select, select

from central import schema
from central.passwords import NOBODY, hashed, matches
from central.records import put
from loyalty.reviewing import is_staff

PASSWORD_MIN = 8


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
    right = matches(password, row.password_hash if row is not None else NOBODY)
    return Account(row.login, row.name, row.role) if row is not None and right else None


def active(connection: Connection, shard_key: int, login: str) -> Account | None:
    """Return the account of somebody who signed in earlier, None if it was closed since."""
    row = _row(connection, shard_key, login)
    return None if row is None else Account(row.login, row.name, row.role)


def _row(connection: Connection, shard_key: int, login: str) -> Row[Any] | None:
    t = schema.staff
    query: Select[Any] = select(t).where(
        t.c.shard_key == shard_key, t.c.login == login, t.c.active == 1
    )
    return connection.execute(query).one_or_none()
