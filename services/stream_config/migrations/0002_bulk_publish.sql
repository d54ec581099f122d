-- External ids for roles, what a resumed stream must match, and bulk publishing.

ALTER TABLE stream_config.pool
  -- sts:ExternalId for the pool's roles. The default serves the rows there are, and binaries that
  -- do not know the column.
  ADD COLUMN role_external_id text COLLATE "C" NOT NULL
    DEFAULT replace(gen_random_uuid()::text, '-', ''),
  -- Name of the stream with which the epoch began; empty before the first.
  ADD COLUMN epoch_stream_name text NOT NULL DEFAULT '',
  -- The last bulk publish; job 0 if there was none. It runs while it has no complete time, and has
  -- failed if it has a failure message.
  ADD COLUMN bulk_job bigint NOT NULL DEFAULT 0,
  ADD COLUMN bulk_epoch bigint NOT NULL DEFAULT 0,
  ADD COLUMN bulk_start_time timestamptz,
  ADD COLUMN bulk_complete_time timestamptz,
  ADD COLUMN bulk_failure_message text NOT NULL DEFAULT '',
  ADD CHECK ((bulk_job = 0) = (bulk_start_time IS NULL));

UPDATE stream_config.pool SET epoch_stream_name = stream_name WHERE epoch > 0;

-- How far a pool's last bulk publish is. Written every few seconds while one runs: a table of its
-- own, so that watchers of pools are not woken. Of another job than the pool's: means nothing.
CREATE TABLE stream_config.bulk_progress (
  pool_id text COLLATE "C" PRIMARY KEY REFERENCES stream_config.pool ON DELETE CASCADE,
  job bigint NOT NULL,
  datasets_done bigint NOT NULL,
  datasets_total bigint NOT NULL,
  datasets_failed bigint NOT NULL,
  bytes_sent bigint NOT NULL,
  -- When the figures last changed.
  update_time timestamptz NOT NULL
);
