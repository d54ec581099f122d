-- Identity pools and their settings. What each field means to users stands in
-- proto/tidemark/stream_config/v1/pool.proto.

-- One row. Every write of a pool updates it first and so holds its lock until the commit: revisions
-- become visible in their order, and a reader that goes on from the last one misses nothing.
-- Settings change rarely; nobody queues here.
CREATE TABLE stream_config.state (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  -- The last revision given out.
  revision bigint NOT NULL DEFAULT 0,
  -- The last pool number given out. Numbers are never used twice.
  last_pool_number integer NOT NULL DEFAULT 0
);
INSERT INTO stream_config.state DEFAULT VALUES;

CREATE TABLE stream_config.pool (
  pool_id text COLLATE "C" PRIMARY KEY,
  pool_number integer NOT NULL UNIQUE,
  -- Of the last change, deletion included: what the watchers of all replicas follow.
  revision bigint NOT NULL UNIQUE,
  version bigint NOT NULL,
  -- The request that made the pool, and the hash of its content; null if it had no id.
  request_id text COLLATE "C" UNIQUE,
  content_hash bytea NOT NULL,
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  -- Set: a tombstone. Its id, number and request id are never given again.
  delete_time timestamptz,
  -- When the dataset service was last told to purge what is left of a deleted pool.
  purge_time timestamptz,

  display_name text NOT NULL,
  -- Null: the stream was never configured, or its settings were cleared.
  stream_enabled boolean,
  stream_name text NOT NULL,
  stream_role_arn text NOT NULL,
  -- These outlive the settings: no epoch is used twice.
  disabled_reason text NOT NULL,
  enabled_time timestamptz,
  start_position bigint NOT NULL,
  epoch bigint NOT NULL,
  push_application_arns text[] NOT NULL,
  push_role_arn text NOT NULL,
  -- Lambda function of the sync trigger; empty for none.
  sync_trigger_arn text NOT NULL,
  -- 0 in a limit: its default.
  datasets_per_identity integer NOT NULL,
  records_per_dataset integer NOT NULL,
  bytes_per_dataset bigint NOT NULL,
  keys_per_dataset integer NOT NULL,
  dataset_names_per_identity integer NOT NULL,

  CHECK (stream_enabled IS NOT TRUE OR (stream_name <> '' AND stream_role_arn <> '' AND epoch > 0))
);

-- Deleted pools of which something may be left.
CREATE INDEX pool_unpurged ON stream_config.pool (delete_time)
  WHERE delete_time IS NOT NULL AND purge_time IS NULL;
