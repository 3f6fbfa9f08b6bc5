"""After a restore: when the spends that lack their leases get them again (central.ledger.remaking).

Not before the tills have told what they had: then each member has the points that the lost database
knew of. And before the next lease is granted: then the same points are not lent twice.
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Connection, select

from central import schema
from central.ledger.books import book_in_force
from central.ledger.remaking import LEASE_UNKNOWN, RemakeLeases, that_wait
from central.ledger.shards import read_shard
from central.sync import census, reward_offers
from central.sync.service import Service
from loyalty.wire import Judged


class LostLeases:
    """Knows whether this server has leases to make again. Most servers were never restored."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._restored_ms: int | None = None
        self._looked = False
        self._due = False

    def heard(self, judged: Iterable[Judged]) -> None:
        """Take note of what a push brought."""
        if self._restored_ms is not None and any(one.reason == LEASE_UNKNOWN for one in judged):
            self._due = True

    def settle(self) -> None:
        """Make the leases again that spends wait for, once that is safe."""
        service, key = self._service, self._service.shard_key
        if not self._looked:
            self._restored_ms = service.read(lambda one: census.when_restored(one, key))
            self._looked, self._due = True, self._restored_ms is not None
        if not self._due or self._restored_ms is None:
            return
        now_ms = service.now_ms()
        early = service.read(
            lambda one: (
                census.leases_wait(one, key, now_ms, reward_offers.LEASE_TTL_S)
                and census.awaited(one, key)
            )
        )
        if early:
            return
        self._due = False  # before looking: what another thread hears meanwhile is not forgotten
        waiting = service.read(lambda one: that_wait(one, key))
        if not waiting:
            return
        until_ms = self._restored_ms + reward_offers.LEASE_TTL_S * 1000
        homes, valid_until = service.read(lambda one: _terms(one, key, now_ms))
        tills = service.read(lambda one: _tills(one, key))
        if service.run(RemakeLeases(waiting, until_ms, homes, tills, valid_until)):
            self._due = True  # there may be more than one turn takes


def _tills(connection: Connection, shard_key: int) -> frozenset[str]:
    """Return every device that is a till, in hex: what it was lent ahead counts there alone."""
    t = schema.device
    query = select(t.c.device_id).where(t.c.shard_key == shard_key, t.c.role == "till")
    return frozenset(device_id.hex() for device_id in connection.execute(query).scalars())


def _terms(connection: Connection, shard_key: int, now_ms: int) -> tuple[dict[str, str], str]:
    """Return the home tills of rewards, and until when (an ISO date) a voucher of today counts."""
    t = schema.reward
    query = select(t.c.reward_id, t.c.home_shop).where(t.c.shard_key == shard_key)
    rows = connection.execute(query.where(t.c.home_shop.is_not(None))).all()
    found = {id_: reward_offers.home_device(connection, shard_key, shop) for id_, shop in rows}
    book = book_in_force(connection, shard_key, now_ms)
    days = timedelta(days=book.voucher_days if book is not None else 0)
    today = reward_offers.local(now_ms, read_shard(connection, shard_key).zone).date()
    homes = {reward_id: home for reward_id, home in found.items() if home is not None}
    return homes, (today + days).isoformat()
