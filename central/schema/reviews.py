"""The tables of papers in review: the queue (a projection), the papers, and what they taught."""

from sqlalchemy import Index

from central.schema.columns import big, data, small, table, text

review = table(
    "review",
    "review_id",
    text("review_id"),  # 64 hex digits: loyalty.reviewing.review_id
    small("state"),  # central.ledger.judging.rows.ReviewState
    text("shop_id"),
    text("paper_hash"),
    big("opened_ms"),  # the latest it can have been printed
    big("decided_ms", null=True),
    text("content"),  # JSON of central.ledger.judging.rows.Review
    Index(None, "shard_key", "state", "opened_ms"),
)
Index("review_by_paper", review.c.shard_key, review.c.paper_hash)

# Redacted, compressed, sent beside the chains; deleted some time after the decision.
review_paper = table(
    "review_paper",
    "paper_hash",
    text("paper_hash"),  # SHA-256 of what it unpacks to
    data("device_id"),  # who sends it
    big("total"),
    data("job"),  # as much of it as is here
    big("received_ms"),  # the last piece
)

template = table(
    "template",
    "shop_id",
    text("shop_id"),
    text("version"),  # SHA-256 of its canonical bytes
    data("canonical"),  # receipts.templates
    big("made_ms"),
)

# Which decisions have taught a template: each teaches once.
taught = table("taught", "review_id", text("review_id"), text("outcome"))
