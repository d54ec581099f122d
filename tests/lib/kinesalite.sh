# kinesalite, an emulator of Kinesis with streams that are CREATING and DELETING for a while.
# Sourced; needs NODE.

# kinesalite_start PORT PID_FILE LOG
kinesalite_start() {
  run_background "$2" "$3" "$NODE" "$NODE_PACKAGES/kinesalite.cjs" "$1"
  wait_ready "$2" "kinesalite (the Kinesis emulator)" "$3" 60 kinesalite_answers "$1"
}

# Any answer will do: it refuses what is not signed.
kinesalite_answers() {
  curl -s -o "$DEV/run/kinesalite-answer" "http://127.0.0.1:$1/"
}

kinesalite_stop() { stop_process "$1" kinesalite; }
