# The parts of tests/run. Sourced; uses its options (preset, label, only, jobs, tally, keep).
source "$ROOT/tests/lib/kinesalite.sh"

# A directory of its own for each run: data and logs of the backends, test results.
start_run() {
  clean_up_killed_runs
  RUN=$(mktemp -d "$DEV/tests.XXXXXX")
  echo "$$ $(start_time $$)" >"$RUN/run.pid"
  [[ -n $tally ]] || tally=$RUN/tally
  touch "$tally"
  trap end_run EXIT
  trap 'exit 130' INT TERM
}

end_run() {
  local status=$?
  trap - EXIT
  stop_backends "$RUN"
  if [[ -n $keep ]]; then
    rm -f "$RUN/run.pid"
    note "kept: $RUN"
  else
    delete_run "$RUN"
  fi
  exit "$status"
}

# What runs left behind that were ended by kill -9.
clean_up_killed_runs() {
  local run
  for run in "$DEV"/tests.*; do
    if [[ ! -f $run/run.pid ]] || is_running "$run/run.pid"; then continue; fi
    note "cleaning up after a run that was killed"
    prepare_postgres
    stop_backends "$run"
    delete_run "$run"
  done
}

stop_backends() {
  pg_stop "$1/postgres.pid"
  moto_stop "$1/moto.pid"
  kinesalite_stop "$1/kinesalite.pid"
}

delete_run() {
  pg_delete "$1/pg"
  rm -rf "$1"
}

# PostgreSQL and emulators of AWS for the tests, which find them by TIDEMARK_TEST_*.
start_backends() {
  step "Starting PostgreSQL, moto and kinesalite for the tests"
  local moto_port kinesalite_port
  start_postgres
  moto_port=$(pick_port)
  moto_start "$moto_port" "$RUN/moto.pid" "$RUN/moto.log"
  kinesalite_port=$(pick_port)
  kinesalite_start "$kinesalite_port" "$RUN/kinesalite.pid" "$RUN/kinesalite.log"
  export TIDEMARK_TEST_MOTO=http://127.0.0.1:$moto_port
  export TIDEMARK_TEST_KINESALITE=http://127.0.0.1:$kinesalite_port
}

# That alone, for what needs no AWS but the fake.
start_postgres() {
  local pg_port
  prepare_postgres
  pg_create "$RUN/pg"
  pg_port=$(pick_port)
  pg_start "$RUN/pg" "$pg_port" "$RUN/postgres.pid" "$RUN/postgres.log"
  export TIDEMARK_TEST_DSN=postgresql://$PG_SUPERUSER@127.0.0.1:$pg_port/postgres
  name_programs
}

name_programs() {
  export TIDEMARK_TEST_PYTHON=$PYTHON TIDEMARK_TEST_NODE=${NODE:-}
  export TIDEMARK_TEST_BIN=$ROOT/build/$preset/bin TIDEMARK_TEST_PRESET=$preset
  forbid_real_aws
}

# No test may reach AWS or read the keys of the user who runs it.
forbid_real_aws() {
  local name
  for name in $(compgen -e AWS_); do unset "$name"; done
  export AWS_ENDPOINT_URL=http://127.0.0.1:9 # Nothing listens there.
  export AWS_CONFIG_FILE=$RUN/no-aws-config AWS_SHARED_CREDENTIALS_FILE=$RUN/no-aws-credentials
  export AWS_EC2_METADATA_DISABLED=true
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
}

# Read by programs built with the presets asan and tsan. Leaks count too: gRPC and PostgreSQL's client
# library have none.
set_sanitizer_options() {
  export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
  export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
  export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions='$ROOT/tests/lib/tsan.supp'"
}

run_ctest() {
  step "Running ctest"
  set_sanitizer_options
  local began=$SECONDS filters=()
  [[ -z $label ]] || filters+=(-L "$label")
  [[ -z $only ]] || filters+=(-R "$only")
  # ctest's own verdict is not enough: it takes a skipped test for a good one.
  ctest --test-dir "$ROOT/build/$preset" -j "$jobs" --output-on-failure --no-tests=ignore \
    --test-output-size-passed 4000000 --output-junit "$RUN/ctest.xml" "${filters[@]}" || true
  count_junit ctest "$RUN/ctest.xml" "$began"
}

run_python() {
  local began=$SECONDS suites=() directory
  for directory in "$ROOT"/tests/{integration,conformance,e2e,faults,ledger} \
    "$ROOT"/samples/*/tests; do
    [[ -z $(find "$directory" -name 'test_*.py' -print -quit 2>/dev/null) ]] ||
      suites+=("$directory")
  done
  ((${#suites[@]} > 0)) || return 0
  step "Running the Python suites"
  "$PYTHON" -m pytest -p no:cacheprovider --timeout 300 --rootdir "$ROOT/tests" -q -rs --color=no \
    ${only:+--only "$only"} --junit-xml "$RUN/python.xml" "${suites[@]}" || true
  count_junit python "$RUN/python.xml" "$began"
}

# count_junit NAME FILE BEGAN: adds a JUnit file's results. No file: the runner itself failed.
count_junit() {
  local passed=0 failed=1
  if [[ -s $2 ]]; then
    read -r passed failed < <(/usr/bin/python3 "$ROOT/tests/lib/junit.py" "$2")
  else
    echo "FAILED: $1 left no results" >&2
  fi
  tally_add "$tally" "$1${label:+ -L $label} ($preset)" "$passed" "$failed" $((SECONDS - $3))
}

# The programs that the ledger runs.
LEDGER_TARGETS=(ledger-load tidemark-dataset tidemark-stream-config tidemark-publisher
  tidemark-fake-aws)

# Has backends of its own, which it may kill.
run_ledger() {
  step "Running the ledger"
  local began=$SECONDS passed=0
  prepare_postgres
  name_programs
  mkdir "$RUN/ledger"
  if "$PYTHON" "$ROOT/tests/ledger/ledger_run.py" "$ledger" --directory "$RUN/ledger" \
    "${ledger_options[@]}"; then passed=1; fi
  tally_add "$tally" "ledger of $ledger changes ($preset)" "$passed" $((1 - passed)) \
    $((SECONDS - began))
}

run_contracts() {
  tally_check "$tally" "buf lint" buf lint
  tally_check "$tally" "buf breaking" "$ROOT/proto/baseline" check
}

buf() { (cd "$ROOT" && "$BUF" "$@"); }
