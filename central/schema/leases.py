"""Projections of the ledger about leases and vouchers; `central.schema` names all tables."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, literal_column

from central.schema.columns import big, data, small, table, text

lease = table(
    "lease",
    "lease_id",
    text("lease_id"),
    data("account_id"),
    data("device_id"),
    big("epoch"),
    text("request_id"),
    big("amount"),
    big("spent"),
    big("ttl_s"),
    text("reward_id"),
    text("voucher_code"),
    small("state"),  # central.ledger.judging.rows.LeaseState
    big("turn"),
    UniqueConstraint("shard_key", "device_id", "request_id"),
    CheckConstraint("spent >= 0 AND spent <= amount", name="spent"),
    Index(None, "shard_key", "account_id"),
)

_OPEN = 0  # LeaseState.OPEN
Index(
    "lease_open",
    lease.c.shard_key,
    lease.c.device_id,
    postgresql_where=lease.c.state == _OPEN,
    sqlite_where=lease.c.state == _OPEN,
)
#: Word for word: only so does SQLite use the index for it.
is_open_lease = lease.c.state == literal_column(str(_OPEN))

# The one run of a device that may spend leases of an epoch, until `until_ms` by central's clock.
arm = table(
    "arm",
    "device_id epoch",
    data("device_id"),
    big("epoch"),
    text("session"),
    big("until_ms"),
    text("leases"),  # the ids of those it has not spent or given back, in the order of their grants
)

# Requests for leases that were answered with no, so that no late copy of one is granted.
lease_refusal = table(
    "lease_refusal",
    "device_id request_id",
    data("device_id"),
    text("request_id"),
    text("code"),  # loyalty.rules.earning.Reason
    text("details"),  # its values as JSON
)

# What a lease takes besides points: central.ledger.judging.rows.Redemption as JSON.
redemption = table("redemption", "lease_id", text("lease_id"), text("content"))

# What points and coupons paid of a bill: central.ledger.judging.redemption_rows.PaidBill as JSON.
paid_bill = table("paid_bill", "fingerprint", data("fingerprint"), text("content"))

# Pieces kept for those who are deciding: central.ledger.judging.rows.Reservations as JSON.
reserved = table("reserved", "name", text("name"), text("content"))

voucher = table(
    "voucher",
    "code",
    text("code"),
    text("lease_id"),
    text("reward_id"),
    text("holder_kind"),
    text("holder_key"),
    text("home_device", null=True),  # 32 hex digits
    text("valid_until"),
    small("state"),  # central.ledger.judging.rows.VoucherState
    text("used_by", null=True),  # 32 hex digits
    text("request_id", null=True),
)
_PAID = 1  # VoucherState.REDEEMED
Index(
    "voucher_paid",
    voucher.c.shard_key,
    voucher.c.valid_until,
    postgresql_where=voucher.c.state == _PAID,
    sqlite_where=voucher.c.state == _PAID,
)
#: Word for word: only so does SQLite use the index for it.
is_paid = voucher.c.state == literal_column(str(_PAID))
