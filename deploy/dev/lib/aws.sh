# What stands in AWS's place: keys, the stream, the pool. Sourced.

AWS_DEV_REGION=us-east-1
STREAM_NAME=tidemark-dev
# For the records of events that are too large for the stream.
BUCKET_NAME=tidemark-dev-records
STREAM_ROLE=arn:aws:iam::$MOTO_ACCOUNT:role/tidemark-streams
PUSH_ROLE=arn:aws:iam::$MOTO_ACCOUNT:role/tidemark-push
# The sample's sync trigger, which runs here in Lambda's place.
NORMALISE=$ROOT/samples/trigger/normalise.py
TRIGGER=arn:aws:lambda:$AWS_DEV_REGION:$MOTO_ACCOUNT:function:normalise

# functions_start PORT PID_FILE LOG
functions_start() {
  run_background "$2" "$3" "$PYTHON" -B "$LIB/functions.py" --port "$1" \
    --function "normalise=$NORMALISE:handler"
  wait_ready "$2" "the functions (in Lambda's place)" "$3" 30 \
    curl -fs -o "$DEV/run/functions.json" "http://127.0.0.1:$1/"
}

random_hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# write_once FILE COMMAND...: a file that only its owner reads, made by the command if it is missing.
write_once() {
  local file=$1
  shift
  [[ ! -f $file ]] || return 0
  (umask 077 && "$@" >"$file.new" && mv "$file.new" "$file")
}

# Passwords and keys, random, made once for each clone.
write_secrets() {
  write_once "$STACK/config/postgres-password" random_line 16
  write_once "$STACK/config/credentials" developer_keys
  write_once "$STACK/config/keyring" new_keyring
  write_once "$STACK/config/pool-id" new_pool_id
}

random_line() { random_hex "$1" && echo; }

# What the gateway lets in, in the form of AWS's shared credentials file.
developer_keys() {
  printf '[default]\naws_access_key_id = AKIATIDEMARK%s\naws_secret_access_key = %s\n' \
    "$(random_hex 4 | tr a-f A-F)" "$(random_hex 20)"
}

new_keyring() { printf 'dev-1:%s\n' "$(head -c 32 /dev/urandom | base64 -w0)"; }

new_pool_id() { printf '%s:%s\n' "$AWS_DEV_REGION" "$(cat /proc/sys/kernel/random/uuid)"; }

credential() { sed -n "s/^$1 = //p" "$STACK/config/credentials"; }

# Stream and bucket in moto, and the pool with its stream, push sync and trigger; left alone if they
# are so.
create_stream() { aws_setup stream; }
create_pool() { aws_setup pool; }

aws_setup() {
  # shellcheck source=/dev/null
  (source "$STACK/env" && "$PYTHON" -B "$LIB/setup_pool.py" "$1" --proto "$ROOT/proto" \
    --generated "$STACK/gen" --role "$STREAM_ROLE" --push-role "$PUSH_ROLE" --trigger "$TRIGGER" \
    --bucket "$BUCKET_NAME") ||
    die "could not set up the $1" "Logs are in $STACK/log."
}
