"""Projections of the ledger about rules: what awards share and what they were worked out with.

`central.schema` names all tables. Books of rates and tiers alone write none of these rows.
"""

from sqlalchemy import CheckConstraint, Index

from central.schema.columns import big, data, small, table, text

# How far each counter that receipts share has come: `loyalty.rules.counting`.
rule_use = table("rule_use", "name", text("name"), big("used"))

# What the award of a sale was worked out with: central.ledger.judging.rows.Facts as JSON.
sale_fact = table("sale_fact", "fingerprint", data("fingerprint"), text("content"))

# What rules may ask of a member, and how their tier stands: `member_rows.Profile` as JSON.
member_profile = table("member_profile", "member", text("member"), text("content"))

# Each change of a member's tier, by its event in central's own chain: `member_rows.TierChange`.
tier_change = table("tier_change", "member seq", text("member"), big("seq"), text("content"))

# Points that do not count yet, beside the wallet's lots: loyalty.rules.lots.PendingLot.
pending_lot = table(
    "pending_lot",
    "account_id lot_id",
    data("account_id"),
    data("lot_id"),
    text("counts_from"),
    text("expires_on"),
    big("remaining"),
    text("subject"),  # fingerprint of the receipt (hex)
    CheckConstraint("remaining > 0", name="remaining"),
    Index(None, "shard_key", "counts_from", "account_id"),
)

# --- the worker's own records

# One line for each run of a job for a day; a job that ran whole is not run again for it.
job_run = table(
    "job_run",
    "job day started_ms",
    text("job"),
    text("day"),
    big("started_ms"),
    big("ended_ms", null=True),
    small("state"),  # central.jobs.runs.RunState
    big("done"),
    text("detail"),
    Index(None, "shard_key", "started_ms"),
)

# What members are to hear of on a day; `content` is the reason that words it, as JSON.
reminder = table(
    "reminder",
    "day member subject",
    text("day"),
    text("member"),
    text("subject"),  # loyalty.rules.reminders.Due, or statement/ and the month
    text("content"),
    Index(None, "shard_key", "member", "day"),
)

# Who may run jobs now: one worker at a time.
job_leader = table("job_leader", "", text("worker"), big("until_ms"))
