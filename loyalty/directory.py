"""What agents and central say to each other about the member directory's files (SYNC 2.9).

A file is fetched with a signed GET that may ask for a range of its bytes. Its name is the SHA-256
of what is in it, so what has come over any way, in any parts, is checked by the name alone.
"""

from msgspec import Struct

#: Followed by a file's name.
DIRECTORY_PATH = "/api/1/directory/"


class DirectoryHeld(Struct, frozen=True):
    """What a device has of the member directory: the file in use and its place in the feed.

    Members and cards up to `through` come with a file and are not wanted as rows. `key_check` says
    under which tenant key the device makes its tags (`loyalty.member_file.key_check`).
    """

    name: str
    position: int
    through: int
    key_check: bytes


class DirectoryOffer(Struct, frozen=True):
    """A member file to fetch: its SHA-256 in hex is its name, `position` its place in the feed.

    A delta, named by its own SHA-256, is offered to whoever uses the file it starts from.
    """

    name: str
    size: int
    position: int
    delta_name: str = ""
    delta_size: int = 0


class NewKey(Struct, frozen=True):
    """The tenant key of today, signed with the key that a device knows as central's."""

    tenant_key: bytes
    signature: bytes


def key_message(device_id: bytes, tenant_key: bytes) -> bytes:
    """Return what central signs when it hands a device another tenant key."""
    return b"tillpoints tenant key 1\n" + device_id + tenant_key
