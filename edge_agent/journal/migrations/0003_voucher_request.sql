-- Under what request central was asked to use a voucher up, drawn once and kept until it answered:
-- a lost answer must not cost the member the voucher.
CREATE TABLE voucher_request (
    voucher_code TEXT PRIMARY KEY,
    request_id   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
