"""The pull feed: what tills hold of members, cards, rewards, shops and rule books (SYNC 2.9).

Positions are taken under the shard's lock, so they are gapless and in commit order on every
database. Rows of members are written by the turn that changed them; people's records announce
theirs in the transaction that changes the record.
"""

from collections.abc import Sequence

from msgspec import Struct, structs
from sqlalchemy import Connection, bindparam, update

from central import schema
from central.ledger import stocks
from central.ledger.judging.accounts import AccountKind, debt_id, holder_of, wallet_id
from central.ledger.judging.entry import Notice
from central.ledger.judging.rows import Voucher, VoucherState, read_origin
from central.ledger.judging.state import State
from central.ledger.writing import bulk
from central.ledger.writing.loading import load, read
from central.ledger.writing.statements import Statement
from loyalty import wire
from loyalty.catalogue import STOCK
from loyalty.chain import Frame
from loyalty.codes import voucher_hash
from loyalty.events import Holder, Origin
from loyalty.reviewing import ReviewRow, TemplateRow
from loyalty.wire import (
    CancelledRow,
    CardRow,
    ClaimedRow,
    Judged,
    MemberRow,
    RewardRow,
    RuleBookRow,
    ShopRow,
    StockRow,
    Topic,
    VoucherRow,
)

_OWNED = (AccountKind.WALLET, AccountKind.DEBT)
_FEED = ("shard_key", "position", "topic", "item", "device_id", "payload")

_SHARD = schema.shard.c
_MOVED = Statement(
    update(schema.shard)
    .where(_SHARD.shard_key == bindparam("key"))
    .values(feed_position=_SHARD.feed_position + bindparam("rows"))
    .returning(_SHARD.feed_position)
)


class NoShard(LookupError):
    """The programme was never set up in this database."""


class Change(Struct, frozen=True, gc=False):
    """A row to be: the item's new state, or that it is gone; for one device or for all."""

    topic: Topic
    item: str
    row: Struct | None
    device_id: bytes | None = None


def of_reward(row: RewardRow) -> Change:
    """Return the change that puts a reward into the catalogue on every till."""
    return Change(Topic.REWARD, row.reward_id, row)


def of_stock(row: StockRow) -> Change:
    """Return the change that tells tills how much of a reward is left."""
    return Change(Topic.STOCK, row.reward_id, row)


def of_shop(row: ShopRow) -> Change:
    """Return the change that tells tills about a shop."""
    return Change(Topic.SHOP, row.shop_id, row)


def of_rule_book(row: RuleBookRow) -> Change:
    """Return the change that hands tills a rule book."""
    return Change(Topic.RULE_BOOK, row.version, row)


def of_template(row: TemplateRow, device_id: bytes) -> Change:
    """Return the change that tells one till what is known of its shop's papers."""
    return Change(Topic.TEMPLATE, row.shop_id, row, device_id)


def announce(connection: Connection, shard_key: int, changes: Sequence[Change]) -> int:
    """Write changes into the feed, in the caller's transaction; return the last position.

    Raises NoShard. The caller's own changes to the records stand in the same transaction, so no
    till ever hears of something that was rolled back.
    """
    row = _MOVED.row(connection, key=shard_key, rows=len(changes))
    if row is None:
        raise NoShard(f"shard {shard_key} does not exist")
    return write(connection, shard_key, row.feed_position - len(changes), changes)


def write(connection: Connection, shard_key: int, position: int, changes: Sequence[Change]) -> int:
    """Write changes behind `position`, which the caller has locked; return the last position."""
    rows: list[bulk.Values] = [
        (
            shard_key,
            position + offset,
            change.topic,
            change.item,
            change.device_id,
            wire.pack(change.row) if change.row is not None else None,
        )
        for offset, change in enumerate(changes, start=1)
    ]
    bulk.insert(connection, schema.feed, _FEED, rows)
    return position + len(rows)


def write_turn(
    connection: Connection, shard_key: int, position: int, changes: Sequence[Change]
) -> int:
    """Write what one turn changed, to be pulled as a whole; return the last position."""
    last = write(connection, shard_key, position, changes)
    if last > position + 1:
        places = {"first_position": position + 1, "last_position": last}
        connection.execute(schema.feed_turn.insert(), {"shard_key": shard_key, **places})
    return last


_TOPICS: dict[type, Topic] = {
    ClaimedRow: Topic.CLAIMED,
    Judged: Topic.VERDICT,
    ReviewRow: Topic.REVIEW,
}


def of_notices(connection: Connection, shard_key: int, notices: Sequence[Notice]) -> list[Change]:
    """Return the changes that one device alone shall see.

    A verdict names its event by where it stood first: what was written again stands elsewhere on
    each branch of a copied device, and perhaps nowhere else any more on its disk.
    """
    t = schema.inbox.c
    keys = {
        (notice.device_id, int(notice.item.partition("/")[0]), notice.row.seq)
        for notice in notices
        if isinstance(notice.row, Judged)
    }
    columns = (t.device_id, t.epoch, t.seq, t.hash, t.kind, t.kind_version, t.body)
    firsts = {
        (bytes(device_id), f"{epoch}/{seq}"): read_origin(Frame(kind, version, bytes(body)))
        or Origin(epoch, seq, bytes(hash_), kind)
        for device_id, epoch, seq, hash_, kind, version, body in bulk.by_key(
            connection, shard_key, columns, [*keys]
        )
    }
    changes = []
    for device_id, item, row in (structs.astuple(one) for one in notices):
        if isinstance(row, Judged):
            first = firsts[device_id, item]
            row = structs.replace(row, seq=first.seq, event_hash=first.hash)  # noqa: PLW2901
            item = f"{first.epoch}/{first.seq}"  # noqa: PLW2901
        changes.append(Change(_TOPICS[type(row)], item, row, device_id))
    return changes


def of_turn(connection: Connection, shard_key: int, state: State) -> list[Change]:
    """Return what a turn changed for the directory, each holder once, in its final state."""
    members, cards = _touched(state)
    purses = [Holder("card", tag) for tag in cards] + [Holder("member", one) for one in members]
    ids = [make(holder) for holder in purses for make in (wallet_id, debt_id)]
    needed: dict[str, Sequence[object]] = {"cards": cards, "members": members, "accounts": ids}
    for name, keys in needed.items():
        table = state.tables[name]
        table.load(read(connection, shard_key, name, table.missing(keys)))
    names = _masked_names(connection, shard_key, members)
    changes = [_card_change(state, tag) for tag in cards]
    changes += [_member_change(state, one, names.get(one, "")) for one in members]
    changes += [of_stock(row) for row in stocks.rows(connection, shard_key, _moved(state))]
    return changes + _voucher_changes(connection, shard_key, state)


def _moved(state: State) -> list[str]:
    """Return the rewards whose stock a turn moved; what it wrote stands in the tables already."""
    names = (name.split("/") for name in state.uses.changed() if name.startswith(STOCK))
    return sorted({parts[1] for parts in names})


def _voucher_changes(connection: Connection, shard_key: int, state: State) -> list[Change]:
    """Return what home tills, and nobody else, hear of vouchers that they may take or no longer."""
    changes = []
    at_home = (one for one in state.vouchers.changed().values() if one and one.home_device)
    load(connection, shard_key, state, [("redemptions", one.lease_id) for one in at_home])
    for code, voucher in state.vouchers.changed().items():
        before = state.vouchers.loaded.get(code)
        if voucher is None or voucher.home_device is None or _counts(before) == _counts(voucher):
            continue
        item = voucher_hash(code)
        kept = state.redemptions.get(voucher.lease_id)
        pieces = kept.pieces if kept is not None else 1
        coupon = (kept.coupon or None) if kept is not None else None
        row = VoucherRow(item, voucher.reward_id, voucher.valid_until, pieces, coupon)
        home = bytes.fromhex(voucher.home_device)
        if voucher.state is VoucherState.CANCELLED:
            changes.append(Change(Topic.CANCELLED, item, CancelledRow(item), home))
        changes.append(Change(Topic.VOUCHER, item, row if _counts(voucher) else None, home))
    return changes


def _counts(voucher: Voucher | None) -> bool:
    return voucher is not None and voucher.state in (VoucherState.ISSUED, VoucherState.REDEEMED)


def _touched(state: State) -> tuple[list[str], list[str]]:
    """Return the members and the cards whose row on tills is no longer right."""
    members, cards = set(state.members.changed()), set(state.cards.changed())
    loaded = state.accounts.loaded
    for account_id, account in state.accounts.changed().items():
        if account is None or account_id[0] not in _OWNED:
            continue
        before = loaded.get(account_id)
        if before is not None and account.posted == before.posted:
            continue  # a new one is told although nothing may be left of what it got
        holder = holder_of(account_id)
        if holder is None:
            continue
        (members if holder.kind == "member" else cards).add(holder.key)
    return sorted(members), sorted(cards)


def _card_change(state: State, tag: str) -> Change:
    if state.cards.get(tag) is not None:
        return Change(Topic.CARD, tag, None)
    return Change(Topic.CARD, tag, CardRow(tag, balance(state, Holder("card", tag))))


def _member_change(state: State, member: str, masked_name: str) -> Change:
    known = state.members.get(member)
    row = MemberRow(
        member=member,
        tags=known.tags if known is not None else (),
        tier_id=known.tier_id if known is not None else "",
        balance=balance(state, Holder("member", member)),
        masked_name=masked_name,
    )
    return Change(Topic.MEMBER, member, row)


def balance(state: State, holder: Holder) -> int:
    """Return what a holder owns, debts subtracted."""
    wallet, debt = state.accounts.get(wallet_id(holder)), state.accounts.get(debt_id(holder))
    return (wallet.posted if wallet is not None else 0) + (debt.posted if debt is not None else 0)


def _masked_names(connection: Connection, shard_key: int, members: Sequence[str]) -> dict[str, str]:
    t = schema.member.c
    return dict(bulk.by_key(connection, shard_key, (t.member, t.masked_name), members))
