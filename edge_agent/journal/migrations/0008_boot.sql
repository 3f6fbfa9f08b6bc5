-- Boots of this machine in which something may have been written that central has not taken yet, in
-- their order: when the journal was first opened in it, and the last sample of central's clock.
CREATE TABLE boot (
    number      INTEGER PRIMARY KEY,
    boot_id     TEXT NOT NULL UNIQUE,
    opened_ms   INTEGER NOT NULL,
    server_ms   INTEGER,
    boottime_ms INTEGER,
    rtt_ms      INTEGER
) STRICT;
