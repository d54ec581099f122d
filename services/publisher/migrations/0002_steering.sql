-- What operators want of the publishers, and what each publisher tells of its destinations. All of
-- it is small; a publisher reads it once a second and writes its part every other second at most.

-- Pools whose stream gets nothing until it is resumed.
CREATE TABLE publisher.pause (
  pool_number integer PRIMARY KEY,
  -- For those who find it paused.
  reason text NOT NULL,
  pause_time timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- How destinations do in the log shards of a member, as it told last: those of which there is
-- something to tell.
CREATE TABLE publisher.report (
  member_id text COLLATE "C" NOT NULL REFERENCES publisher.member ON DELETE CASCADE,
  pool_number integer NOT NULL,
  epoch bigint NOT NULL,
  -- Changes committed and not settled.
  waiting_changes bigint NOT NULL,
  -- When the oldest of these was committed; 'infinity' if none waits.
  oldest_commit_time timestamptz NOT NULL,
  -- Whether it catches up by itself.
  split_off boolean NOT NULL,
  -- Empty after a success.
  last_error text NOT NULL,
  PRIMARY KEY (member_id, pool_number, epoch)
) WITH (fillfactor = 50);

ALTER TABLE publisher.parked_change
  -- The shard of the change: who holds it replays it.
  ADD COLUMN log_shard smallint NOT NULL CHECK (log_shard BETWEEN 0 AND 255),
  -- When its replay was asked for; null if it was not, or was refused since.
  ADD COLUMN replay_time timestamptz;
CREATE INDEX parked_change_to_replay
  ON publisher.parked_change (position, pool_number, epoch, log_shard)
  WHERE replay_time IS NOT NULL;
