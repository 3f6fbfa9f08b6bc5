"""What really happened at the counters, whatever any machine remembers of it.

People got slips, vouchers and goods; devices wrote events. Nobody in the product can read this;
the invariants compare the product with it.
"""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from edge_agent.journal.identity import Identity
from edge_agent.journal.journal import Journal
from edge_agent.journal.log import Link, Place
from loyalty.chain import Frame
from loyalty.coupons import Coupon
from loyalty.events import Bill, Holder, LeaseClose, Redeem, Refund, body_of
from tillpoints.simulation.world import Violation, World

Key = tuple[bytes, int, int]
#: More events than a device ever writes between two looks.
_LOOK_AT = 10_000


class Told(Struct, frozen=True):
    """An event of which somebody was told that it is recorded."""

    station: str
    key: Key
    hash: bytes


class Taken(Struct, frozen=True):
    """Points of a lease that a member spent, and the voucher that stands for it."""

    told: Told
    member: str
    points: int
    code: str
    lease_id: str


class Handed(Taken, frozen=True):
    """A voucher for a reward that a member took away."""

    signed: str
    home: bool
    coupon: Coupon | None = None


class Paid(Taken, frozen=True):
    """Points that paid a part of a bill at a shop."""

    shop: str
    bill: Bill


class OnBill(Struct, frozen=True):
    """A coupon that was taken off a bill, whose receipt is `fingerprint`."""

    told: Told
    handed: Handed
    shop: str
    bill: Bill
    fingerprint: str
    number: str
    owed_fen: int


class Granted(Struct, frozen=True):
    """`points` of a lease and the run that may spend it, until `until_ms` of true time at most."""

    chain: tuple[bytes, int]
    session: str
    points: int
    until_ms: int


class OpenSale(Struct, frozen=True):
    """A claim slip somebody carries."""

    claim_hash: str
    fen: int
    fingerprint: str


class Sold(Struct, frozen=True):
    """A receipt somebody has in a pocket."""

    station: str
    shop: str
    number: str
    fen: int
    fingerprint: str
    holder: Holder | None
    owed_fen: int
    told: tuple[Told, ...] = ()


class Facts:
    """Everything that really happened so far."""

    def __init__(self, world: World) -> None:
        self._world = world
        #: Every event any execution wrote, by its identity; several when a chain was forked.
        self.written: dict[Key, dict[bytes, Frame]] = {}
        #: True time of each moment that a device's clocks were read: boot and boot's clock.
        self.true_ms: dict[tuple[str, int], int] = {}
        self.told: list[Told] = []
        #: Told events whose only machine was put back to an older image.
        self.lost: set[bytes] = set()
        self.handed: list[Handed] = []
        self.goods: dict[str, list[bytes]] = {}
        self.paid: list[Paid] = []
        self.on_bills: list[OnBill] = []
        #: What refunds at their own till returned of bills, in fen, by the receipt.
        self.returned_fen: dict[str, int] = defaultdict(int)
        #: Bills that points paid a part of.
        self.part_paid: list[Sold] = []
        #: Where a voucher's receipt was found, by its code.
        self.matched: dict[str, list[Told]] = defaultdict(list)
        #: Vouchers whose points a member was told to have back, and by which events of devices.
        self.given_back: dict[str, list[Told]] = {}
        #: What was answered to each lease request: the lease, empty for a no.
        self.leased: dict[tuple[bytes, str], str] = {}
        self.granted: dict[str, Granted] = {}
        #: Those that central forgot with a lost database and a device may spend all the same.
        self.forgotten: dict[str, Granted] = {}
        #: Leases that a person gave up.
        self.released: set[str] = set()
        #: Leases that some execution of their device has spent or given back.
        self.settled: set[str] = set()
        self.open: list[OpenSale] = []
        self.sold: list[Sold] = []
        self._noted: dict[str, Place] = {}
        self._forgiven: set[str] = set()
        self.taken_away: set[str] = set()
        #: Devices whose disk was ever put back or copied: what it forgot, nobody can give back.
        self.unreliable: set[bytes] = set()

    def note(self, station: str, journal: Journal) -> list[Link]:
        """Take in what a device has written since it was looked at, and return it."""
        after, outbox = self._noted.get(station, Place(0, 0)), journal.outbox()
        if after == Place(outbox.epoch, outbox.head_seq):
            return []
        links, device_id = journal.links(after, _LOOK_AT), _identity(journal).device_id
        for link in links:
            key = (device_id, link.place.epoch, link.place.seq)
            known = self.written.setdefault(key, {})
            body, new = body_of(link.frame), link.hash not in known
            known[link.hash] = link.frame
            self._noted[station] = link.place
            if isinstance(body, Redeem | LeaseClose):
                self.settled.add(body.lease_id)
            if new and isinstance(body, Refund) and body.original is not None:
                self.returned_fen[body.original] += max(-body.receipt.owed_fen, 0)
        return links

    def armed(self, chain: tuple[bytes, int], session: str) -> list[str]:
        """Return the leases that other runs of a chain than `session` may spend now."""
        now_ms = self._world.now_ms
        return [
            lease_id
            for lease_id, one in self.granted.items()
            if one.chain == chain and one.session != session
            if one.until_ms > now_ms and lease_id not in self.settled
        ]

    def was_told(self, station: str, journal: Journal, seqs: list[int]) -> list[Told]:
        """Note that people were told of events just recorded."""
        identity = _identity(journal)
        told = [
            Told(station, (identity.device_id, link.place.epoch, link.place.seq), link.hash)
            for link in self.note(station, journal)
            if link.place.epoch == identity.epoch and link.place.seq in seqs
        ]
        self.told += told
        return told

    def gave_back(self, code: str, points: int, told: int, by: Sequence[Told] = ()) -> None:
        """Note that a member was told to have the points of a voucher back.

        The house gets back what it paid itself: then they are none.
        """
        self._world.hold("C1 a voucher's points come back", told not in (0, points) and code)
        self.given_back.setdefault(code, []).extend(by)

    def survived(self, station: str, journal: Journal) -> None:
        """Check that a journal which was opened again holds all that was told from it (D2)."""
        self._noted.pop(station, None)
        here, device_id = {}, _identity(journal).device_id
        for link in journal.links():
            here[device_id, link.place.epoch, link.place.seq] = link.hash
        missing = [
            told
            for told in self.told
            if told.station == station
            and told.hash not in self.lost
            and here.get(told.key) != told.hash
        ]
        if station in self._forgiven:
            self._forgiven.remove(station)
            self.lost |= {told.hash for told in missing}
            missing = []
        self._world.hold("D2 what was told survives", missing)
        self.note(station, journal)

    def forget_leases(self, known: set[str], refused: set[tuple[bytes, str]]) -> None:
        """Take note that central forgot all but these, with a database that was lost.

        A device that never heard the answer asks again, and gives back what it then gets.
        """
        self.leased = {
            key: one for key, one in self.leased.items() if one in known or key in refused
        }
        self.forgotten |= {key: one for key, one in self.granted.items() if key not in known}
        self.granted = {key: one for key, one in self.granted.items() if key in known}
        # What no event of a device tells was decided at central alone, behind the backup perhaps.
        self.given_back = {
            code: by
            for code, by in self.given_back.items()
            if any(one.hash not in self.lost for one in by)
        }
        if self.given_back:
            self._world.mark("cancelled before a restore")

    def gone(self, station: str) -> None:
        """Take note that a machine was taken away, with all that only its disk held."""
        self.taken_away.add(station)
        self.lost |= {told.hash for told in self.told if told.station == station}

    def forgive(self, station: str, device_id: bytes) -> None:
        """Take note that a machine is about to forget what it wrote after its image was made."""
        self.unreliable.add(device_id)
        self._forgiven.add(station)


def _identity(journal: Journal) -> Identity:
    """Return who an enrolled device is."""
    identity = journal.identity()
    if identity is None:
        raise Violation("D2", "a device forgot its enrolment")
    return identity
