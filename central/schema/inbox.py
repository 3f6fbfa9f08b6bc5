"""The log of all events as they came, and what of it people or other events are to see to.

`central.schema` names all tables.
"""

from sqlalchemy import Index, bindparam

from central.schema.columns import big, data, small, table, text

inbox = table(
    "inbox",
    "device_id epoch seq",
    data("device_id"),
    big("epoch"),
    big("seq"),
    data("hash"),
    big("kind"),
    big("kind_version"),
    data("body"),  # exactly as first written
    big("earliest_ms"),  # when it happened lies between these two, by central's clock
    big("latest_ms"),
    big("received_ms"),  # central's clock when the turn ran
    big("turn"),
    big("place"),  # order within the turn
    small("verdict"),  # loyalty.wire.Verdict; a projection, like the three that follow
    text("reason"),
    big("adjusted"),
    text("error", null=True),  # what a handler raised
    small("quality", null=True),  # central.ledger.judging.moments.Quality; none for older events
    Index(None, "shard_key", "turn", "place", unique=True),
)
# 2 PENDING_REF, 3 PENDING_UPGRADE, 4 QUARANTINED, 6 CORRUPT_BODY, 7 LOST
_OPEN = (2, 3, 4, 6, 7)
Index(
    "inbox_open",
    inbox.c.shard_key,
    inbox.c.verdict,
    postgresql_where=inbox.c.verdict.in_(_OPEN),
    sqlite_where=inbox.c.verdict.in_(_OPEN),
)
#: Beside a condition on the verdict: only word for word does SQLite use the index for it.
is_open = inbox.c.verdict.in_(bindparam("open", _OPEN, expanding=True, literal_execute=True))

_RAISED = ("voucher_used", "off_catalogue", "same_number", "scanned_elsewhere")
Index(
    "inbox_raised",
    inbox.c.shard_key,
    inbox.c.reason,
    postgresql_where=inbox.c.reason.in_(_RAISED),
    sqlite_where=inbox.c.reason.in_(_RAISED),
)
#: What counts and yet wants a person, beside a condition on the verdict: word for word again.
is_raised = inbox.c.reason.in_(bindparam("raised", _RAISED, expanding=True, literal_execute=True))
