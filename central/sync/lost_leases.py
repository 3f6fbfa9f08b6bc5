"""After a restore: when the spends that lack their leases get them again (central.ledger.remaking).

Before the next lease is granted: then the same points are not lent twice. A spend whose member has
no points for it is the house's loss, but not before everything is told that may bring them: by the
tills, by members and cards that are imported again, by a sale that waits for a lost rule book.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import cast

from sqlalchemy import Connection, select

from central import schema
from central.ledger.books import book_in_force
from central.ledger.judging.references import BOOK_UNKNOWN
from central.ledger.remaking import LEASE_UNKNOWN, RemakeLeases, that_wait
from central.ledger.shards import read_shard
from central.ledger.waiting import PARKED_MS
from central.sync import census, reward_offers
from central.sync.service import Service
from loyalty.wire import Judged, Verdict

#: How many events are looked at in one turn.
_AT_ONCE = 200
#: How long what is left then waits until it is looked at again.
_AGAIN_MS = 60_000


class LostLeases:
    """Knows whether this server has leases to make again. Most servers were never restored."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._restored_ms: int | None = None
        self._looked = False
        self._due_ms: int | None = None  # None: nothing waits that is known of

    def heard(self, judged: Iterable[Judged]) -> None:
        """Take note of what a push brought."""
        if self._restored_ms is not None and any(one.reason == LEASE_UNKNOWN for one in judged):
            self._due_ms = 0

    def settle(self) -> None:
        """Make the leases again that spends wait for, as far as that is safe by now."""
        service, key = self._service, self._service.shard_key
        if not self._looked:
            self._restored_ms = service.read(lambda one: census.when_restored(one, key))
            self._looked, self._due_ms = True, None if self._restored_ms is None else 0
        if self._restored_ms is None or self._due_ms is None:
            return
        now_ms = service.now_ms()
        if 0 < self._due_ms - now_ms <= _AGAIN_MS:  # more: somebody set the clock back
            return
        alive = service.read(
            lambda one: census.leases_wait(one, key, now_ms, reward_offers.LEASE_TTL_S)
        )
        awaited = service.read(lambda one: census.awaited(one, key))
        if alive and awaited:
            return
        # Due until this very look is done: the database may refuse, or another thread hear of more.
        self._due_ms = this_look = min(self._due_ms, 0) - 1
        left = self._make_again(now_ms, told_of_all=not (alive or awaited))
        if self._due_ms == this_look:
            self._due_ms = now_ms + _AGAIN_MS if left else None

    def _make_again(self, now_ms: int, *, told_of_all: bool) -> int:
        """Make leases again for the spends that wait now; return how many are left for later."""
        service, key = self._service, self._service.shard_key
        waiting = service.read(lambda one: that_wait(one, key))
        if not waiting or self._restored_ms is None:
            return 0
        until_ms = self._restored_ms + reward_offers.LEASE_TTL_S * 1000
        homes, valid_until = service.read(lambda one: _terms(one, key, now_ms))
        tills = service.read(lambda one: _tills(one, key))
        # While a lost lease may be alive there is time for the imports, too.
        told = told_of_all and not service.read(lambda one: _books_lack(one, key, now_ms))
        left = 0
        for start in range(0, len(waiting), _AT_ONCE):
            some = waiting[start : start + _AT_ONCE]
            left += cast(
                int, service.run(RemakeLeases(some, until_ms, homes, tills, valid_until, told))
            )
        return left


def _books_lack(connection: Connection, shard_key: int, now_ms: int) -> bool:
    """Tell whether something waits for a rule book, and not so long that it is a case."""
    t = schema.inbox.c
    query = select(t.seq).where(t.shard_key == shard_key, schema.is_open)
    query = query.where(
        t.verdict == int(Verdict.PENDING_UPGRADE),
        t.reason == BOOK_UNKNOWN,
        t.received_ms > now_ms - PARKED_MS,
    )
    return connection.execute(query.limit(1)).first() is not None


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
