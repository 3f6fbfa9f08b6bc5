"""What people and devices ask of the ledger. Reads only.

Every function works in the caller's connection and fixes the shard. Times are ms since 1970 UTC of
central's clock; a statement goes by when points were booked, so that its sums add up.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import CTE, Connection, Row, and_, case, func, select

from central import schema
from central.ledger.judging.accounts import (
    AccountKind,
    Code,
    debt_id,
    holder_of,
    pending_id,
    wallet_id,
)
from central.ledger.judging.rows import Identity, Sale, SaleState
from central.ledger.shards import read_shard
from central.ledger.writing.bulk import CHUNK_KEYS
from central.ledger.writing.receipts import booked
from central.schema.leases import is_open_lease
from loyalty.chain import HASH_BYTES
from loyalty.events import Holder
from loyalty.leases import READY_REWARD
from loyalty.wire import BalanceAnswer, ClaimAnswer

_LATEST_MAX = 1_000


class Line(Struct, frozen=True):
    """A transfer as one holder sees it: `points` is signed, `balance` is what they owned then.

    The sale's facts are there when the transfer is about one; `reward_id` when it is a redemption.
    `booked_by` is the event that moved the points.
    """

    booked_ms: int
    happened_ms: int
    code: Code
    points: int
    balance: int
    subject: str
    shop_id: str | None
    number: str | None
    printed_on: str | None
    owed_fen: int | None
    reward_id: str | None
    booked_by: Identity


class Statement(Struct, frozen=True):
    """A holder's transfers in a time, between an opening and a closing balance."""

    opening: int
    lines: tuple[Line, ...]
    closing: int


class Later(Struct, frozen=True):
    """Points that do not count before a day, an ISO date."""

    counts_from: str
    points: int


class Posting(Struct, frozen=True):
    """A transfer as the house sees it."""

    turn: int
    booked_ms: int
    device_id: bytes
    epoch: int
    seq: int
    leg: int
    code: Code
    debit: str
    credit: str
    amount: int
    subject: str


class Totals(Struct, frozen=True):
    """The ledger as a whole; `posted` by kind of account adds up to 0."""

    posted: dict[str, int]
    held: int
    events: int
    transfers: int
    waiting: dict[str, int]


def resolved(connection: Connection, shard_key: int, holder: Holder) -> Holder:
    """Return whose points a holder's are: a card's member once it is known."""
    if holder.kind == "member":
        return holder
    t = schema.card
    query = select(t.c.member).where(t.c.shard_key == shard_key, t.c.tag == holder.key)
    member = connection.execute(query).scalar_one_or_none()
    return Holder("member", member) if member is not None else holder


def balance_of(
    connection: Connection, shard_key: int, holder: Holder, device_id: bytes = b""
) -> BalanceAnswer:
    """Return what a holder owns, debts subtracted, what is held, and their tier and masked name.

    What the device that asks was lent ahead for them is not held from it.
    """
    owner = resolved(connection, shard_key, holder)
    t = schema.account
    accounts = t.c.account_id.in_([wallet_id(owner), debt_id(owner)])
    query = select(func.sum(t.c.posted), func.sum(t.c.held), func.count())
    row = connection.execute(query.where(t.c.shard_key == shard_key, accounts)).one()
    balance, held, known = int(row[0] or 0), int(row[1] or 0), row[2] > 0
    held -= _lent_ahead(connection, shard_key, wallet_id(owner), device_id) if held else 0
    tier_id = masked_name = ""
    if owner.kind == "member":
        m, p = schema.member_tier, schema.member
        same = and_(p.c.shard_key == m.c.shard_key, p.c.member == m.c.member)
        names = select(m.c.tier_id, p.c.masked_name).join_from(m, p, same, isouter=True)
        names = names.where(m.c.shard_key == shard_key, m.c.member == owner.key)
        person = connection.execute(names).one_or_none()
        if person is not None:
            known, tier_id, masked_name = True, person.tier_id, person.masked_name or ""
    later = pending(connection, shard_key, owner)
    first = later[0].counts_from if later else ""
    waits = sum(one.points for one in later)
    return BalanceAnswer(
        known, balance, held, tier_id, masked_name, pending=waits, counts_from=first
    )


def _lent_ahead(connection: Connection, shard_key: int, wallet: bytes, device_id: bytes) -> int:
    t = schema.lease
    ahead = (t.c.account_id == wallet, t.c.reward_id == READY_REWARD, is_open_lease)
    query = select(func.coalesce(func.sum(t.c.amount), 0)).where(t.c.shard_key == shard_key, *ahead)
    return int(connection.execute(query.where(t.c.device_id == device_id)).scalar_one())


def pending(connection: Connection, shard_key: int, owner: Holder) -> list[Later]:
    """Return a resolved holder's points that do not count yet, by the day they count from."""
    t = schema.pending_lot
    query = select(t.c.counts_from, func.sum(t.c.remaining)).group_by(t.c.counts_from)
    query = query.where(t.c.shard_key == shard_key, t.c.account_id == pending_id(owner))
    rows = connection.execute(query.order_by(t.c.counts_from))
    return [Later(day, int(points)) for day, points in rows]


def claim_state(
    connection: Connection, shard_key: int, claim_hash: bytes, now_ms: int
) -> ClaimAnswer:
    """Return what a claim code stands for now."""
    t = schema.sale
    query = select(t).where(t.c.shard_key == shard_key, t.c.claim_hash == claim_hash)
    row = connection.execute(query).one_or_none()
    if row is None:
        return ClaimAnswer("unknown")
    left_fen = row.eligible_fen - row.refunded_fen
    if row.state != SaleState.OPEN:
        return ClaimAnswer("claimed", row.shop_id)
    if row.eligible_fen and left_fen <= 0:
        return ClaimAnswer("refunded", row.shop_id, refunded_fen=row.refunded_fen)
    zone = ZoneInfo(read_shard(connection, shard_key).zone)
    today = datetime.fromtimestamp(now_ms / 1000, tz=UTC).astimezone(zone).date()
    if today.isoformat() > row.expires_on:
        return ClaimAnswer("expired", row.shop_id)
    return ClaimAnswer("open", row.shop_id, left_fen, row.refunded_fen)


def statement(
    connection: Connection, shard_key: int, holder: Holder, from_ms: int, to_ms: int
) -> Statement:
    """Return a holder's transfers booked from `from_ms` up to, not including, `to_ms`."""
    owner = resolved(connection, shard_key, holder)
    own = [wallet_id(owner), debt_id(owner)]
    opening = 0
    told: list[tuple[Row[Any], int]] = []
    for row in _history(connection, shard_key, own):
        points = row.amount if row.credit_id in own else -row.amount
        if row.booked_ms < from_ms:
            opening += points
        elif row.booked_ms < to_ms:
            told.append((row, points))
    subjects = sorted({row.subject for row, _ in told})
    prints = [bytes.fromhex(one) for one in subjects if len(one) == 2 * HASH_BYTES]
    events = [Identity(row.device_id, row.epoch, row.seq) for row, _ in told]
    sales = booked(connection, shard_key, prints, events)
    about = {key.hex(): sale for key, sale in sales.items()}
    rewards = _rewards(connection, shard_key, subjects)
    balance = opening
    lines = []
    for row, points in told:
        balance += points
        lines.append(_line(row, points, balance, about.get(row.subject), rewards.get(row.subject)))
    return Statement(opening, tuple(lines), balance)


def moved_since(connection: Connection, shard_key: int, from_ms: int) -> dict[bytes, int]:
    """Return what the transfers booked from `from_ms` on came to, by account; it reads them all."""
    t = schema.transfer
    moved: dict[bytes, int] = {}
    for column, sign in ((t.c.credit_id, 1), (t.c.debit_id, -1)):
        sums = select(column, func.sum(t.c.amount)).group_by(column)
        sums = sums.where(t.c.shard_key == shard_key, t.c.booked_ms >= from_ms)
        for account_id, amount in connection.execute(sums):
            moved[account_id] = moved.get(account_id, 0) + sign * int(amount)
    return moved


def latest(connection: Connection, shard_key: int, count: int) -> list[Posting]:
    """Return the newest transfers, newest first, at most 1,000."""
    t = schema.transfer
    query = select(t).where(t.c.shard_key == shard_key)
    query = query.order_by(t.c.number.desc()).limit(min(count, _LATEST_MAX))
    return [
        Posting(
            turn=row.turn,
            booked_ms=row.booked_ms,
            device_id=row.device_id,
            epoch=row.epoch,
            seq=row.seq,
            leg=row.leg,
            code=Code(row.code),
            debit=account_name(row.debit_id),
            credit=account_name(row.credit_id),
            amount=row.amount,
            subject=row.subject,
        )
        for row in connection.execute(query)
    ]


def totals(connection: Connection, shard_key: int) -> Totals:
    """Return the sums of the whole ledger."""
    a, i, t = schema.account, schema.inbox, schema.transfer
    sums = select(a.c.kind, func.sum(a.c.posted), func.sum(a.c.held))
    sums = sums.where(a.c.shard_key == shard_key).group_by(a.c.kind)
    by_kind = {AccountKind(row[0]): row for row in connection.execute(sums)}
    events = select(func.count()).where(i.c.shard_key == shard_key)
    transfers = select(func.count()).where(t.c.shard_key == shard_key)
    open_ = select(i.c.verdict, i.c.reason, func.count())
    open_ = open_.where(i.c.shard_key == shard_key, i.c.verdict.in_((2, 3, 4)))
    waiting = connection.execute(open_.group_by(i.c.verdict, i.c.reason))
    return Totals(
        posted={kind.name.lower(): int(row[1]) for kind, row in sorted(by_kind.items())},
        held=sum(int(row[2]) for row in by_kind.values()),
        events=connection.execute(events).scalar_one(),
        transfers=connection.execute(transfers).scalar_one(),
        waiting={row[1] or str(row[0]): row[2] for row in waiting},
    )


def account_name(account_id: bytes) -> str:
    """Return an account as people read it: `wallet member:…`, `issuer`."""
    holder = holder_of(account_id)
    name = AccountKind(account_id[0]).name.lower()
    if holder is None and account_id[1:]:
        return f"{name} {account_id[1:].decode()}"
    return f"{name} {holder.kind}:{holder.key}" if holder is not None else name


def _history(connection: Connection, shard_key: int, own: Sequence[bytes]) -> list[Row[Any]]:
    """Return the transfers across the border of a holder's own accounts, in their order."""
    t = schema.transfer
    found = {}
    for account_id in own:
        chain = _chain(shard_key, account_id)
        query = select(t).join(chain, t.c.number == chain.c.number)
        for row in connection.execute(query.where(t.c.shard_key == shard_key)):
            if row.credit_id not in own or row.debit_id not in own:
                found[row.number] = row
    return [found[number] for number in sorted(found)]


def _chain(shard_key: int, account_id: bytes) -> CTE:
    """Return the numbers of an account's transfers, from the last one back to the first."""
    a, t = schema.account, schema.transfer
    last = select(a.c.last_transfer.label("number"))
    last = last.where(a.c.shard_key == shard_key, a.c.account_id == account_id)
    chain = last.cte("chain", recursive=True)
    before = case((t.c.credit_id == account_id, t.c.credit_before), else_=t.c.debit_before)
    follow = select(before).where(t.c.shard_key == shard_key, t.c.number == chain.c.number)
    return chain.union_all(follow)


def _rewards(connection: Connection, shard_key: int, subjects: Sequence[str]) -> dict[str, str]:
    """Return the rewards that the leases among the subjects of transfers paid for."""
    t = schema.lease
    found: dict[str, str] = {}
    for start in range(0, len(subjects), CHUNK_KEYS):
        chunk = subjects[start : start + CHUNK_KEYS]
        query = select(t.c.lease_id, t.c.reward_id)
        query = query.where(t.c.shard_key == shard_key, t.c.lease_id.in_(chunk))
        found |= {row.lease_id: row.reward_id for row in connection.execute(query)}
    return found


def _line(
    row: Row[Any], points: int, balance: int, sale: Sale | None, reward_id: str | None
) -> Line:
    return Line(
        booked_ms=row.booked_ms,
        happened_ms=row.happened_ms,
        code=Code(row.code),
        points=points,
        balance=balance,
        subject=row.subject,
        shop_id=sale.shop_id if sale is not None else None,
        number=sale.number if sale is not None else None,
        printed_on=sale.printed_on if sale is not None else None,
        owed_fen=sale.owed_fen if sale is not None else None,
        reward_id=reward_id,
        booked_by=Identity(row.device_id, row.epoch, row.seq),
    )
