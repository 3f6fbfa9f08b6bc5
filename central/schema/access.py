"""The tables by which a member proves who they are: a PIN, and the passes they have shown."""

from central.schema.columns import big, data, small, table, text

member_access = table(
    "member_access",
    "member",
    text("member"),
    text("pin_hash", null=True),  # central.passwords
    text("opening_hash", null=True),  # SHA-256 of the code that the desk gave out, until it is used
    big("opening_until_ms"),
    small("wrong"),  # wrong PINs and codes in a row
    big("waits_until_ms"),
)

# A slot of a pass pays once. Rows of slots long past are deleted.
pass_shown = table(
    "pass_shown",
    "member slot",
    text("member"),
    big("slot"),
    data("device_id"),
    text("request_id"),
)
