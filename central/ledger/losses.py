"""Goods that left twice: uses of vouchers that were used up, each paid for by the house."""

from sqlalchemy import Connection, select, tuple_

from central import schema
from central.ledger.judging.accounts import OFFLINE_LOSS, Code
from central.ledger.judging.returning import VOUCHER_USED
from central.ledger.judging.rows import CENTRAL_DEVICE, Identity, read_body
from loyalty.chain import Frame
from loyalty.events import Rejudge
from loyalty.wire import Verdict


def used_twice(connection: Connection, shard_key: int) -> list[Identity]:
    """Return the uses that a person has not closed, in no order."""
    booked = _booked(connection, shard_key)
    t = schema.inbox
    place = tuple_(t.c.device_id, t.c.epoch, t.c.seq)
    mine = (t.c.shard_key == shard_key, place.in_([tuple(one) for one in booked]))
    again = [one for one in booked if one.device_id == CENTRAL_DEVICE]
    if again:
        for row in connection.execute(select(t).where(*mine, t.c.device_id == CENTRAL_DEVICE)):
            body = read_body(Frame(row.kind, row.kind_version, row.body))
            if isinstance(body, Rejudge):
                booked.append(Identity(bytes.fromhex(body.device), body.epoch, body.seq))
    query = select(t.c.device_id, t.c.epoch, t.c.seq).where(
        t.c.shard_key == shard_key,
        place.in_([tuple(one) for one in booked]),
        t.c.verdict == int(Verdict.APPLIED_ADJUSTED),
        t.c.reason == VOUCHER_USED,
    )
    return [Identity(*row) for row in connection.execute(query)]


def _booked(connection: Connection, shard_key: int) -> list[Identity]:
    """Return what booked each loss: an account's transfers are a chain from the last one back."""
    a, t = schema.account, schema.transfer
    last = select(a.c.last_transfer).where(a.c.shard_key == shard_key)
    number = connection.execute(last.where(a.c.account_id == OFFLINE_LOSS)).scalar_one_or_none()
    found = []
    while number:
        which = (t.c.shard_key == shard_key, t.c.number == number)
        row = connection.execute(select(t).where(*which)).one()
        if row.code == Code.OFFLINE_LOSS:
            found.append(Identity(row.device_id, row.epoch, row.seq))
        number = row.debit_before if row.debit_id == OFFLINE_LOSS else row.credit_before
    return found
