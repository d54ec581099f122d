# Where things stand. Sourced, with ROOT set to the root of the clone.

# What the scripts install and remember.
DEV=$ROOT/.dev
# What a running stack needs: configuration, keys, data, logs. Tests have stacks of their own.
STACK=${TIDEMARK_STACK_DIR:-$DEV}
LIB=$ROOT/deploy/dev/lib
VENV=$DEV/venv
NODE_PACKAGES=$ROOT/tests/conformance/js

# Keeps what they hold (keys, passwords, data) from other users.
make_dev_directory() {
  mkdir -p "$DEV"/{log,run,stamps,tools} "$STACK"/{config,log,run}
  chmod 700 "$DEV" "$STACK"
}

# A stamp says that a step was done for a given input: stamp_is NAME HASH, stamp NAME HASH.
stamp_is() { [[ -f $DEV/stamps/$1 && $(<"$DEV/stamps/$1") == "$2" ]]; }
stamp() { printf '%s' "$2" >"$DEV/stamps/$1"; }

# One hash over the contents of files and further words: hash_of FILE... -- WORD...
hash_of() {
  local files=()
  while (($# > 0)) && [[ $1 != -- ]]; do
    files+=("$1")
    shift
  done
  { cat "${files[@]}"; printf '%s\n' "$@"; } | sha256sum | cut -d' ' -f1
}

# alone COMMAND...: a step that no other script of this clone takes at the same time.
alone() {
  exec 8>"$DEV/run/setup.lock"
  flock 8
  "$@"
  exec 8>&-
}

# write_private FILE LINE: a file that only this user reads. It is replaced in one step: a service
# that is starting may be reading it.
write_private() {
  local new=$1.new
  (umask 077 && rm -f "$new" && printf '%s\n' "$2" >"$new" && mv -f "$new" "$1")
}
