"""Keeping what a person knows: passwords of staff and PINs of members, as slow salted hashes.

scrypt is the standard library's; its costs are those that OWASP's password storage page names
where 32 MiB a try are enough (N=2^15, r=8, p=3).
"""

import hashlib
import hmac
import secrets

_N, _R, _P = 1 << 15, 8, 3
_MEMORY = 64 << 20
_SALT_BYTES = 16


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


#: What is checked where there is no password, so that it takes as long: nothing opens it.
NOBODY = f"scrypt${_N}${_R}${_P}${'00' * _SALT_BYTES}${'00' * 32}"


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MEMORY, dklen=32)
