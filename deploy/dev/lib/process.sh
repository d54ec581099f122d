# Background processes, each with a pid file that says which process it is. Sourced.
#
# A pid file holds "PID START_TIME": start time (in clock ticks since boot) tells the process from a
# later one with the same number.

start_time() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) } # The command's name, in parentheses, may hold spaces.
  local fields
  read -ra fields <<<"$stat"
  [[ ${fields[0]} != Z ]] || return 1 # Ended, not yet collected.
  echo "${fields[19]}"
}

# run_background PID_FILE LOG COMMAND...: starts the command in a session of its own, without the
# caller's lock (descriptor 9), which it would hold as long as it runs.
run_background() {
  local pid_file=$1 log=$2 pid
  shift 2
  mkdir -p "${pid_file%/*}" "${log%/*}"
  setsid "$@" >>"$log" 2>&1 </dev/null 9>&- &
  pid=$!
  disown "$pid"
  echo "$pid $(start_time "$pid" || echo 0)" >"$pid_file"
}

# Prints the pid if the process of the pid file runs.
running_pid() {
  local pid start
  [[ -f $1 ]] && read -r pid start <"$1" || return 1
  [[ $(start_time "$pid") == "$start" ]] && echo "$pid"
}

is_running() { running_pid "$1" >/dev/null; }

# stop_process PID_FILE NAME [SIGNAL [SECONDS]]: asks the process to end, waits, and kills it if it
# does not. Fine if it does not run.
stop_process() {
  local pid_file=$1 name=$2 signal=${3:-TERM} patience=${4:-30} pid
  if pid=$(running_pid "$pid_file"); then
    kill -s "$signal" "$pid" 2>/dev/null || true
    if ! wait_until "$patience" not is_running "$pid_file"; then
      warn "$name (process $pid) did not stop within $patience s; killing it"
      kill -s KILL "$pid" 2>/dev/null || true
      wait_until 10 not is_running "$pid_file" || warn "$name (process $pid) can't be killed"
    fi
  fi
  rm -f "$pid_file"
}

not() { ! "$@"; }

# wait_until SECONDS COMMAND...: runs the command until it succeeds; false if it never does.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
}

# wait_ready PID_FILE NAME LOG SECONDS COMMAND...: waits until the command succeeds; ends the script
# with the log's end if the process ends before or takes too long.
wait_ready() {
  local pid_file=$1 name=$2 log=$3 patience=$4 deadline=$((SECONDS + $4))
  shift 4
  until "$@"; do
    if ! is_running "$pid_file"; then
      log_tail "$log"
      die "$name ended while it started" "Its whole log: $log"
    fi
    if ((SECONDS >= deadline)); then
      log_tail "$log"
      die "$name is not ready after $patience s" "Its whole log: $log"
    fi
    sleep 0.05
  done
}

log_tail() {
  echo "--- end of $1" >&2
  tail -n 20 "$1" >&2
  echo "---" >&2
}
