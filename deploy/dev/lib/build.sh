# Configuring and building. Sourced.

# The compiler cache lies outside of the clone and holds a few presets' objects.
export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-10G}

# configure PRESET [CMAKE_ARGUMENT...]
configure() {
  local preset=$1
  step "Configuring preset $preset"
  (cd "$ROOT" && with_progress configure "$DEV/log/configure-$preset.log" \
    cmake --preset "$@") ||
    die "CMake failed" "Its output is in $DEV/log/configure-$preset.log." \
      "After a change of compiler or packages, remove build/$preset and try again."
}

# build PRESET [TARGET...]: on a terminal ninja tells how far it is, else a line each 30 s does.
build() {
  local preset=$1 log=$DEV/log/build-$1.log
  shift
  # One build at a time in a directory: `up` and `tests/run` may be at work in one clone.
  local command=(flock -o "$ROOT/build/$preset" ninja -C "$ROOT/build/$preset" -k 20 "${NINJA_FLAGS[@]}" "$@")
  step "Building preset $preset"
  if [[ -t 1 ]]; then
    "${command[@]}" || die "the build failed" "The first error stands above."
  else
    with_progress build "$log" "${command[@]}" ||
      die "the build failed" "Its output is in $log."
  fi
}

# E.g. (-j 1), from the option --jobs of the scripts.
NINJA_FLAGS=()
