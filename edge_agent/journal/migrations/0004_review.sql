-- The review queue: a projection of ReviewOpened, ReviewHeld and ReviewDecided.
CREATE TABLE review_item (
    review_id     TEXT PRIMARY KEY,
    epoch         INTEGER NOT NULL,
    seq           INTEGER NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'corrected', 'rejected')),
    holder_kind   TEXT,
    holder_key    TEXT,
    claim_hash    TEXT,
    decided_epoch INTEGER,
    decided_seq   INTEGER
) STRICT;
CREATE INDEX review_item_open ON review_item (epoch, seq) WHERE state = 'open';
CREATE INDEX review_item_by_claim ON review_item (claim_hash) WHERE claim_hash IS NOT NULL;

-- The papers themselves, redacted: this device's own, written with the event that opened the
-- review; `sent` bytes of each are at central.
CREATE TABLE review_paper (
    review_id  TEXT PRIMARY KEY,
    paper_hash TEXT NOT NULL,
    at_ms      INTEGER NOT NULL
) STRICT;
CREATE INDEX review_paper_by_hash ON review_paper (paper_hash);

CREATE TABLE paper (
    paper_hash TEXT PRIMARY KEY,
    packed     BLOB NOT NULL,
    sent       INTEGER NOT NULL
) STRICT;
