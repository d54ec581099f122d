# Where things stand. Sourced, with ROOT set to the root of the clone.

# Everything the scripts make, apart from the build: removed as a whole, it is made again.
DEV=$ROOT/.dev
LIB=$ROOT/deploy/dev/lib
VENV=$DEV/venv
NODE_PACKAGES=$ROOT/tests/conformance/js

# Names this clone in the rare places that lie outside of it.
CLONE_ID=$(printf '%s' "$ROOT" | sha256sum | cut -c1-12)

# Keeps what .dev holds (keys, passwords, data) from other users.
make_dev_directory() {
  mkdir -p "$DEV"/{log,run,stamps,tools}
  chmod 700 "$DEV"
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

# write_private FILE LINE: a file that only this user reads.
write_private() { (umask 077 && rm -f "$1" && printf '%s\n' "$2" >"$1"); }
