"""The secrets of one central server, in a file that only its user can read.

Owns the keys file: the Ed25519 key that signs vouchers and answers, the tenant keys under which
card numbers are hashed on tills, and the secret of the desk's sessions. None of them is ever
shown, logged or kept in the database. Losing the tenant key means new card tags for every member,
so the file belongs into the backup.

A tenant key that was replaced stays in the file: points may lie on a card that is known under it
alone. Which of them counts now the database says, so that it changes together with every tag.
"""

import os
import secrets
import stat
import tomllib
from dataclasses import dataclass, field, replace
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
    tenant_keys: tuple[bytes, ...] = field(repr=False)
    desk_secret: bytes = field(repr=False)
    tenant_number: int = 0

    @property
    def central_public(self) -> bytes:
        """The 32 bytes by which anyone can check what central has signed."""
        return self.central_key.public_key().public_bytes_raw()

    @property
    def tenant_key(self) -> bytes:
        """The key under which tills make the tags of cards."""
        return self.tenant_keys[self.tenant_number]

    def at(self, tenant_number: int) -> "Keys":
        """Return the same with the tenant key of a number. Raises KeysError if it is lacking."""
        if tenant_number >= len(self.tenant_keys):
            raise KeysError(f"lacks tenant_key_{tenant_number}, which this database uses")
        return replace(self, tenant_number=tenant_number)


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


def add_tenant_key(path: Path) -> Keys:
    """Write one more tenant key to the keys file, whole or not at all; return all keys.

    Raises KeysError, and OSError if the disk does not take it.
    """
    number = len(load(path).tenant_keys)
    path = path.resolve()  # what a link names is written, not the link
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        owner = path.stat()  # the server's user, whoever runs this
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
        before = path.read_text(encoding="ascii").rstrip("\n")
        file.write(f'{before}\ntenant_key_{number} = "{secrets.token_hex(_KEY_BYTES)}"\n')
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return load(path)


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
    tenants = [tenant]
    while (name := f"tenant_key_{len(tenants)}") in given:
        tenants.append(_key(path, given, name))
    return Keys(Ed25519PrivateKey.from_private_bytes(central), tuple(tenants), desk)


def _key(path: Path, given: dict[str, object], name: str) -> bytes:
    try:
        key = bytes.fromhex(str(given[name]))
    except (KeyError, ValueError) as error:
        raise KeysError(f"{path}: {name} is missing or is not hexadecimal") from error
    if len(key) != _KEY_BYTES:
        raise KeysError(f"{path}: {name} has {len(key)} bytes instead of {_KEY_BYTES}")
    return key
