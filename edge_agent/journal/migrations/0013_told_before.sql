-- What another incarnation of central told stays in use until the new feed was read to its end.
ALTER TABLE pulled ADD COLUMN old INTEGER NOT NULL DEFAULT 0;
ALTER TABLE claimed_elsewhere ADD COLUMN old INTEGER NOT NULL DEFAULT 0;
CREATE INDEX pulled_old ON pulled (old) WHERE old = 1;
CREATE INDEX claimed_elsewhere_old ON claimed_elsewhere (old) WHERE old = 1;
