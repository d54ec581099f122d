# moto, an emulator of AWS: Kinesis, S3, SNS, STS and Lambda at one port, in memory. Sourced.

# The account it plays.
MOTO_ACCOUNT=123456789012

# moto_start PORT PID_FILE LOG
moto_start() {
  run_background "$2" "$3" "$PYTHON" -m moto.server -H 127.0.0.1 -p "$1"
  wait_ready "$2" "moto (the AWS emulator)" "$3" 90 \
    curl -fs -o "$DEV/run/moto-config.json" "http://127.0.0.1:$1/moto-api/config"
  # Lambda functions answer from a list; by default they would want Docker.
  curl -fs -o "$DEV/run/moto-config.json" -H 'Content-Type: application/json' \
    -d '{"lambda": {"use_docker": false}}' "http://127.0.0.1:$1/moto-api/config"
}

moto_stop() { stop_process "$1" moto; }
