-- Bills that points paid a part of on this till, and what came of each.
CREATE TABLE payment (
    voucher_code TEXT PRIMARY KEY,
    points       INTEGER NOT NULL,
    due_fen      INTEGER NOT NULL,
    paid_fen     INTEGER NOT NULL,
    wall_ms      INTEGER NOT NULL,
    boot_id      TEXT NOT NULL,
    boottime_ms  INTEGER NOT NULL,
    outcome      TEXT NOT NULL -- empty while its receipt is awaited
) STRICT, WITHOUT ROWID;
