-- A coupon that is kept for a bill, or was used on one: what its paper said, as JSON.
CREATE TABLE coupon (
    voucher_code TEXT PRIMARY KEY,
    kept         TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What paid for a bill is found by its receipt, so that a refund gives back what is due.
ALTER TABLE payment ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
ALTER TABLE payment ADD COLUMN holder_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE payment ADD COLUMN holder_key TEXT NOT NULL DEFAULT '';
ALTER TABLE payment ADD COLUMN back INTEGER NOT NULL DEFAULT 0;
ALTER TABLE voucher_use ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
ALTER TABLE voucher_use ADD COLUMN off_fen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE refund ADD COLUMN owed_fen INTEGER NOT NULL DEFAULT 0;
CREATE INDEX payment_fingerprint ON payment (fingerprint);
CREATE INDEX voucher_use_fingerprint ON voucher_use (fingerprint);
