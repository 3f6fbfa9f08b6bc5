"""Every bug that can be planted, by name: what it replaces, and a run that can find it."""

from collections.abc import Mapping

from msgspec import Struct, structs

from tillpoints.simulation.mall import Size
from tillpoints.simulation.plants import Plant, coupons, leases, lending, redeeming, sync


class Bug(Struct, frozen=True):
    """A planted bug, and the size of run that gives it a chance to show."""

    plant: Plant
    size: Size = Size(stations=3, days=1.0, events_min=20, events_max=40)


_TWO_DAYS = Size(stations=3, days=2.0, events_min=20, events_max=40)
_COUPONS = structs.replace(_TWO_DAYS, crowd="coupons")
#: One till, which is at home to every coupon of its shop.
_AT_HOME = structs.replace(_COUPONS, stations=2)
_REWARDS = structs.replace(_TWO_DAYS, crowd="rewards")
_LENDING = structs.replace(_TWO_DAYS, crowd="lending")

BUGS: Mapping[str, Bug] = {
    "ack before commit": Bug(sync.ack_before_commit),
    "no hash compare on overlap": Bug(sync.no_hash_compare),
    "delete all sent instead of all acked": Bug(sync.delete_all_sent),
    "grant not idempotent": Bug(leases.grant_not_idempotent),
    "lease refusal forgotten": Bug(leases.refusal_forgotten),
    "lease in an epoch the caller is not in": Bug(leases.lease_in_any_epoch),
    "verdict retried to success": Bug(sync.refused_becomes_success),
    "poison stops the batch": Bug(sync.poison_stops_the_batch),
    "synchronous=NORMAL on the till": Bug(sync.till_does_not_sync),
    "synchronous=NORMAL at central": Bug(sync.central_does_not_sync),
    "refund clamps at zero": Bug(sync.refund_clamps),
    "fingerprint without date": Bug(sync.fingerprint_without_date, _TWO_DAYS),
    "contained_seq at ack instead of at pull": Bug(sync.contained_at_ack),
    "directory page and cursor in two transactions": Bug(sync.page_and_cursor_apart),
    "free lease at TTL": Bug(leases.lease_free_at_ttl),
    "reuse epoch after a fork": Bug(sync.epoch_used_again),
    "lease armed for ever": Bug(leases.armed_for_ever),
    "armed across reboot": Bug(leases.armed_across_reboot),
    "second session armed while the first lives": Bug(leases.second_session_armed),
    "wall clock dates events": Bug(sync.dated_by_the_wall_clock),
    "lease of a dead run never returned": Bug(leases.lease_never_returned),
    "ack names more than was shown": Bug(sync.ack_names_the_head),
    "trim at acked instead of durable": Bug(sync.trim_at_acked),
    "cursor from a sequence": Bug(sync.cursor_from_a_sequence),
    "answers take no time": Bug(sync.answers_take_no_time),
    "wall clock in leases": Bug(leases.wall_clock_in_leases),
    "cancel gives the points twice": Bug(redeeming.given_back_twice),
    "cancel or expiry without stock back": Bug(redeeming.given_back_without_stock, _TWO_DAYS),
    "points come back with a new last day": Bug(redeeming.given_back_as_new, _TWO_DAYS),
    "cancellation behind the backup forgotten": Bug(redeeming.cancellation_not_heard, _TWO_DAYS),
    "voucher used after cancel": Bug(redeeming.used_after_cancel, _TWO_DAYS),
    "voucher used twice": Bug(redeeming.used_twice, _TWO_DAYS),
    "kept pieces given away": Bug(redeeming.kept_pieces_given_away, _REWARDS),
    "redemption does not count its pieces": Bug(redeeming.last_piece_twice),
    "payment not settled": Bug(redeeming.payment_to_nobody),
    "matched payment left open": Bug(redeeming.match_not_settled, _TWO_DAYS),
    "paid part earns": Bug(redeeming.paid_part_earns, _TWO_DAYS),
    "remade payment loses its till": Bug(redeeming.voucher_ends_early, _TWO_DAYS),
    "coupon consumed twice after a kill": Bug(coupons.remembered_in_memory_alone, _AT_HOME),
    "coupon given back twice on two refunds": Bug(coupons.given_back_by_each_refund, _COUPONS),
    "coupon given back with a part of its bill": Bug(coupons.given_back_by_a_part, _COUPONS),
    "refund before the use of its coupon forgotten": Bug(
        coupons.refund_before_its_use_forgotten, _COUPONS
    ),
    "coupon good again at its till too early": Bug(
        coupons.kept_by_the_till_after_a_refund, _AT_HOME
    ),
    "coupon not settled": Bug(coupons.not_settled, _TWO_DAYS),
    "coupon that no bill took stays used": Bug(coupons.never_put_back, _COUPONS),
    "lent amount not counted under the ceiling": Bug(lending.lent_elsewhere_not_counted, _LENDING),
    "lent ahead without a ceiling": Bug(lending.no_ceiling),
    "lent again at a restore": Bug(lending.lent_again_after_a_restore, _LENDING),
    "spent beyond what was lent": Bug(lending.more_than_was_lent, _LENDING),
    "lent points given back and kept": Bug(lending.given_back_and_kept, _LENDING),
    "lent ahead not shown as exposure": Bug(lending.not_shown),
    "remade lease ahead loses its till": Bug(lending.remade_without_its_till, _LENDING),
    "remade before the imports": Bug(lending.remade_before_the_imports, _LENDING),
    "lent points never come back": Bug(lending.never_let_go),
}
