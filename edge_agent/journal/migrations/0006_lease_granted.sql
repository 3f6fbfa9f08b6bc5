-- Which lease a request came to: only what central granted in this epoch may be spent.
ALTER TABLE lease_request ADD COLUMN lease_id TEXT;
CREATE INDEX lease_request_by_lease ON lease_request (lease_id) WHERE lease_id IS NOT NULL;
