-- Erasing an identity takes a moment whatever it holds: its records are queued, as those of deleted
-- datasets are, and deleted in chunks.

-- Erases every row of an identity, without a word in the change log; its records go to record_purge.
CREATE OR REPLACE FUNCTION dataset.erase_identity(
  owner_ bigint, pool_id_ text, identity_id_ text)
RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET lock_timeout = '1s'
AS $$
DECLARE
  freed bigint;
BEGIN
  PERFORM dataset.lock_identities(ARRAY[owner_], ARRAY[pool_id_], ARRAY[identity_id_]);
  SELECT sum(d.bytes) INTO freed
    FROM dataset.dataset AS d
   WHERE (d.owner, d.pool_id, d.identity_id) = (owner_, pool_id_, identity_id_) AND d.live;
  INSERT INTO dataset.record_purge (owner, dataset_id, pool_id, identity_id)
  SELECT d.owner, d.dataset_id, d.pool_id, d.identity_id
    FROM dataset.dataset AS d
   WHERE (d.owner, d.pool_id, d.identity_id) = (owner_, pool_id_, identity_id_) AND d.keys > 0;
  DELETE FROM dataset.dataset AS d
   WHERE (d.owner, d.pool_id, d.identity_id) = (owner_, pool_id_, identity_id_);
  DELETE FROM dataset.identity AS i
   WHERE (i.owner, i.pool_id, i.identity_id) = (owner_, pool_id_, identity_id_);
  IF freed > 0 THEN
    PERFORM dataset.add_usage(pool_id_, -freed, date_trunc('milliseconds', clock_timestamp()));
  END IF;
END $$;

-- Deletes up to `max_records` records of a row of record_purge that the caller has locked, and the
-- row with the last of them. Returns how many.
CREATE FUNCTION dataset.purge_chunk(owner_ bigint, dataset_id_ bigint, max_records integer)
RETURNS integer
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
  deleted integer;
BEGIN
  DELETE FROM dataset.record AS c
   USING (SELECT r.key
            FROM dataset.record AS r
           WHERE r.owner = owner_ AND r.dataset_id = dataset_id_
           LIMIT max_records) AS chunk
   WHERE c.owner = owner_ AND c.dataset_id = dataset_id_ AND c.key = chunk.key;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  IF deleted < max_records THEN
    DELETE FROM dataset.record_purge AS q WHERE (q.owner, q.dataset_id) = (owner_, dataset_id_);
  END IF;
  RETURN deleted;
END $$;

-- Deletes up to `max_records` records that no dataset refers to, all of one dataset, and returns how
-- many; null if there are none left that no other session is at.
CREATE OR REPLACE FUNCTION dataset.purge_records(max_records integer) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
  queued dataset.record_purge;
BEGIN
  SELECT q.* INTO queued FROM dataset.record_purge AS q LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  RETURN dataset.purge_chunk(queued.owner, queued.dataset_id, max_records);
END $$;

-- The same for the records of one identity. Waits for other sessions: null says that none are left.
CREATE FUNCTION dataset.purge_records_of(
  owner_ bigint, pool_id_ text, identity_id_ text, max_records integer)
RETURNS integer
LANGUAGE plpgsql
SET enable_seqscan = off
SET lock_timeout = '1s'
AS $$
DECLARE
  queued dataset.record_purge;
BEGIN
  SELECT q.* INTO queued
    FROM dataset.record_purge AS q
   WHERE (q.owner, q.pool_id, q.identity_id) = (owner_, pool_id_, identity_id_)
   LIMIT 1
     FOR UPDATE;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  RETURN dataset.purge_chunk(queued.owner, queued.dataset_id, max_records);
END $$;
