-- Activities whose codes were scanned on this device, and who did them.
CREATE TABLE activity (
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    member      TEXT NOT NULL,
    activity_id TEXT NOT NULL,
    batch       TEXT NOT NULL,
    number      INTEGER NOT NULL, -- 0 for a poster's code, which many may scan
    day         TEXT NOT NULL,    -- the mall's day; empty where it was not sure here
    PRIMARY KEY (epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX activity_by_member ON activity (member, activity_id);
CREATE INDEX activity_by_code ON activity (batch, number) WHERE number > 0;
