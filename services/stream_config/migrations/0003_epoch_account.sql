-- The other half of what a resumed stream must match: streams of one name in two accounts are two.

-- Account of the role with which the epoch began; empty before the first.
ALTER TABLE stream_config.pool ADD COLUMN epoch_account text NOT NULL DEFAULT '';

UPDATE stream_config.pool
SET epoch_account = split_part(stream_role_arn, ':', 5) WHERE epoch > 0;
