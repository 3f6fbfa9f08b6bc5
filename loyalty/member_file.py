"""The member directory as one file: sorted records of fixed size, for a million members on a till.

Owns the layout and how to find one record in it; `member_delta.py` turns one file into the next.
Holds no names but masked ones, no phones and no card numbers: cards stand here by their tags. The
file's name is the SHA-256 of its bytes, which is for whoever keeps it to check.

Layout, big-endian: a header; members by pseudonym; cards by tag, each with its member; points of
cards that nobody has resolved, by tag. A file is read through `read(offset, size)`, so that it may
lie on a disk that fails: then reading raises an OSError and no signal ends the process.
"""

import hashlib
import hmac
from binascii import unhexlify
from bisect import bisect_left
from collections.abc import Callable, Iterator
from struct import Struct as Layout
from struct import unpack_from

import msgspec

#: Reads `size` bytes at an offset; fewer only where the file ends.
Read = Callable[[int, int], bytes]

MAGIC = b"TPMDIR\0\1"
NAME_BYTES_MAX = 12
TIERS_MAX = 256
COUNT_MAX = (1 << 32) - 1
BALANCE_MAX = (1 << 47) - 1
KEY_BYTES = 8
KEY_CHECK_BYTES = 8

# magic, key check, feed position, members, cards, open cards, bytes of tier ids
_HEADER = Layout(">8s8sqIIIH")
#: Pseudonym, balance in 48 bits (high half signed), tier, masked name filled up with zeros.
_MEMBER = Layout(">8shIB12s")
#: Tag, pseudonym of its member.
_CARD = Layout(">8s8s")
#: Tag, balance in 48 bits.
_OPEN_CARD = Layout(">8shI")
SIZES = (_MEMBER.size, _CARD.size, _OPEN_CARD.size)
_MEMBERS, _CARDS, _OPEN_CARDS = range(3)
_KEY_END = 1 << 64
#: So many records are read at once near where a key should be: tags are evenly spread.
_BLOCK_RECORDS = 128
_GUESSES = 4
_RUN_RECORDS = 8192


class MalformedFile(ValueError):
    """Bytes that are no member file of ours; the text says what is wrong."""


class Section(msgspec.Struct, frozen=True):
    """Where records of one kind stand: `count` of them, `size` bytes each, sorted by their key."""

    start: int
    count: int
    size: int

    @property
    def end(self) -> int:
        """The offset behind the last record."""
        return self.start + self.count * self.size


class Header(msgspec.Struct, frozen=True):
    """What a file says of itself.

    It holds what the feed came to at `position`. `key_check` tells under which tenant key its tags
    were made, `counts` how many records of each kind there are. Tier ids are numbered in `tiers`.
    """

    key_check: bytes
    position: int
    tiers: tuple[str, ...]
    counts: tuple[int, int, int]

    def encode(self) -> bytes:
        """Return the header's bytes. Raises ValueError for more than it can say."""
        tiers = b"".join(_short(tier.encode()) for tier in self.tiers)
        if len(self.tiers) > TIERS_MAX:
            raise ValueError(f"{len(self.tiers)} tiers are more than {TIERS_MAX}")
        fixed = (MAGIC, self.key_check, self.position, *self.counts, len(tiers))
        return _HEADER.pack(*fixed) + tiers

    def sections(self) -> tuple[Section, Section, Section]:
        """Return where members, cards and open cards stand."""
        start, sections = len(self.encode()), []
        for count, size in zip(self.counts, SIZES, strict=True):
            sections.append(Section(start, count, size))
            start = sections[-1].end
        return sections[0], sections[1], sections[2]


class Entry(msgspec.Struct, frozen=True):
    """A member as the file has them; the pseudonym is 16 hex digits."""

    member: str
    tier_id: str
    balance: int
    masked_name: str


def key_check(tenant_key: bytes) -> bytes:
    """Return what tells one tenant key from another and nothing about either."""
    digest = hmac.new(tenant_key, b"tillpoints member file 1", hashlib.sha256).digest()
    return digest[:KEY_CHECK_BYTES]


def key_of(text: str | bytes) -> bytes:
    """Return the 8 bytes behind a tag or pseudonym of 16 hex digits. Raises ValueError."""
    key = unhexlify(text)
    if len(key) != KEY_BYTES:
        raise ValueError(f"{text!r} is not 16 hexadecimal digits")
    return key


def member_record(key: bytes, tier: int, balance: int, masked_name: str) -> bytes:
    """Return one member's record. Raises ValueError for a name or balance that does not fit."""
    name = masked_name.encode()
    if len(name) > NAME_BYTES_MAX or b"\0" in name:
        raise ValueError(f"a masked name has at most {NAME_BYTES_MAX} bytes and no NUL")
    return _MEMBER.pack(key, *_halves(balance), tier, name)


def card_record(key: bytes, member: bytes) -> bytes:
    """Return the record of a card that is a member's."""
    return _CARD.pack(key, member)


def open_card_record(key: bytes, balance: int) -> bytes:
    """Return the record of a card nobody has resolved. Raises ValueError as for members."""
    return _OPEN_CARD.pack(key, *_halves(balance))


def read_header(data: bytes) -> Header:
    """Return the header at the start of `data`. Raises MalformedFile."""
    if len(data) < _HEADER.size or not data.startswith(MAGIC):
        raise MalformedFile("this does not begin like a member file")
    _, check, position, members, cards, open_cards, size = _HEADER.unpack_from(data)
    table = data[_HEADER.size : _HEADER.size + size]
    tiers = []
    while table:
        length = table[0]
        if len(table) <= length:
            break
        try:
            tiers.append(table[1 : 1 + length].decode())
        except UnicodeDecodeError as error:
            raise MalformedFile("a tier's id is not UTF-8") from error
        table = table[1 + length :]
    if table or len(data) < _HEADER.size + size or len(tiers) > TIERS_MAX:
        raise MalformedFile("the list of tiers does not end where it should")
    return Header(check, position, tuple(tiers), (members, cards, open_cards))


class MemberFile:
    """Finds members and cards in a file of `size` bytes. Any thread may ask."""

    def __init__(self, read: Read, size: int) -> None:
        """Read the header. Raises MalformedFile, or OSError as `read` does."""
        self.read = read
        self.header = read_header(read(0, _HEADER.size + (1 << 16)))
        self.sections = self.header.sections()
        if self.sections[-1].end != size:
            raise MalformedFile(f"{size} bytes instead of {self.sections[-1].end}")

    @property
    def size(self) -> int:
        """The bytes of the whole file."""
        return self.sections[-1].end

    def member_of(self, tag: str) -> str | None:
        """Return whose card this is; None for one that is nobody's here."""
        record = self._record(_CARDS, tag)
        return None if record is None else _CARD.unpack(record)[1].hex()

    def member(self, member: str) -> Entry | None:
        """Return a member by pseudonym. Raises MalformedFile for a record that cannot be read."""
        record = self._record(_MEMBERS, member)
        if record is None:
            return None
        _, high, low, tier, name = _MEMBER.unpack(record)
        try:
            masked_name = name.rstrip(b"\0").decode()
            tier_id = self.header.tiers[tier]
        except (UnicodeDecodeError, IndexError) as error:
            raise MalformedFile("a member's record cannot be read") from error
        return Entry(member, tier_id, (high << 32) + low, masked_name)

    def open_balance(self, tag: str) -> int | None:
        """Return the points on a card that nobody has resolved; None for one without any."""
        record = self._record(_OPEN_CARDS, tag)
        if record is None:
            return None
        _, high, low = _OPEN_CARD.unpack(record)
        return int((high << 32) + low)

    def find(self, section: Section, wanted: bytes, after: int = 0) -> int:
        """Return the number of the first record, from `after` on, whose key is not below that."""
        key = int.from_bytes(wanted)
        low, high, low_key, high_key, guesses = after, section.count, 0, _KEY_END, 0
        while low < high:
            guess = (low + high) // 2
            if guesses < _GUESSES and low_key <= key < high_key:
                guess = low + (key - low_key) * (high - low) // (high_key - low_key)
            guesses += 1
            first = max(low, min(guess - _BLOCK_RECORDS // 2, high - _BLOCK_RECORDS))
            last = min(first + _BLOCK_RECORDS, high)
            block = self.records(section, first, last)
            first_key, last_key = _number(block), _number(block, len(block) - section.size)
            if key <= first_key:
                high, high_key = first, first_key
            elif key > last_key:
                low, low_key = last, last_key
            else:
                places = range(0, len(block), section.size)
                return first + bisect_left(places, key, key=lambda at: _number(block, at))
        return low

    def records(self, section: Section, first: int, last: int) -> bytes:
        """Return the bytes of some records. Raises MalformedFile if the file ends before."""
        wanted = (last - first) * section.size
        found = self.read(section.start + first * section.size, wanted)
        if len(found) != wanted:
            raise MalformedFile("the file ends before its records do")
        return found

    def runs(self, section: Section, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes of many records, a bounded part at a time."""
        for start in range(first, last, _RUN_RECORDS):
            yield self.records(section, start, min(start + _RUN_RECORDS, last))

    def _record(self, kind: int, key: str) -> bytes | None:
        try:
            wanted = key_of(key)
        except ValueError:
            return None  # nothing under such a key was ever written here
        section = self.sections[kind]
        place = self.find(section, wanted)
        if place == section.count:
            return None
        record = self.records(section, place, place + 1)
        return record if record.startswith(wanted) else None


def _number(block: bytes, at: int = 0) -> int:
    return int(unpack_from(">Q", block, at)[0])


def _halves(balance: int) -> tuple[int, int]:
    if not -BALANCE_MAX <= balance <= BALANCE_MAX:
        raise ValueError(f"a balance of {balance} points does not fit into 48 bits")
    return balance >> 32, balance & 0xFFFFFFFF


def _short(text: bytes) -> bytes:
    if len(text) > 255:
        raise ValueError(f"a tier's id of {len(text)} bytes is longer than 255")
    return bytes([len(text)]) + text
