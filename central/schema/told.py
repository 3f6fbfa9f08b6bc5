"""What devices tell of themselves beside their events; `central.schema` names all tables."""

from central.schema.columns import big, data, table

# A device holds a seal that a seal of this incarnation contradicts: the history was changed.
witness = table(
    "witness",
    "device_id",
    data("device_id"),
    data("incarnation"),
    big("told_ms"),
    big("held_turn"),
    data("held_digest"),
    big("told_turn"),
)

# What a device last told of gaps in its papers.
trail = table(
    "trail",
    "device_id",
    data("device_id"),
    big("skipped"),
    big("drawers"),
    big("lost"),
    big("told_ms"),
)
