-- Sales that central keeps back are told as well: `subject` is a claim's hash or a fingerprint.
ALTER TABLE refusal_told RENAME COLUMN claim_hash TO subject;
