"""Projections of the ledger about activities. `central.schema` names all tables."""

from sqlalchemy import Index

from central.schema.columns import big, table, text

# Codes that were signed together: central.ledger.judging.activity_rows.Batch as JSON.
activity_batch = table("activity_batch", "batch", text("batch"), text("content"))

# What one member did of one activity: central.ledger.judging.activity_rows.Doing.
activity_doing = table(
    "activity_doing",
    "activity_id member",
    text("activity_id"),
    text("member"),
    big("times"),
    text("day"),
    big("result"),
    big("result_ms"),
    big("stamps"),
    big("spent_fen"),
    big("rounds"),
    big("points"),
    text("referrer"),
    Index(None, "shard_key", "member"),
)
