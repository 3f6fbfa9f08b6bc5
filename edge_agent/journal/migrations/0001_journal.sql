-- Who this device is. The private key is not here but in device.key beside this file.
CREATE TABLE identity (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    shard_key   INTEGER NOT NULL,
    device_id   BLOB NOT NULL,
    epoch       INTEGER NOT NULL,
    name        TEXT NOT NULL,
    role        TEXT NOT NULL,
    shop_id     TEXT NOT NULL,
    tenant_key  BLOB NOT NULL,
    central_key BLOB NOT NULL,
    programme   TEXT NOT NULL,
    zone        TEXT NOT NULL,
    central_url TEXT NOT NULL
) STRICT;

-- One row per incarnation of the chain. The outbox is `seq > acked_seq`; what the directory
-- contains already is `seq <= contained_seq`. `refused` is why central takes no more of it.
CREATE TABLE epoch (
    epoch         INTEGER PRIMARY KEY,
    anchor        BLOB NOT NULL,
    acked_seq     INTEGER NOT NULL DEFAULT 0,
    contained_seq INTEGER NOT NULL DEFAULT 0,
    refused       TEXT
) STRICT;

-- The journal itself.
CREATE TABLE event (
    epoch        INTEGER NOT NULL,
    seq          INTEGER NOT NULL CHECK (seq > 0),
    hash         BLOB NOT NULL CHECK (length(hash) = 32),
    kind         INTEGER NOT NULL,
    kind_version INTEGER NOT NULL,
    body         BLOB NOT NULL CHECK (length(body) <= 4096),
    PRIMARY KEY (epoch, seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

-- Projections: rebuilt from the events whenever PROJECTIONS_VERSION changes.
CREATE TABLE projection (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL) STRICT;
INSERT INTO projection (one, version) VALUES (1, 0);

CREATE TABLE sale (
    fingerprint   TEXT PRIMARY KEY,
    epoch         INTEGER NOT NULL,
    seq           INTEGER NOT NULL,
    shop_id       TEXT NOT NULL,
    number        TEXT,
    claim_hash    TEXT,
    state         TEXT NOT NULL CHECK (state IN ('open', 'awarded', 'claimed', 'reversed')),
    holder_kind   TEXT,
    holder_key    TEXT,
    tier_id       TEXT NOT NULL,
    points        INTEGER NOT NULL,
    award_epoch   INTEGER NOT NULL, -- with award_seq: the last event that said who holds it
    award_seq     INTEGER NOT NULL,
    refunded_fen  INTEGER NOT NULL DEFAULT 0,
    taken_back    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX sale_by_place ON sale (epoch, seq);
CREATE INDEX sale_by_number ON sale (shop_id, number);
CREATE INDEX sale_by_claim ON sale (claim_hash) WHERE claim_hash IS NOT NULL;
CREATE INDEX sale_open ON sale (epoch, seq) WHERE state = 'open';

CREATE TABLE refund (
    fingerprint TEXT PRIMARY KEY,
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    original    TEXT,
    points      INTEGER
) STRICT;
CREATE INDEX refund_by_place ON refund (epoch, seq);

CREATE TABLE claim (
    claim_hash  TEXT PRIMARY KEY,
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    holder_kind TEXT NOT NULL,
    holder_key  TEXT NOT NULL,
    points      INTEGER
) STRICT;

CREATE TABLE voucher_use (
    voucher_code TEXT PRIMARY KEY,
    epoch        INTEGER NOT NULL,
    seq          INTEGER NOT NULL
) STRICT;

CREATE TABLE redemption (
    voucher_code TEXT PRIMARY KEY,
    epoch        INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    lease_id     TEXT NOT NULL
) STRICT;

CREATE TABLE lease (
    lease_id TEXT PRIMARY KEY,
    spent    INTEGER NOT NULL,
    closed   INTEGER NOT NULL CHECK (closed IN (0, 1))
) STRICT;

CREATE TABLE review (
    epoch    INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    job_hash TEXT NOT NULL,
    PRIMARY KEY (epoch, seq)
) STRICT, WITHOUT ROWID;

-- What each event gives to (or takes from) a holder. A refund of a sale that was claimed elsewhere
-- names the sale instead: who holds it is in claimed_elsewhere, which is not ours to project.
CREATE TABLE movement (
    epoch       INTEGER NOT NULL,
    seq         INTEGER NOT NULL,
    leg         INTEGER NOT NULL,
    holder_kind TEXT,
    holder_key  TEXT,
    fingerprint TEXT,
    points      INTEGER NOT NULL,
    PRIMARY KEY (epoch, seq, leg),
    CHECK ((holder_key IS NULL) = (fingerprint IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX movement_by_holder ON movement (holder_key, holder_kind);
CREATE INDEX movement_by_sale ON movement (fingerprint) WHERE fingerprint IS NOT NULL;

-- This device's own state, written in the transaction of the event that caused it.
CREATE TABLE slip (
    slip_id TEXT PRIMARY KEY,
    epoch   INTEGER,
    seq     INTEGER,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    data    BLOB NOT NULL,
    state   TEXT NOT NULL CHECK (state IN ('held', 'queued', 'handed_over', 'printed',
                                           'not_printed', 'unknown', 'dropped')),
    copies  INTEGER NOT NULL DEFAULT 0,
    at_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX slip_by_state ON slip (state);
CREATE INDEX slip_by_subject ON slip (subject);

CREATE TABLE job (
    job_id TEXT PRIMARY KEY,
    at_ms  INTEGER NOT NULL,
    epoch  INTEGER,
    seq    INTEGER,
    detail BLOB NOT NULL
) STRICT;
CREATE INDEX job_by_time ON job (at_ms);

-- A lease that was asked for, kept so that a crash before the answer is used cannot lose it.
CREATE TABLE lease_request (
    request_id TEXT PRIMARY KEY,
    session    TEXT NOT NULL,
    request    BLOB NOT NULL,
    answer     BLOB
) STRICT;

-- What central said. All but the verdicts can be pulled again.
CREATE TABLE cursor (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    incarnation BLOB NOT NULL,
    position    INTEGER NOT NULL,
    topics      TEXT NOT NULL
) STRICT;
INSERT INTO cursor (one, incarnation, position, topics) VALUES (1, x'', 0, '');

CREATE TABLE ack (
    incarnation   BLOB NOT NULL,
    feed_position INTEGER NOT NULL,
    epoch         INTEGER NOT NULL,
    seq           INTEGER NOT NULL,
    PRIMARY KEY (incarnation, feed_position, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE verdict (
    epoch    INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    code     INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    adjusted INTEGER NOT NULL,
    PRIMARY KEY (epoch, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    server_ms   INTEGER NOT NULL,
    wall_ms     INTEGER NOT NULL,
    boot_id     TEXT NOT NULL,
    boottime_ms INTEGER NOT NULL,
    rtt_ms      INTEGER NOT NULL
) STRICT;

CREATE TABLE member (
    member      TEXT PRIMARY KEY,
    tier_id     TEXT NOT NULL,
    balance     INTEGER NOT NULL,
    masked_name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE member_tag (
    tag    TEXT PRIMARY KEY,
    member TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX member_tag_by_member ON member_tag (member);

CREATE TABLE card (
    tag     TEXT PRIMARY KEY,
    balance INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE claimed_elsewhere (
    fingerprint TEXT PRIMARY KEY,
    holder_kind TEXT NOT NULL,
    holder_key  TEXT NOT NULL,
    points      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX claimed_elsewhere_by_holder ON claimed_elsewhere (holder_key, holder_kind);

-- Rule books, rewards and shops: few, read whole.
CREATE TABLE pulled (
    topic   INTEGER NOT NULL,
    item    TEXT NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (topic, item)
) STRICT, WITHOUT ROWID;

-- A row this version could not read must not stop the rows behind it.
CREATE TABLE unread_row (
    position INTEGER PRIMARY KEY,
    topic    INTEGER NOT NULL,
    item     TEXT NOT NULL,
    payload  BLOB,
    why      TEXT NOT NULL
) STRICT;
