"""Every table of central, the same on SQLite, PostgreSQL and Citus (SYNC 2.11).

Owns names, types, keys and checks; never a query. The rules: `shard_key` stands first in every
primary key, unique key and index; ids come from the application, so there are no sequences,
triggers or defaults; four types only, and truth values are 0 and 1. No key crosses shards.

Three kinds of table stand here. The log (`stream`, `inbox`) is the truth and is only appended to.
The ledger's projections can be thrown away and folded again out of the log. The records (members,
shops, rewards, rule books, devices, staff) are kept by people.
"""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from central.schema.access import member_access as member_access
from central.schema.access import pass_shown as pass_shown
from central.schema.activities import activity_batch as activity_batch
from central.schema.activities import activity_doing as activity_doing
from central.schema.columns import big, data, small, table, text
from central.schema.columns import metadata as metadata  # named here for others
from central.schema.inbox import inbox as inbox
from central.schema.inbox import is_open as is_open
from central.schema.inbox import is_raised as is_raised
from central.schema.leases import arm as arm
from central.schema.leases import lease as lease
from central.schema.leases import lease_refusal as lease_refusal
from central.schema.leases import paid_bill as paid_bill
from central.schema.leases import redemption as redemption
from central.schema.leases import reserved as reserved
from central.schema.leases import voucher as voucher
from central.schema.records import member as member
from central.schema.records import member_card as member_card
from central.schema.records import reward as reward
from central.schema.records import reward_stock as reward_stock
from central.schema.records import reward_terms as reward_terms
from central.schema.records import rule_book as rule_book
from central.schema.records import shop as shop
from central.schema.records import staff as staff
from central.schema.reviews import review as review
from central.schema.reviews import review_paper as review_paper
from central.schema.reviews import taught as taught
from central.schema.reviews import template as template
from central.schema.rules import job_leader as job_leader
from central.schema.rules import job_run as job_run
from central.schema.rules import member_profile as member_profile
from central.schema.rules import pending_lot as pending_lot
from central.schema.rules import reminder as reminder
from central.schema.rules import rule_use as rule_use
from central.schema.rules import sale_fact as sale_fact
from central.schema.rules import tier_change as tier_change
from central.schema.told import trail as trail
from central.schema.told import witness as witness

# --- the shard: its row is the lock, the commit order and the position in the feed

shard = table(
    "shard",
    "",
    big("turn"),
    big("feed_position"),
    data("incarnation"),  # drawn anew when central is restored from a backup
    text("programme"),
    text("zone"),  # IANA name; the days of lots, claims and vouchers are days there
    data("central_public", null=True),  # the key by which tills know this central
    small("tenant_number", null=True),  # which of its tenant keys is in use; none: the first
)

# --- devices

device = table(
    "device",
    "device_id",
    data("device_id"),  # 16 random bytes, drawn when store IT registers the device
    text("name"),
    text("role"),  # till | kiosk
    text("shop_id"),
    small("state"),  # 0 expected, 1 enrolled, 2 revoked
    data("public_key", null=True),  # Ed25519, 32 bytes, from its enrolment on
    big("enrolled_ms", null=True),
    small("tenant_number", null=True),  # the tenant key that it said it uses; none: the first
    UniqueConstraint("shard_key", "name"),
)

enrolment = table(
    "enrolment",
    "code_hash",
    data("code_hash"),  # SHA-256 of the one-time code: central.sync.enrolment.code_hash
    data("device_id"),
    big("expires_ms"),
    data("used_by", null=True),  # the public key that was brought with it
)

contact = table(
    "contact",
    "device_id",
    data("device_id"),
    big("seen_ms"),  # the last push
    big("clock_error_ms"),  # the device's wall clock less central's at that push
    text("session"),
    big("epoch", null=True),
    big("last_written", null=True),  # the last seq it said it has or will; -1: not said
)

# --- the log

stream = table(
    "stream",
    "device_id epoch",
    data("device_id"),
    big("epoch"),
    big("head_seq"),
    data("head_hash"),  # the anchor of the epoch while head_seq is 0
    small("state"),  # 0 open, 1 sealed
    big("final_seq", null=True),
)

epoch_grant = table(
    "epoch_grant",
    "device_id epoch",
    data("device_id"),
    big("epoch"),
    text("request_id"),  # who asks again under it is the machine that got the epoch
    text("session"),
    big("granted_ms"),
)

fence = table(
    "fence",
    "device_id epoch request_id",
    data("device_id"),
    big("epoch"),  # the sealed epoch that this machine wrote too
    text("request_id"),
    text("session"),
    big("head_seq"),
    data("head_hash"),
    big("seen_ms"),
)

rehome = table(
    "rehome",
    "device_id epoch hash",
    data("device_id"),
    big("epoch"),
    data("hash"),
    big("new_epoch"),
    big("new_seq"),
)

# --- what a copy elsewhere holds, and what came out of one

# How far each chain is in the last backup that was read again and found sound.
durable = table(
    "durable",
    "device_id epoch",
    data("device_id"),
    big("epoch"),
    big("through_seq"),
)

restored = table("restored", "", big("restored_ms"))

# Who has not told since what the restored file may lack.
awaited = table("awaited", "device_id", data("device_id"))

# --- the ledger's projections

account = table(
    "account",
    "account_id",
    data("account_id"),  # central.ledger.judging.accounts says how it is made
    small("kind"),
    big("posted"),
    big("held"),
    big("last_transfer"),  # the number of the last one that touched it
    big("turn"),
    # A wallet's lots change when it does, so one row, on one page, holds both.
    text("next_expiry", null=True),  # the last day of the lot that ends first
    data("lots", null=True),  # central.ledger.writing.lots says how; none for other accounts
    big("purchases", null=True),  # of a member's wallet: sales of which something was kept
    text("bought_on", null=True),  # the days of the first few, with spaces between
    CheckConstraint("held >= 0", name="held"),
    CheckConstraint("kind <> 1 OR posted - held >= 0", name="wallet"),  # 1 = wallet
)

# Numbered without gaps in the order of the ledger. An account's transfers form a chain from its
# `last_transfer` back: no index by account, whose pages a large ledger would rewrite at random.
transfer = table(
    "transfer",
    "number",
    big("number"),
    data("device_id"),  # the event that booked it
    big("epoch"),
    big("seq"),
    small("leg"),
    big("turn"),
    big("booked_ms"),  # the event's received_ms
    big("happened_ms"),  # the latest it can have happened
    data("debit_id"),
    data("credit_id"),
    big("debit_before"),  # the transfer that touched the account before this one; 0 for its first
    big("credit_before"),
    big("amount"),
    small("code"),  # central.ledger.judging.accounts.Code
    text("subject"),  # fingerprint of the receipt (hex), lease id, or card tag
    CheckConstraint("amount > 0", name="amount"),
    clustered=True,
)

# Which event has a receipt: the one that sold it or took it back.
receipt_key = table(
    "receipt_key",
    "printed_on fingerprint",
    text("printed_on"),  # empty if what is printed is no day: central.ledger.judging.references
    data("fingerprint"),
    data("device_id"),
    big("epoch"),
    big("seq"),
    clustered=True,
)

# A device's sale that did not count as it came, and which sale it turned out to be.
receipt_copy = table(
    "receipt_copy",
    "device_id fingerprint",
    data("device_id"),
    data("fingerprint"),
    big("epoch"),
    big("seq"),
    data("sale"),  # its fingerprint; empty while nobody has said
)

# Found by its fingerprint through `receipt_key`, by its number and by its claim code.
sale = table(
    "sale",
    "device_id epoch seq",
    data("device_id"),
    big("epoch"),
    big("seq"),
    data("fingerprint"),
    text("shop_id"),
    text("number", null=True),  # normalised
    text("printed_on"),
    text("sold_on"),
    big("owed_fen"),
    big("eligible_fen"),
    big("refunded_fen"),
    text("category"),
    text("book"),
    text("holder_kind", null=True),
    text("holder_key", null=True),
    text("tier_id"),
    big("points"),  # what was posted for the whole of eligible_fen
    big("taken_back"),
    data("claim_hash", null=True),
    text("expires_on"),  # the last day of its claim
    small("state"),  # central.ledger.judging.rows.SaleState
    Index(None, "shard_key", "shop_id", "number"),
)
Index(
    "sale_claim_hash",
    sale.c.shard_key,
    sale.c.claim_hash,
    postgresql_where=sale.c.claim_hash.is_not(None),
    sqlite_where=sale.c.claim_hash.is_not(None),
)

# Refunds that know no more of their sale than its number, by the reference to that:
# central.ledger.judging.refund_rows.NumberRefunds as JSON.
number_refund = table("number_refund", "reference", data("reference"), text("content"))

# What the fold knows of people, fed by MemberSet events and by nothing else.
member_tier = table("member_tier", "member", text("member"), text("tier_id"), clustered=True)

card = table(
    "card",
    "tag",
    text("tag"),
    text("member"),
    Index(None, "shard_key", "member"),
    clustered=True,
)

# Whose each card was when: `member` had it first, `later` says who after them.
card_owner = table(
    "card_owner",
    "tag",
    text("tag"),
    text("member"),
    big("since_ms"),
    text("later", null=True),
    clustered=True,
)

waiting = table(
    "waiting",
    "device_id epoch seq",
    data("device_id"),
    big("epoch"),
    big("seq"),
    data("reference"),  # what the event waits for: central.ledger.judging.references
    Index(None, "shard_key", "reference"),
)

feed = table(
    "feed",
    "position",
    big("position"),
    small("topic"),  # loyalty.wire.Topic
    text("item"),
    data("device_id", null=True),  # the only device that this row is for
    data("payload", null=True),  # msgpack of the topic's row; None: the item is gone
    clustered=True,
)

# What one turn changed must reach a till together: its balances count what its pushes did.
feed_turn = table(
    "feed_turn",
    "first_position",
    big("first_position"),
    big("last_position"),
)

# Files of the member directory that tills can fetch, and deltas between two of them. The bytes lie
# in a folder under the same names.
member_file = table(
    "member_file",
    "name",
    text("name"),  # SHA-256 of the bytes, 64 hex digits
    big("position"),  # where the feed stood when it was read
    big("size"),
    text("delta_from", null=True),  # set for a delta: the names of the files it leads from and to
    text("delta_to", null=True),
    data("incarnation"),
    big("made_ms"),
)

# Rows of members and cards up to here are deleted from the feed: a file holds what they came to.
feed_floor = table("feed_floor", "", big("position"))
