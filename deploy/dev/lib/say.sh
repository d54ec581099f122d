# What the scripts print. Sourced.

# A step begins.
step() { printf '\033[1m==>\033[0m %s\n' "$*" | if [[ -t 1 ]]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi; }

# More about the step.
note() { printf '    %s\n' "$*"; }

warn() { printf 'warning: %s\n' "$*" >&2; }

# What is wrong, then (further arguments) what to do about it. Ends the script.
die() {
  printf 'error: %s\n' "$1" >&2
  shift
  local line
  for line in "$@"; do printf '       %s\n' "$line" >&2; done
  exit 1
}

# 75 -> "1 min 15 s".
duration() {
  if (($1 < 60)); then echo "$1 s"; else echo "$(($1 / 60)) min $(($1 % 60)) s"; fi
}

# with_progress LABEL LOG COMMAND...: runs the command with its output in LOG, and says each 30 s
# that it is still at work (for ninja: how far it is). Prints the end of LOG if it fails. The command
# ends with the script, and is without its locks (descriptors 8 and 9).
with_progress() {
  local label=$1 log=$2 began=$SECONDS told=$SECONDS pid status=0 traps
  shift 2
  mkdir -p "$(dirname "$log")"
  traps=$(trap -p INT TERM)
  set -m # So that it is a process group, which can be ended as a whole.
  "$@" >"$log" 2>&1 </dev/null 8>&- 9>&- &
  pid=$!
  set +m
  # shellcheck disable=SC2064
  trap "kill -- -$pid 2>/dev/null; exit 130" INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - told >= 30)); then
      told=$SECONDS
      note "$label: $(duration $((SECONDS - began)))$(ninja_position "$log")"
    fi
  done
  wait "$pid" || status=$?
  trap - INT TERM
  eval "$traps"
  if ((status != 0)); then
    echo "--- end of $log" >&2
    # After a failed build, ninja's first failure is what matters, not the jobs that ended later.
    if grep -qm1 '^FAILED:' "$log"; then
      grep -m1 -A40 '^FAILED:' "$log" >&2
    else
      tail -n 40 "$log" >&2
    fi
    echo "---" >&2
  fi
  return "$status"
}

# ", 12 of 340" from the last "[12/340]" in a log.
ninja_position() {
  local at
  at=$(tail -c 4096 "$1" | grep -oE '\[[0-9]+/[0-9]+\]' | tail -n 1) || return 0
  at=${at//[\[\]]/}
  echo ", ${at%/*} of ${at#*/}"
}
