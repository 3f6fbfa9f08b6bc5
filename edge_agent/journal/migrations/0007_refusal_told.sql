-- Claims that central refused after the counter had taken them, of which people here were told.
CREATE TABLE refusal_told (claim_hash TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
