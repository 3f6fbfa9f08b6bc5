"""The tables of records that people keep: members, shops, rewards and rule books.

Names, numbers and phones stand in `member` and nowhere else.
"""

from sqlalchemy import Index, UniqueConstraint

from central.schema.columns import big, data, small, table, text

member = table(
    "member",
    "member",
    text("member"),  # pseudonym, 16 hex digits
    text("number"),  # 12 digits
    text("name"),
    text("masked_name"),  # what tills may show, at most 12 bytes
    text("phone", null=True),
    text("joined_on"),
    UniqueConstraint("shard_key", "number"),
    Index(None, "shard_key", "phone"),
)

# Each code of a member stands here once for every tenant key under which a till may know it.
member_card = table(
    "member_card",
    "tag",
    text("tag"),  # loyalty.codes.card_tag of the number or alias
    text("member"),
    text("alias"),  # as scanned: an NFC id, a stripe, the number itself
    small("key_number", null=True),  # which tenant key the tag is under; none: the first
    Index(None, "shard_key", "member"),
)

shop = table(
    "shop",
    "shop_id",
    text("shop_id"),
    text("name_zh"),
    text("name_en"),
    text("category"),
)

reward = table(
    "reward",
    "reward_id",
    text("reward_id"),
    text("name_zh"),
    text("name_en"),
    big("points"),
    text("kind"),  # loyalty.catalogue.KINDS
    text("home_shop", null=True),
    small("offered"),
    text("details", null=True),  # loyalty.catalogue.Details as JSON; none for a plain reward
)

# What each reward cost and who could have it, from when on: what is spent at a device that is cut
# off is judged by it. Only appended to.
reward_terms = table(
    "reward_terms",
    "reward_id from_ms",
    text("reward_id"),
    big("from_ms"),
    text("content"),  # loyalty.catalogue.Terms as JSON
)

# How many pieces of a reward a place ever got. What of them is left, the ledger counts.
reward_stock = table(
    "reward_stock",
    "reward_id place",
    text("reward_id"),
    text("place"),  # a shop that hands them over; empty: anywhere
    big("supplied"),
)

rule_book = table(
    "rule_book",
    "version",
    text("version"),  # loyalty.rules.rulebook.version
    data("canonical"),
    big("effective_ms"),
)

staff = table(
    "staff",
    "login",
    text("login"),
    text("name"),
    text("role"),
    text("password_hash"),
    small("active"),
    big("created_ms"),
)
