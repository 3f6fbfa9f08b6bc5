"""How the values of the state stand in the tables of the ledger's projections, both ways.

A row is a tuple in the order of its form's columns; its shard, and the turn where a table keeps
one, are added by whoever writes it.
"""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, structs
from sqlalchemy import Column, Table

from central import schema
from central.ledger.judging import rows
from central.ledger.judging.activity_rows import Batch
from central.ledger.judging.member_rows import Owner, Profile
from central.ledger.judging.rows import Identity
from central.ledger.writing import lots
from central.ledger.writing.bulk import Columns, Values
from loyalty.catalogue import Terms
from loyalty.events import Holder
from loyalty.rules.earning import Reason
from loyalty.rules.lots import Lot

_begins = attrgetter("from_ms")
StructT = TypeVar("StructT", bound=Struct)


class Form(Struct, frozen=True):
    """A table, its columns, and how a key of the state and its value become a row."""

    table: Table
    columns: Columns
    row: Callable[[Any, Any], Values]

    @property
    def all(self) -> tuple[Column[Any], ...]:
        """Every column, the key first."""
        return tuple(self.table.columns[name] for name in self.columns)


def _account(key: bytes, purse: tuple[rows.Account, tuple[Lot, ...] | None]) -> Values:
    account, held = purse
    figures = (key, key[0], account.posted, account.held, account.last_transfer)
    bought = (account.purchases or None, account.bought_on or None)
    return figures + (lots.columns(held) if held else (None, None)) + bought


def _sale(key: bytes, sale: rows.Sale) -> Values:
    holder = sale.holder
    return (
        *sale.origin,
        key,
        sale.shop_id,
        sale.number,
        sale.printed_on,
        sale.sold_on,
        sale.owed_fen,
        sale.eligible_fen,
        sale.refunded_fen,
        sale.category,
        sale.book,
        holder.kind if holder is not None else None,
        holder.key if holder is not None else None,
        sale.tier_id,
        sale.points,
        sale.taken_back,
        sale.claim_hash,
        sale.expires_on,
        int(sale.state),
    )


def sale_of(row: Values) -> rows.Sale:
    """Return a sale out of its row."""
    device_id, epoch, seq, key, shop_id, number, printed_on, sold_on, *rest = row
    owed_fen, eligible_fen, refunded_fen, category, book, kind, holder, tier_id, *last = rest
    points, taken_back, claim_hash, until, state = last
    return rows.Sale(
        fingerprint=key,
        origin=Identity(device_id, epoch, seq),
        shop_id=shop_id,
        number=number,
        printed_on=printed_on,
        sold_on=sold_on,
        owed_fen=owed_fen,
        eligible_fen=eligible_fen,
        refunded_fen=refunded_fen,
        category=category,
        book=book,
        holder=Holder(kind, holder) if kind is not None else None,
        tier_id=tier_id,
        points=points,
        taken_back=taken_back,
        claim_hash=claim_hash,
        expires_on=until,
        state=rows.SaleState(state),
    )


def terms_of(rows: Iterable[Values]) -> dict[str, tuple[Terms, ...]]:
    """Return what rewards cost, in the order of time, out of the ids and contents of rows."""
    found: dict[str, tuple[Terms, ...]] = {}
    for reward_id, content in rows:
        found[reward_id] = (*found.get(reward_id, ()), msgspec.json.decode(content, type=Terms))
    return {one: tuple(sorted(all_, key=_begins)) for one, all_ in found.items()}


def _lease(key: str, lease: rows.Lease) -> Values:
    return (
        key,
        lease.account_id,
        lease.device_id,
        lease.epoch,
        lease.request_id,
        lease.amount,
        lease.spent,
        lease.ttl_s,
        lease.reward_id,
        lease.voucher_code,
        int(lease.state),
    )


def lease_of(row: Values) -> rows.Lease:
    """Return a lease out of its row."""
    lease_id, account_id, device_id, epoch, request_id, amount, spent, *rest = row
    ttl_s, reward_id, voucher_code, state = rest
    return rows.Lease(
        lease_id=lease_id,
        account_id=account_id,
        device_id=device_id,
        epoch=epoch,
        request_id=request_id,
        amount=amount,
        spent=spent,
        ttl_s=ttl_s,
        reward_id=reward_id,
        voucher_code=voucher_code,
        state=rows.LeaseState(state),
    )


def _voucher(key: str, voucher: rows.Voucher) -> Values:
    return (
        key,
        voucher.lease_id,
        voucher.reward_id,
        voucher.holder.kind,
        voucher.holder.key,
        voucher.home_device,
        voucher.valid_until,
        int(voucher.state),
        voucher.used_by,
        voucher.request_id,
    )


def voucher_of(row: Values) -> rows.Voucher:
    """Return a voucher out of its row."""
    code, lease_id, reward_id, kind, holder, home_device, until, state, used_by, request_id = row
    return rows.Voucher(
        code,
        lease_id,
        reward_id,
        Holder(kind, holder),
        home_device,
        until,
        rows.VoucherState(state),
        used_by,
        request_id,
    )


def _refusal(key: tuple[bytes, str], why: Reason) -> Values:
    return *key, why.code, msgspec.json.encode(why.values, order="deterministic").decode()


def refusal_of(code: str, details: str) -> Reason:
    """Return why a lease was refused out of the columns that say it."""
    return Reason(code, msgspec.json.decode(details, type=dict[str, str]))


def _review(key: str, review: rows.Review) -> Values:
    content = msgspec.json.encode(review, order="deterministic").decode()
    place = (review.shop_id, review.paper_hash, review.opened_ms, review.decided_ms)
    return key, int(review.state), *place, content


def review_of(content: str) -> rows.Review:
    """Return a paper in review out of the column that holds it."""
    return msgspec.json.decode(content, type=rows.Review)


def _as_json(key: object, value: Struct) -> Values:
    return key, msgspec.json.encode(value, order="deterministic").decode()


def json_of(content: str, type_: type[StructT]) -> StructT:
    """Return a value out of the column that holds it as JSON."""
    return msgspec.json.decode(content, type=type_)


def facts_of(content: str) -> rows.Facts:
    """Return what a sale's award was worked out with, out of the column that holds it."""
    return msgspec.json.decode(content, type=rows.Facts)


def profile_of(content: str) -> Profile:
    """Return what rules may ask of a member, out of the column that holds it."""
    return msgspec.json.decode(content, type=Profile)


def batch_of(content: str) -> Batch:
    """Return what a batch of activity codes says, out of the column that holds it."""
    return msgspec.json.decode(content, type=Batch)


def _owners(tag: str, owners: tuple[Owner, ...]) -> Values:
    first, *later = owners
    return tag, first.member, first.since_ms, msgspec.json.encode(later).decode() if later else None


def owners_of(row: Values) -> tuple[Owner, ...]:
    """Return whose a card was out of its row."""
    _, member, since_ms, later = row
    return Owner(since_ms, member), *msgspec.json.decode(later or "[]", type=tuple[Owner, ...])


def _head(key: tuple[bytes, int], head: rows.Head) -> Values:
    return *key, head.seq, head.hash, int(head.sealed), head.seq if head.sealed else None


def _columns(table: Table, without: str = "") -> Columns:
    left_out = {"shard_key", *without.split()}
    return tuple(column.name for column in table.columns if column.name not in left_out)


SALE = Form(schema.sale, _columns(schema.sale), _sale)
COPY = Form(
    schema.receipt_copy,
    _columns(schema.receipt_copy),
    lambda key, copy: (*key, *structs.astuple(copy)),
)
LEASE = Form(schema.lease, _columns(schema.lease, "turn"), _lease)
VOUCHER = Form(schema.voucher, _columns(schema.voucher), _voucher)
OWNER = Form(schema.card_owner, _columns(schema.card_owner), _owners)
DOING = Form(
    schema.activity_doing,
    _columns(schema.activity_doing),
    lambda key, doing: (*key, *structs.astuple(doing)),
)

#: The tables of the state whose every row is a row of the database; an account's has its lots too.
FORMS: dict[str, Form] = {
    "accounts": Form(schema.account, _columns(schema.account, "turn"), _account),
    "receipts": Form(schema.receipt_key, _columns(schema.receipt_key), lambda key, at: (*key, *at)),
    "copies": COPY,
    "sales": SALE,
    "number_refunds": Form(schema.number_refund, _columns(schema.number_refund), _as_json),
    "leases": LEASE,
    "refusals": Form(schema.lease_refusal, _columns(schema.lease_refusal), _refusal),
    "reviews": Form(schema.review, _columns(schema.review), _review),
    "vouchers": VOUCHER,
    "redemptions": Form(schema.redemption, _columns(schema.redemption), _as_json),
    "bills": Form(schema.paid_bill, _columns(schema.paid_bill), _as_json),
    "reserved": Form(schema.reserved, _columns(schema.reserved), _as_json),
    "facts": Form(schema.sale_fact, _columns(schema.sale_fact), _as_json),
    "uses": Form(schema.rule_use, _columns(schema.rule_use), lambda name, used: (name, used)),
    "batches": Form(schema.activity_batch, _columns(schema.activity_batch), _as_json),
    "doings": DOING,
    "profiles": Form(schema.member_profile, _columns(schema.member_profile), _as_json),
    "tier_changes": Form(
        schema.tier_change,
        _columns(schema.tier_change),
        lambda key, change: (*key, *_as_json(None, change)[1:]),
    ),
    "members": Form(
        schema.member_tier, _columns(schema.member_tier), lambda key, member: (key, member.tier_id)
    ),
    "cards": Form(schema.card, _columns(schema.card), lambda key, member: (key, member)),
    "owners": OWNER,
    "rehomed": Form(
        schema.rehome, _columns(schema.rehome), lambda key, at: (*key, at.epoch, at.seq)
    ),
    "heads": Form(schema.stream, _columns(schema.stream), _head),
    "arms": Form(
        schema.arm,
        _columns(schema.arm),
        lambda key, arm: (*key, arm.session, arm.until_ms, " ".join(arm.leases)),
    ),
}
WAITING_COLUMNS = _columns(schema.waiting)
