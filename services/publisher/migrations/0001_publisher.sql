-- Who publishes what, and how far. All of it is small and written a few times a second at most.

-- Publishers that are alive: each renews its row. An expired one is deleted by whoever waits, which
-- gives its log shards free.
CREATE TABLE publisher.member (
  member_id text COLLATE "C" PRIMARY KEY,
  started_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_time timestamptz NOT NULL
) WITH (fillfactor = 50);

-- The log shards, each held by one member at most; members share them evenly.
CREATE TABLE publisher.lease (
  log_shard smallint PRIMARY KEY CHECK (log_shard BETWEEN 0 AND 255),
  member_id text COLLATE "C" REFERENCES publisher.member ON DELETE SET NULL,
  -- Rises each time the shard is taken: whoever quotes an older one writes nothing.
  fencing_token bigint NOT NULL DEFAULT 0,
  -- Every change of the shard at or below is delivered, parked or not wanted, for every destination
  -- that counts there.
  settled_position bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 25);
INSERT INTO publisher.lease (log_shard) SELECT generate_series(0, 255);

-- What is known of a destination: one epoch of a pool's stream.
CREATE TABLE publisher.destination (
  pool_number integer NOT NULL,
  epoch bigint NOT NULL,
  -- Changes above this position are wanted.
  start_position bigint NOT NULL DEFAULT 0,
  -- In which log shards, by number from the left, settled positions hold for it. In the others its
  -- cursor alone says where it is or, without one, its start.
  counted bit(256) NOT NULL DEFAULT repeat('0', 256)::bit(256),
  -- It was turned off: the log is not kept for its sake.
  retired boolean NOT NULL DEFAULT false,
  -- Changes at or below this position may have been lost, because the log had to forget them; 0 if
  -- there was no such loss.
  gapped_through bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (pool_number, epoch)
);

-- Where a destination stands in a shard: kept for those that are well ahead of the shard's settled
-- position, and for those that do not count there.
CREATE TABLE publisher.cursor (
  pool_number integer NOT NULL,
  epoch bigint NOT NULL,
  log_shard smallint NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (pool_number, epoch, log_shard)
) WITH (fillfactor = 50);

-- Changes that a destination refuses for good: declared gaps.
CREATE TABLE publisher.parked_change (
  position bigint NOT NULL,
  pool_number integer NOT NULL,
  epoch bigint NOT NULL,
  pool_id text COLLATE "C" NOT NULL,
  identity_id text COLLATE "C" NOT NULL,
  dataset_name text COLLATE "C" NOT NULL,
  -- tidemark.change.v1.ChangeKind
  kind smallint NOT NULL,
  sync_count bigint NOT NULL,
  generation bigint NOT NULL,
  commit_time timestamptz NOT NULL,
  -- Size of the encoded event.
  event_bytes bigint NOT NULL,
  -- Why, and what can be done.
  reason text NOT NULL,
  park_time timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (position, pool_number, epoch)
);
CREATE INDEX parked_change_by_pool
  ON publisher.parked_change (pool_id, position, pool_number, epoch);
