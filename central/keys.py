"""The secrets of one central server, in a file that only its user can read.

Owns the keys file: the Ed25519 key that signs vouchers and answers, the tenant key under which
card numbers are hashed on tills, and the secret of the desk's sessions. None of them is ever
shown, logged or kept in the database. Losing the tenant key means new card tags for every member,
so the file belongs into the backup.
"""

import os
import secrets
import stat
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_NAMES = ("central_key", "tenant_key", "desk_secret")
_KEY_BYTES = 32
#: What is said of a keys file of another central, behind its path.
OTHERS = "does not hold the keys by which the tills know this database: put its own copy there"


class KeysError(ValueError):
    """The keys file is missing, readable by others or not what `init` wrote."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets; their values stay out of every `repr`."""

    central_key: Ed25519PrivateKey = field(repr=False)
    tenant_key: bytes = field(repr=False)
    desk_secret: bytes = field(repr=False)

    @property
    def central_public(self) -> bytes:
        """The 32 bytes by which anyone can check what central has signed."""
        return self.central_key.public_key().public_bytes_raw()


def create(path: Path) -> bool:
    """Write new keys to `path`, mode 0600; tell whether that was needed.

    A file that exists is never written over: its keys are printed on cards and slips.
    """
    lines = ["# Keys of tillpoints central. Keep a copy offline; show it to nobody."]
    lines += [f'{name} = "{secrets.token_hex(_KEY_BYTES)}"' for name in _NAMES]
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return True


def load(path: Path) -> Keys:
    """Return the keys in `path`. Raises KeysError naming the file and what is wrong with it."""
    try:
        mode = path.stat().st_mode
        given = tomllib.loads(path.read_text(encoding="ascii"))
    except FileNotFoundError as error:
        raise KeysError(f"{path}: no keys yet; run `tillpoints central init`") from error
    except (OSError, ValueError) as error:
        raise KeysError(f"{path}: cannot be read") from error
    if stat.S_IMODE(mode) & 0o077:
        raise KeysError(f"{path}: others can read it; run `chmod 600` on it")
    central, tenant, desk = (_key(path, given, name) for name in _NAMES)
    return Keys(Ed25519PrivateKey.from_private_bytes(central), tenant, desk)


def _key(path: Path, given: dict[str, object], name: str) -> bytes:
    try:
        key = bytes.fromhex(str(given[name]))
    except (KeyError, ValueError) as error:
        raise KeysError(f"{path}: {name} is missing or is not hexadecimal") from error
    if len(key) != _KEY_BYTES:
        raise KeysError(f"{path}: {name} has {len(key)} bytes instead of {_KEY_BYTES}")
    return key
