-- Events of an earlier epoch that were written again: where each one stands now. A projection.
CREATE TABLE rehomed (
    epoch     INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    new_epoch INTEGER NOT NULL,
    new_seq   INTEGER NOT NULL,
    PRIMARY KEY (epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX rehomed_by_new ON rehomed (new_epoch, new_seq);

CREATE INDEX sale_by_award ON sale (award_epoch, award_seq);
CREATE INDEX claim_by_place ON claim (epoch, seq);
CREATE INDEX voucher_use_by_place ON voucher_use (epoch, seq);
CREATE INDEX redemption_by_place ON redemption (epoch, seq);

-- Under what request the epoch behind this one is asked for, drawn once.
ALTER TABLE epoch ADD COLUMN request_id TEXT;

-- In which epoch a lease was asked for: those of a sealed one are in doubt at central.
ALTER TABLE lease_request ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1;
