-- Devices of identities and what they are subscribed to. Every row leads with `owner`, a hash of pool
-- and identity (common/base/owner.h): an identity's devices lie together. Text keys are COLLATE "C":
-- compared as bytes, which is the order the API promises, and faster.
--
-- Everything that changes devices takes its locks in one order, so that nothing deadlocks: who
-- registers, the lock of the token, then that of the identity; then, as everybody, rows of `device`
-- by (owner, device_id); then their exceptions.

-- Given out once: a registration that is quoted from before a device was forgotten is never that of
-- the same device when it came back.
CREATE SEQUENCE push.registration CACHE 1;

CREATE TABLE push.device (
  owner bigint NOT NULL,
  -- Made of pool, identity, platform and token (services/push/domain/device_id.h).
  device_id uuid NOT NULL,
  pool_id text COLLATE "C" NOT NULL,
  identity_id text COLLATE "C" NOT NULL,
  -- tidemark.push.v1.Platform
  platform smallint NOT NULL CHECK (platform BETWEEN 1 AND 4),
  -- SHA-256. The token itself is kept by SNS alone.
  token_digest bytea NOT NULL CHECK (octet_length(token_digest) = 32),
  -- The SNS platform application, and the device's endpoint in it.
  application_arn text COLLATE "C" NOT NULL,
  endpoint_arn text COLLATE "C" NOT NULL,
  -- tidemark.push.v1.EndpointState
  state smallint NOT NULL CHECK (state BETWEEN 1 AND 3),
  subscribed_to_all boolean NOT NULL DEFAULT false,
  registration bigint NOT NULL,
  registration_time timestamptz NOT NULL,
  last_registration_time timestamptz NOT NULL,
  PRIMARY KEY (owner, device_id),
  -- One device has a token; also the way to a pool's devices.
  UNIQUE (pool_id, platform, token_digest)
) WITH (fillfactor = 80);

-- Datasets for which a device is the other way than subscribed_to_all says.
CREATE TABLE push.exception (
  owner bigint NOT NULL,
  device_id uuid NOT NULL,
  dataset_name text COLLATE "C" NOT NULL,
  PRIMARY KEY (owner, device_id, dataset_name),
  FOREIGN KEY (owner, device_id) REFERENCES push.device ON DELETE CASCADE
);

-- Forgets devices of the identity that are not enabled until there is room for another one below
-- `p_max_devices`: the longest unregistered first. False, and nothing is changed, if they are too
-- few. The caller has the locks.
--
-- It finds them by their owner whatever the planner knows of the table: what goes with it is compared
-- in a way that no index serves. While the table is not analyzed, the index that begins with the pool
-- looks as good, and all of the pool would be read.
CREATE FUNCTION push.make_room(
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

-- WriteStore::Register: 'new', 'again', 'moved', or 'full' with nothing changed.
CREATE FUNCTION push.register_device(
  p_owner bigint, p_device_id uuid, p_pool_id text, p_identity_id text, p_platform smallint,
  p_token_digest bytea, p_application_arn text, p_endpoint_arn text, p_time timestamptz,
  p_max_devices integer)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  known boolean;
  moved boolean;
BEGIN
  -- Of two who register one token the second waits, and so finds what the first one did.
  PERFORM pg_advisory_xact_lock(('x' || encode(substr(p_token_digest, 1, 8), 'hex'))::bit(64)::bigint);
  -- So do two new devices of one identity, which are counted together.
  PERFORM pg_advisory_xact_lock(p_owner);
  PERFORM FROM push.device AS d
    WHERE d.owner = p_owner
       OR d.pool_id = p_pool_id AND d.platform = p_platform AND d.token_digest = p_token_digest
    ORDER BY d.owner, d.device_id FOR UPDATE;

  known := EXISTS (
    SELECT FROM push.device AS d WHERE d.owner = p_owner AND d.device_id = p_device_id);
  IF NOT known AND NOT push.make_room(p_owner, p_pool_id, p_identity_id, p_max_devices) THEN
    RETURN 'full';
  END IF;
  DELETE FROM push.device AS d
   WHERE d.pool_id = p_pool_id AND d.platform = p_platform AND d.token_digest = p_token_digest
     AND d.device_id <> p_device_id;
  moved := FOUND;
  INSERT INTO push.device AS d (
    owner, device_id, pool_id, identity_id, platform, token_digest, application_arn, endpoint_arn,
    state, registration, registration_time, last_registration_time)
  VALUES (p_owner, p_device_id, p_pool_id, p_identity_id, p_platform, p_token_digest,
          p_application_arn, p_endpoint_arn, 1, nextval('push.registration'), p_time, p_time)
  ON CONFLICT (owner, device_id) DO UPDATE SET
    application_arn = excluded.application_arn, endpoint_arn = excluded.endpoint_arn, state = 1,
    registration = excluded.registration,
    last_registration_time = greatest(d.last_registration_time, excluded.last_registration_time);
  RETURN CASE WHEN known THEN 'again' WHEN moved THEN 'moved' ELSE 'new' END;
END $$;

-- WriteStore::SetSubscription: 'changed', 'unchanged', 'unknown' or 'full'.
CREATE FUNCTION push.set_subscription(
  p_owner bigint, p_pool_id text, p_identity_id text, p_device_id uuid, p_dataset_name text,
  p_subscribed boolean, p_max_exceptions integer)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  to_all boolean;
  excepted boolean;
BEGIN
  SELECT d.subscribed_to_all INTO to_all
    FROM push.device AS d
   WHERE d.owner = p_owner AND d.device_id = p_device_id
     AND d.pool_id = p_pool_id AND d.identity_id = p_identity_id
     FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN 'unknown';
  END IF;
  excepted := EXISTS (
    SELECT FROM push.exception AS e
     WHERE e.owner = p_owner AND e.device_id = p_device_id AND e.dataset_name = p_dataset_name);
  IF (to_all <> excepted) = p_subscribed THEN
    RETURN 'unchanged';
  END IF;
  IF excepted THEN
    DELETE FROM push.exception AS e
     WHERE e.owner = p_owner AND e.device_id = p_device_id AND e.dataset_name = p_dataset_name;
    RETURN 'changed';
  END IF;
  IF (SELECT count(*) FROM push.exception AS e
       WHERE e.owner = p_owner AND e.device_id = p_device_id) >= p_max_exceptions THEN
    RETURN 'full';
  END IF;
  INSERT INTO push.exception VALUES (p_owner, p_device_id, p_dataset_name);
  RETURN 'changed';
END $$;

-- WriteStore::SubscribeToAll: whether there is such a device.
CREATE FUNCTION push.subscribe_to_all(
  p_owner bigint, p_pool_id text, p_identity_id text, p_device_id uuid)
RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE push.device AS d SET subscribed_to_all = true
   WHERE d.owner = p_owner AND d.device_id = p_device_id
     AND d.pool_id = p_pool_id AND d.identity_id = p_identity_id;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM push.exception AS e WHERE e.owner = p_owner AND e.device_id = p_device_id;
  RETURN true;
END $$;
