-- Finds the identity's devices by their owner whatever the planner knows of the table: what goes with
-- it is compared in a way that no index serves. While the table was not analyzed, the index that begins
-- with the pool looked as good, and all of the pool was read.
CREATE OR REPLACE FUNCTION push.make_room(
  p_owner bigint, p_pool_id text, p_identity_id text, p_max_devices integer)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  wanted integer;
  dead uuid[];
BEGIN
  SELECT count(*) - p_max_devices + 1 INTO wanted
    FROM push.device AS d
   WHERE d.owner = p_owner
     AND (d.pool_id, d.identity_id) IS NOT DISTINCT FROM (p_pool_id, p_identity_id);
  IF wanted <= 0 THEN
    RETURN true;
  END IF;
  SELECT array_agg(o.device_id) INTO dead
    FROM (SELECT d.device_id FROM push.device AS d
           WHERE d.owner = p_owner
             AND (d.pool_id, d.identity_id) IS NOT DISTINCT FROM (p_pool_id, p_identity_id)
             AND d.state <> 1
           ORDER BY d.last_registration_time, d.device_id LIMIT wanted) AS o;
  IF coalesce(cardinality(dead), 0) < wanted THEN
    RETURN false;
  END IF;
  DELETE FROM push.device AS d WHERE d.owner = p_owner AND d.device_id = ANY (dead);
  RETURN true;
END $$;
