-- The change log: one row per committed change, written in the transaction of its records, after
-- the dataset's row was locked. Positions commit out of order: readers remember gaps (design,
-- section 6). CACHE 1 keeps positions close to commit order.

CREATE SEQUENCE dataset.change_log_position AS bigint CACHE 1;

CREATE TABLE dataset.change_log (
  position bigint NOT NULL DEFAULT nextval('dataset.change_log_position'),
  log_shard smallint NOT NULL,
  pool_number integer NOT NULL,
  owner bigint NOT NULL,
  dataset_id bigint NOT NULL,
  sync_count bigint NOT NULL,
  generation bigint NOT NULL,
  -- tidemark.change.v1.ChangeKind
  kind smallint NOT NULL,
  commit_time timestamptz NOT NULL,
  -- W3C trace context of the request; null if it had none.
  traceparent text,
  -- tidemark.change.v1.Change without the fields that are columns here.
  body bytea NOT NULL,
  PRIMARY KEY (position)
) PARTITION BY RANGE (position);

-- One row: what is known of the log as a whole.
CREATE TABLE dataset.change_log_state (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  -- Publishers need nothing at or below.
  low_mark bigint NOT NULL DEFAULT 0,
  -- Everything at or below may be gone.
  emptied_through bigint NOT NULL DEFAULT 0
);
INSERT INTO dataset.change_log_state DEFAULT VALUES;

-- The log is the one table that another service may read.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tidemark_publisher') THEN
    CREATE ROLE tidemark_publisher LOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN  -- another database's migration was first
END $$;
GRANT USAGE ON SCHEMA dataset TO tidemark_publisher;
GRANT SELECT ON dataset.change_log, dataset.change_log_state TO tidemark_publisher;
GRANT SELECT ON SEQUENCE dataset.change_log_position TO tidemark_publisher;
