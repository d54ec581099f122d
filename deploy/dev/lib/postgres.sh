# A private PostgreSQL 15, on loopback, with full durability. Sourced.

PG_BIN=/usr/lib/postgresql/15/bin
# Superuser of the private clusters, and owner of everything that is not a service's.
PG_SUPERUSER=postgres

# Sets PG_AS, the command prefix under which PostgreSQL runs. It refuses to be root: root gives it a
# user namespace in which root's files are those of user postgres. Where namespaces are forbidden, or
# can't reach the clone, PG_AS switches to the real user postgres (and pg_directory moves the data to
# where it may go).
prepare_postgres() {
  PG_AS=()
  ((EUID == 0)) || return 0
  local user
  user=$(id -u postgres) || die "there is no user postgres" "Is the package postgresql-15 whole?"
  PG_AS=(unshare --user --map-user="$user" --map-group="$(id -g postgres)" --)
  # In the namespace root has no power over other users' files: a clone in somebody's home, say.
  "${PG_AS[@]}" test -w "$DEV" -a -w "$STACK" 2>/dev/null && return 0
  PG_AS=(setpriv --reuid=postgres --regid=postgres --init-groups --)
}

# pg_directory DIRECTORY: where the data of that cluster really lies.
pg_directory() {
  if [[ ${PG_AS[0]:-} == setpriv ]]; then
    echo "/var/lib/tidemark-dev-$(printf '%s' "$1" | sha256sum | cut -c1-12)/data"
  else
    echo "$1"
  fi
}

# pg_create DIRECTORY [PASSWORD]: makes the cluster if there is none. Without a password it trusts
# every process of this machine, as is fine for the minutes that tests take.
pg_create() {
  local data password_file auth=(--auth=trust)
  data=$(pg_directory "$1")
  [[ ! -f $data/PG_VERSION ]] || return 0
  rm -rf "$data"
  mkdir -p "$data"
  chmod 700 "$data"
  if [[ ${PG_AS[0]:-} == setpriv ]]; then
    chmod 711 "${data%/*}"
    chown postgres: "$data"
  fi
  password_file=$data.password
  if [[ -n ${2:-} ]]; then
    auth=(--auth=scram-sha-256 --pwfile="$password_file")
    write_private "$password_file" "$2"
    [[ ${PG_AS[0]:-} != setpriv ]] || chown postgres: "$password_file"
  fi
  (cd / && "${PG_AS[@]}" "$PG_BIN/initdb" -D "$data" -U "$PG_SUPERUSER" "${auth[@]}" \
    -E UTF8 --locale=C.UTF-8) >"$DEV/log/initdb.log" 2>&1 || {
    log_tail "$DEV/log/initdb.log"
    die "could not make a PostgreSQL cluster in $data"
  }
  rm -f "$password_file"
}

pg_delete() {
  local data
  data=$(pg_directory "$1")
  rm -rf "$data"
  # Outside of the clone, leave nothing.
  [[ $data == "$1" || ! -d ${data%/*} ]] || rmdir "${data%/*}"
}

# pg_start DIRECTORY PORT PID_FILE LOG [SETTING=VALUE...]
pg_start() {
  local data port=$2 pid_file=$3 log=$4 settings=() setting
  data=$(pg_directory "$1")
  shift 4
  for setting in listen_addresses=127.0.0.1 unix_socket_directories= max_connections=200 "$@"; do
    settings+=(-c "$setting")
  done
  (cd / && run_background "$pid_file" "$log" \
    "${PG_AS[@]}" "$PG_BIN/postgres" -D "$data" -p "$port" "${settings[@]}")
  wait_ready "$pid_file" PostgreSQL "$log" 60 "$PG_BIN/pg_isready" -q -h 127.0.0.1 -p "$port"
}

# SIGINT is PostgreSQL's fast shutdown: sessions are ended, data is written.
pg_stop() { stop_process "$1" PostgreSQL INT 60; }
