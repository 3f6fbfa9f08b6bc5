"""Points as money, as a till asks for them: the offer is the rule book's, and for this till alone.

Its voucher ends on no day: what nobody could match gives its points back by a person's word only.
"""

from sqlalchemy import Connection

from central.ledger.books import book_in_force
from central.ledger.offer import Offer
from central.ledger.shards import read_shard
from central.sync import census
from central.sync.callers import Caller
from central.sync.problems import counted
from central.sync.reward_offers import LEASE_TTL_S, local
from loyalty.facts import Bill
from loyalty.redeeming import LeaseRequest
from loyalty.rules import paying
from loyalty.rules.earning import Reason
from loyalty.rules.tender import NO_END, TENDER_REWARD


def offer_of(
    connection: Connection, shard_key: int, caller: Caller, asked: LeaseRequest, now_ms: int
) -> Offer | Reason:
    """Return that exactly the points asked for may pay for the bill, or why they may not.

    Raises Refused for amounts that no till asks for.
    """
    if census.leases_wait(connection, shard_key, now_ms, LEASE_TTL_S):
        return Reason("after_restore")
    if caller.role != "till" or asked.bill is None or asked.pieces != 1:
        return Reason("paying_at_till")
    due_fen = counted("bill.due_fen", asked.bill.due_fen)
    book = book_in_force(connection, shard_key, now_ms)
    if book is None:
        return Reason("no_rule_book")
    refusal = paying.why_not(book.tender, due_fen, asked.points)
    if refusal is not None or book.tender is None:
        return refusal or Reason("paying_off")
    return Offer(
        points=asked.points,
        limit=book.redeem_limit_points,
        home_device=caller.device_id.hex(),
        valid_until=NO_END,
        ttl_s=LEASE_TTL_S,
        reward_id=TENDER_REWARD,
        day=local(now_ms, read_shard(connection, shard_key).zone).date().isoformat(),
        near=caller.shop_id,
        bill=Bill(due_fen, book.tender.fen(asked.points)),
    )
