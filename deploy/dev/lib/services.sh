# The database and the services: configuration, migration, start. Sourced.

# Owner of the database and of every service's schema.
OWNER_ROLE=tidemark
DATABASE=tidemark

# The private cluster's one password serves all roles; its port is open to this machine only.
dsn() {
  echo "postgresql://$1:$(<"$DEV/config/postgres-password")@127.0.0.1:${PORT[postgres]}/${2:-$DATABASE}"
}

run_sql() { # run_sql DATABASE, statements on standard input
  "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -v password="$(<"$DEV/config/postgres-password")" \
    "$(dsn "$PG_SUPERUSER" "$1")" >"$DEV/log/sql.log" 2>&1 || {
    log_tail "$DEV/log/sql.log"
    die "setting up the database failed"
  }
}

create_database() {
  run_sql postgres <<SQL
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
SELECT format('ALTER ROLE %I PASSWORD %L', rolname, :'password') FROM pg_roles
  WHERE rolname LIKE 'tidemark\_%' AND rolcanlogin \gexec
SQL
}

binary() { echo "$ROOT/build/$preset/bin/tidemark-$1"; }

# write_config SERVICE: .dev/config/SERVICE.toml, and the files with its secrets.
write_config() {
  local name=$1 file=$DEV/config/$1.toml
  case $name in
    gateway) ;;
    *) write_private "$DEV/config/$name.dsn" "$(dsn "tidemark_${name//-/_}")" ;;
  esac
  {
    echo "# Written by deploy/dev/up; options not named here: build/$preset/bin/tidemark-$name --help"
    setting listen "127.0.0.1:${PORT[$name]}"
    setting metrics-listen "127.0.0.1:${PORT[$name-metrics]}"
    "${name//-/_}_settings"
  } >"$file"
}

dataset_settings() {
  setting dsn-file "$DEV/config/dataset.dsn"
  setting keyring-file "$DEV/config/keyring"
  setting stream-config "127.0.0.1:${PORT[stream-config]}"
}

stream_config_settings() {
  setting dsn-file "$DEV/config/stream-config.dsn"
  setting keyring-file "$DEV/config/keyring"
  setting dataset "127.0.0.1:${PORT[dataset]}"
}

publisher_settings() {
  setting dsn-file "$DEV/config/publisher.dsn"
  setting dataset "127.0.0.1:${PORT[dataset]}"
  setting stream-config "127.0.0.1:${PORT[stream-config]}"
}

gateway_settings() {
  setting credentials-file "$DEV/config/credentials"
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
  write_private "$DEV/config/owner.dsn" "$(dsn "$OWNER_ROLE")"
  "$(binary "$1")" migrate --config "$DEV/config/$1.toml" \
    --owner-dsn-file "$DEV/config/owner.dsn" >"$DEV/log/migrate-$1.log" 2>&1 || {
    log_tail "$DEV/log/migrate-$1.log"
    die "tidemark-$1 migrate failed" "Its whole log: $DEV/log/migrate-$1.log"
  }
}

start_service() {
  local name=$1
  write_config "$name"
  start_part "$name" "$(hash_of "$(binary "$name")" "$DEV/config/$name.toml" --)" \
    run_background "$DEV/run/$name.pid" "$DEV/log/$name.log" \
    "$(binary "$name")" --config "$DEV/config/$name.toml"
}

wait_service() {
  local ready="http://127.0.0.1:${PORT[$1-metrics]}/readyz"
  wait_ready "$DEV/run/$1.pid" "tidemark-$1" "$DEV/log/$1.log" 60 \
    curl -fs -m 2 -o "$DEV/run/$1.ready" "$ready"
}
