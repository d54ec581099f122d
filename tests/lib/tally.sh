# Counting what passed and failed. Sourced.
#
# A tally file has a line per section: "PASSED FAILED SECONDS NAME".

# tally_add FILE NAME PASSED FAILED SECONDS
tally_add() { printf '%s %s %s %s\n' "$3" "$4" "$5" "$2" >>"$1"; }

# tally_check FILE NAME COMMAND...: a section that is one check. Never ends the script.
tally_check() {
  local file=$1 name=$2 began=$SECONDS
  shift 2
  step "$name"
  if "$@"; then
    tally_add "$file" "$name" 1 0 $((SECONDS - began))
  else
    printf 'FAILED: %s\n' "$name" >&2
    tally_add "$file" "$name" 0 1 $((SECONDS - began))
  fi
}

# tally_finish FILE SECONDS: prints the table, the time that all took, and the closing line; false if
# anything failed or nothing ran.
tally_finish() {
  local passed failed seconds name all_passed=0 all_failed=0
  step "Results"
  while read -r passed failed seconds name; do
    printf '    %-38s %6s passed %4s failed %8s\n' "$name" "$passed" "$failed" \
      "$(duration "$seconds")"
    all_passed=$((all_passed + passed)) all_failed=$((all_failed + failed))
  done <"$1"
  note "in $(duration "$2")"
  ((all_passed + all_failed > 0)) || echo "Nothing ran: no test matches." >&2
  echo "$all_passed passed, $all_failed failed"
  ((all_failed == 0 && all_passed > 0))
}
