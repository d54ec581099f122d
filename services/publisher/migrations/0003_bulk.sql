-- How far bulk publishes are. Written about once a second while one runs, by the holder of the shard,
-- in the transaction that proves that it is.

CREATE TABLE publisher.bulk_cursor (
  pool_number integer NOT NULL,
  -- BulkPublish.job of the pool.
  job bigint NOT NULL,
  log_shard smallint NOT NULL CHECK (log_shard BETWEEN 0 AND 255),
  -- Every dataset of the shard at or below this place, in this order, is dealt with.
  owner bigint NOT NULL,
  identity_id text COLLATE "C" NOT NULL,
  dataset_name text COLLATE "C" NOT NULL,
  -- And so is every other.
  done boolean NOT NULL,
  -- Datasets dealt with, those of them that the stream refused for good, and bytes sent.
  datasets bigint NOT NULL,
  failed bigint NOT NULL,
  bytes bigint NOT NULL,
  -- One of those refused, and why; empty if there is none.
  failed_identity_id text COLLATE "C" NOT NULL,
  failed_dataset_name text COLLATE "C" NOT NULL,
  failure text NOT NULL,
  PRIMARY KEY (pool_number, job, log_shard)
) WITH (fillfactor = 50);

-- When gapped_through last rose: a bulk publish that began later has sent what was lost.
ALTER TABLE publisher.destination ADD COLUMN gapped_time timestamptz;
