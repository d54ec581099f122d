# The stack of a clone: its parts, in the order in which they start. Sourced.

SERVICES=(dataset stream-config push publisher gateway)
BINARIES=("${SERVICES[@]/#/tidemark-}" tidemark)
PARTS=(postgres moto functions "${SERVICES[@]}")

for part in services aws env; do
  # shellcheck source=/dev/null
  source "$ROOT/deploy/dev/lib/$part.sh"
done
unset part

# Name -> port, as the options of deploy/dev/up name them.
declare -A PORT

default_ports() {
  PORT=([gateway]=8080 [dataset]=7001 [stream-config]=7002 [publisher]=7003
    [push]=7004 [dataset-metrics]=9101 [stream-config-metrics]=9102 [publisher-metrics]=9103
    [push-metrics]=9104 [gateway-metrics]=9106 [postgres]=7432 [moto]=7566
    [functions]=7567)
}

# The ports of the last `up`, if there was one: those not named on the command line stay.
remembered_ports() {
  local name port
  [[ -f $STACK/config/ports ]] || return 0
  while read -r name port; do PORT[$name]=$port; done <"$STACK/config/ports"
}

remember_ports() {
  local name
  for name in "${!PORT[@]}"; do echo "$name ${PORT[$name]}"; done >"$STACK/config/ports"
}

base_ports() {
  PORT=([gateway]=$1 [dataset]=$(($1 + 1)) [stream-config]=$(($1 + 2)) [publisher]=$(($1 + 3))
    [push]=$(($1 + 4)) [dataset-metrics]=$(($1 + 11)) [stream-config-metrics]=$(($1 + 12))
    [publisher-metrics]=$(($1 + 13)) [push-metrics]=$(($1 + 14)) [gateway-metrics]=$(($1 + 16))
    [postgres]=$(($1 + 20)) [moto]=$(($1 + 21)) [functions]=$(($1 + 22)))
}

url() { echo "http://127.0.0.1:${PORT[$1]}"; }

# Ends the script if a port is taken by anything but the part of this stack that is to have it.
check_ports() {
  local name part
  local -A wanted_by=()
  for name in "${!PORT[@]}"; do
    part=${wanted_by[${PORT[$name]}]:-}
    [[ -z $part ]] || die "port ${PORT[$name]} is wanted for both $part and $name" \
      "Give one of them another port: --$name-port PORT."
    wanted_by[${PORT[$name]}]=$name
  done
  for name in "${!PORT[@]}"; do
    part=${name%-metrics}
    if is_running "$STACK/run/$part.pid" && [[ " $(cat "$STACK/run/$part.ports") " == *" ${PORT[$name]} "* ]]; then
      continue
    fi
    require_port "${PORT[$name]}" "$name" "--$name-port"
  done
}

# start_part NAME SPEC COMMAND...: runs the command, which starts the part, unless it runs already
# with an equal SPEC (whatever decides how it behaves: ports, configuration, binary).
start_part() {
  local name=$1 spec=$2
  shift 2
  if is_running "$STACK/run/$name.pid"; then
    if [[ $(cat "$STACK/run/$name.spec" 2>/dev/null) == "$spec" ]]; then
      note "$name runs already"
      return 0
    fi
    note "$name is to run anew"
    stop_part "$name"
  fi
  rotate_log "$name"
  echo "${PORT[$name]} ${PORT[$name-metrics]:-}" >"$STACK/run/$name.ports"
  "$@"
  printf '%s' "$spec" >"$STACK/run/$name.spec"
}

stop_part() {
  case $1 in
    postgres) pg_stop "$STACK/run/postgres.pid" ;;
    *) stop_process "$STACK/run/$1.pid" "$1" ;;
  esac
  rm -f "$STACK/run/$1".{spec,ports}
}

# The log of the run before stays as NAME.log.old.
rotate_log() { [[ ! -f $STACK/log/$1.log ]] || mv "$STACK/log/$1.log" "$STACK/log/$1.log.old"; }

start_stack() {
  local name
  step "Starting PostgreSQL, moto and the services"
  write_secrets
  start_database
  start_part moto "${PORT[moto]} $(hash_of "$LIB/requirements.txt" --)" \
    moto_start "${PORT[moto]}" "$STACK/run/moto.pid" "$STACK/log/moto.log"
  start_part functions "${PORT[functions]} $(hash_of "$LIB/functions.py" "$NORMALISE" --)" \
    functions_start "${PORT[functions]}" "$STACK/run/functions.pid" "$STACK/log/functions.log"
  write_environment
  create_stream
  for name in dataset stream-config push publisher; do migrate "$name"; done
  grant_database
  for name in "${SERVICES[@]}"; do start_service "$name"; done
  for name in "${SERVICES[@]}"; do wait_service "$name"; done
  create_pool
}

start_database() {
  prepare_postgres
  pg_create "$STACK/pg" "$(<"$STACK/config/postgres-password")"
  start_part postgres "${PORT[postgres]}" \
    pg_start "$STACK/pg" "${PORT[postgres]}" "$STACK/run/postgres.pid" "$STACK/log/postgres.log"
  create_database
}

# Services before what they use: in the opposite order of starting.
stop_stack() {
  local i
  prepare_postgres
  for ((i = ${#PARTS[@]} - 1; i >= 0; i--)); do
    ! is_running "$STACK/run/${PARTS[i]}.pid" || step "Stopping ${PARTS[i]}"
    stop_part "${PARTS[i]}"
  done
}

wipe_stack() {
  step "Deleting data, keys, configuration and logs"
  pg_delete "$STACK/pg"
  rm -rf "$STACK"/{config,gen,env,run}
  # Logs of builds and installations stay: a test run may be at work.
  local name
  for name in "${PARTS[@]}" 'migrate-*' sql; do
    find "$STACK/log" -name "$name.log*" -delete
  done
}
