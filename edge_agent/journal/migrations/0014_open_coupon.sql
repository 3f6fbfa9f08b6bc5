-- Every push tells whether a coupon is kept here for a bill: nearly all that there are, are used.
ALTER TABLE coupon ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
UPDATE coupon SET used = 1 WHERE json_extract(kept, '$.outcome') = 'used';
CREATE INDEX open_coupon ON coupon (voucher_code) WHERE used = 0;
