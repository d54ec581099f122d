-- Partitions of the change log as large as the log's bound in bytes asks for, and dropped by upkeep
-- once they are empty.

DROP FUNCTION dataset.extend_change_log;

-- Creates partitions until the log has room for `rows_ahead` more positions. They are cut so that
-- one holds about `partition_bytes` at the size that changes have had of late: from 5,000 to
-- `max_partition_rows` positions (the upper bound holds if they disagree). While too few were
-- written to tell, they are as large as the newest. Returns how many. A partition is made by itself
-- and then attached, which holds up nobody.
CREATE FUNCTION dataset.extend_change_log(
  max_partition_rows bigint, partition_bytes bigint, rows_ahead bigint)
RETURNS integer
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s'
AS $$
DECLARE
  log_end CONSTANT bigint := dataset.change_log_end();
  room_end bigint;
  newest_rows bigint;
  row_bytes numeric;
  partition_rows bigint;
  partition name;
  created integer := 0;
BEGIN
  PERFORM FROM dataset.change_log_state FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN 0;  -- another replica is at it
  END IF;
  SELECT p.end_position, p.end_position - p.first_position INTO room_end, newest_rows
    FROM dataset.change_log_partition AS p
   ORDER BY p.end_position DESC
   LIMIT 1;
  room_end := coalesce(room_end, log_end + 1);
  IF room_end > log_end + rows_ahead THEN
    RETURN 0;
  END IF;
  -- An empty index takes a page: a few rows say nothing of the size of many.
  SELECT sum(p.bytes) / sum(least(p.end_position - 1, log_end) - p.first_position + 1)
    INTO row_bytes
    FROM (SELECT * FROM dataset.change_log_partition
           WHERE written AND log_end - first_position >= 1000
           ORDER BY first_position DESC
           LIMIT 2) AS p;
  partition_rows := coalesce(trunc(partition_bytes / row_bytes)::bigint, newest_rows,
                             max_partition_rows);
  partition_rows := least(greatest(partition_rows, 5000), max_partition_rows);
  WHILE room_end <= log_end + rows_ahead LOOP
    partition := format('change_log_%s', room_end);
    -- Rows are only ever added, and the whole is emptied at once: nothing to vacuum.
    EXECUTE format('CREATE TABLE dataset.%I (LIKE dataset.change_log)'
                   ' WITH (autovacuum_vacuum_insert_threshold = -1)', partition);
    EXECUTE format('ALTER TABLE dataset.change_log ATTACH PARTITION dataset.%I'
                   ' FOR VALUES FROM (%s) TO (%s)',
                   partition, room_end, room_end + partition_rows);
    room_end := room_end + partition_rows;
    created := created + 1;
  END LOOP;
  RETURN created;
END $$;
REVOKE ALL ON FUNCTION dataset.extend_change_log FROM PUBLIC;

-- Drops the oldest emptied partitions, at most `max_dropped`, if more than `keep` are attached.
-- Every attached partition costs every reader a lock. Returns how many it dropped.
--
-- Dropping locks the whole log for a moment. While it waits for that lock, whoever comes later
-- waits behind it, writers too: hence the short bound, and hence call it seldom. 55P03: a reader is
-- in the way; try again later.
CREATE FUNCTION dataset.drop_change_log_partitions(keep integer, max_dropped integer)
RETURNS integer
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
  state dataset.change_log_state;
  emptied name[];
BEGIN
  SELECT s.* INTO state FROM dataset.change_log_state AS s FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN 0;  -- another replica is at it
  END IF;
  SELECT array_agg(p.name ORDER BY p.first_position) INTO emptied
    FROM dataset.change_log_partition AS p
   WHERE NOT p.written AND p.end_position - 1 <= state.emptied_through;
  IF emptied IS NULL OR cardinality(emptied) <= keep THEN
    RETURN 0;
  END IF;
  emptied := emptied[:max_dropped];
  EXECUTE (SELECT 'DROP TABLE ' || string_agg(format('dataset.%I', name), ', ')
             FROM unnest(emptied) AS name);
  RETURN cardinality(emptied);
END $$;
REVOKE ALL ON FUNCTION dataset.drop_change_log_partitions FROM PUBLIC;

-- A log that was never written to begins with small partitions: nothing is known of its changes.
DO $$
DECLARE
  partition name;
BEGIN
  IF dataset.change_log_end() = 0 THEN
    FOR partition IN SELECT name FROM dataset.change_log_partition LOOP
      EXECUTE format('DROP TABLE dataset.%I', partition);
    END LOOP;
    PERFORM dataset.extend_change_log(20000, 0, 300000);
  END IF;
END $$;
