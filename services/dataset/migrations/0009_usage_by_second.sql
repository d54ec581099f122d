-- While any snapshot is held (a dump of an hour), nothing that was deleted or replaced since can be
-- pruned. A row of usage_delta that every write of a lane replaces then has all its dead versions
-- looked at by each write. So a second has rows of its own.

SELECT dataset.fold_usage();
DROP FUNCTION dataset.fold_usage, dataset.add_usage;
ALTER TABLE dataset.usage_delta ALTER COLUMN lane TYPE bigint;

-- Writers name their session; the second is added here, in the lower 32 bits.
CREATE FUNCTION dataset.usage_lane() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  NEW.lane := (NEW.lane << 32) | extract(epoch FROM clock_timestamp())::bigint;
  RETURN NEW;
END $$;
CREATE TRIGGER usage_lane BEFORE INSERT ON dataset.usage_delta
  FOR EACH ROW EXECUTE FUNCTION dataset.usage_lane();

-- Adds to a pool's usage.
CREATE FUNCTION dataset.add_usage(pool_id_ text, bytes_ bigint, modified_time_ timestamptz)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
  INSERT INTO dataset.usage_delta AS u (pool_id, lane, bytes, modified_time)
  VALUES (pool_id_, pg_backend_pid(), bytes_, modified_time_)
  ON CONFLICT (pool_id, lane) DO UPDATE
     SET bytes = u.bytes + excluded.bytes,
         modified_time = greatest(u.modified_time, excluded.modified_time);
END;

-- Folds changes of usage into pool_usage, and returns how many.
CREATE FUNCTION dataset.fold_usage() RETURNS bigint
LANGUAGE sql
BEGIN ATOMIC
  WITH taken AS (
    DELETE FROM dataset.usage_delta AS u
     USING (SELECT pool_id, lane FROM dataset.usage_delta FOR UPDATE SKIP LOCKED) AS t
     WHERE (u.pool_id, u.lane) = (t.pool_id, t.lane)
    RETURNING u.pool_id, u.bytes, u.modified_time
  ), folded AS (
    INSERT INTO dataset.pool_usage AS p (pool_id, bytes, modified_time)
    SELECT pool_id, sum(bytes), max(modified_time) FROM taken GROUP BY pool_id ORDER BY pool_id
    ON CONFLICT (pool_id) DO UPDATE
       SET bytes = p.bytes + excluded.bytes,
           modified_time = greatest(p.modified_time, excluded.modified_time)
  )
  SELECT count(*) FROM taken;
END;
