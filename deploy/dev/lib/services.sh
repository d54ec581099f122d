# The database and the services: configuration, migration, start. Sourced.

# Owner of the database and of every service's schema.
OWNER_ROLE=tidemark
DATABASE=tidemark

# The private cluster's one password serves all roles; its port is open to this machine only.
dsn() {
  echo "postgresql://$1:$(<"$STACK/config/postgres-password")@127.0.0.1:${PORT[postgres]}/${2:-$DATABASE}"
}

# run_sql DATABASE, statements on standard input. The password is in the environment: arguments can be
# seen by other users.
run_sql() {
  PGPASSWORD=$(<"$STACK/config/postgres-password") "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 \
    "postgresql://$PG_SUPERUSER@127.0.0.1:${PORT[postgres]}/$1" >"$STACK/log/sql.log" 2>&1 || {
    log_tail "$STACK/log/sql.log"
    die "setting up the database failed"
  }
}

create_database() {
  run_sql postgres <<SQL
\getenv password PGPASSWORD
SELECT 'CREATE ROLE $OWNER_ROLE LOGIN CREATEROLE'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$OWNER_ROLE') \gexec
ALTER ROLE $OWNER_ROLE PASSWORD :'password';
SELECT 'CREATE DATABASE $DATABASE OWNER $OWNER_ROLE'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '$DATABASE') \gexec
SQL
}

# Migrations make roles without passwords.
grant_database() {
  run_sql "$DATABASE" <<'SQL'
\getenv password PGPASSWORD
SELECT format('ALTER ROLE %I PASSWORD %L', rolname, :'password') FROM pg_roles
  WHERE rolname LIKE 'tidemark\_%' AND rolcanlogin \gexec
SQL
}

binary() { echo "$ROOT/build/$preset/bin/tidemark-$1"; }

# write_config SERVICE: .dev/config/SERVICE.toml, and the files with its secrets.
write_config() {
  local name=$1 file=$STACK/config/$1.toml
  case $name in
    gateway) ;;
    *) write_private "$STACK/config/$name.dsn" "$(dsn "tidemark_${name//-/_}")" ;;
  esac
  {
    echo "# Written by deploy/dev/up; options not named here: build/$preset/bin/tidemark-$name --help"
    setting listen "127.0.0.1:${PORT[$name]}"
    setting metrics-listen "127.0.0.1:${PORT[$name-metrics]}"
    "${name//-/_}_settings"
  } >"$file"
}

dataset_settings() {
  setting dsn-file "$STACK/config/dataset.dsn"
  setting keyring-file "$STACK/config/keyring"
  setting stream-config "127.0.0.1:${PORT[stream-config]}"
  aws_settings
  setting lambda-endpoint "$(url functions)"
}

stream_config_settings() {
  setting dsn-file "$STACK/config/stream-config.dsn"
  setting keyring-file "$STACK/config/keyring"
  setting dataset "127.0.0.1:${PORT[dataset]}"
  setting publisher "127.0.0.1:${PORT[publisher]}"
  setting push "127.0.0.1:${PORT[push]}"
}

# moto takes any keys; these are the developer's.
aws_settings() {
  write_private "$STACK/config/aws-access-key-id" "$(credential aws_access_key_id)"
  write_private "$STACK/config/aws-secret-access-key" "$(credential aws_secret_access_key)"
  setting access-key-id-file "$STACK/config/aws-access-key-id"
  setting secret-access-key-file "$STACK/config/aws-secret-access-key"
  setting sts-endpoint "$(url moto)"
}

push_settings() {
  setting dsn-file "$STACK/config/push.dsn"
  setting dataset "127.0.0.1:${PORT[dataset]}"
  setting stream-config "127.0.0.1:${PORT[stream-config]}"
  aws_settings
  setting sns-endpoint "$(url moto)"
}

publisher_settings() {
  setting dsn-file "$STACK/config/publisher.dsn"
  setting keyring-file "$STACK/config/keyring"
  setting dataset "127.0.0.1:${PORT[dataset]}"
  setting stream-config "127.0.0.1:${PORT[stream-config]}"
  aws_settings
  setting kinesis-endpoint "$(url moto)"
  setting push "127.0.0.1:${PORT[push]}"
  setting sns-endpoint "$(url moto)"
  setting s3-endpoint "$(url moto)"
  setting s3-bucket "$BUCKET_NAME"
  # Of requests for one stream shard that come at once, moto may lose records it says it took.
  setting requests-per-stream 1
}

gateway_settings() {
  setting credentials-file "$STACK/config/credentials"
  setting dataset "127.0.0.1:${PORT[dataset]}"
  setting stream-config "127.0.0.1:${PORT[stream-config]}"
}

# A line of TOML; only quotes and backslashes need care in its strings.
setting() {
  local value=${2//\\/\\\\}
  printf '%s = "%s"\n' "$1" "${value//\"/\\\"}"
}

# Schema and roles are made by the owner, whom the running service does not know.
migrate() {
  write_config "$1"
  write_private "$STACK/config/owner.dsn" "$(dsn "$OWNER_ROLE")"
  "$(binary "$1")" migrate --config "$STACK/config/$1.toml" \
    --owner-dsn-file "$STACK/config/owner.dsn" >"$STACK/log/migrate-$1.log" 2>&1 || {
    log_tail "$STACK/log/migrate-$1.log"
    die "tidemark-$1 migrate failed" "Its whole log: $STACK/log/migrate-$1.log" \
      "After a change of branches, begin anew with: deploy/dev/down --wipe"
  }
}

start_service() {
  local name=$1
  write_config "$name"
  start_part "$name" "$(hash_of "$(binary "$name")" "$STACK/config/$name.toml" --)" \
    run_background "$STACK/run/$name.pid" "$STACK/log/$name.log" \
    "$(binary "$name")" --config "$STACK/config/$name.toml"
}

wait_service() {
  local ready="http://127.0.0.1:${PORT[$1-metrics]}/readyz"
  wait_ready "$STACK/run/$1.pid" "tidemark-$1" "$STACK/log/$1.log" 60 \
    curl -fs -m 2 -o "$STACK/run/$1.ready" "$ready"
}
