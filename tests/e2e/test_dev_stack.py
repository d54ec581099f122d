"""deploy/dev/up, down and sample; and AWS's clients, unmodified, with nothing but .dev/env."""

import json
import os
import pathlib
import signal
import socket
import uuid

from api import Api
from waiting import eventually

JS = pathlib.Path(__file__).parents[1] / "conformance/js"
SERVICES = ("dataset", "stream-config", "publisher", "gateway")

UPDATE_AND_LIST = """
where="--identity-pool-id $TIDEMARK_POOL_ID --identity-id $id --dataset-name cli"
token=$(aws cognito-sync list-records $where --query SyncSessionToken --output text)
aws cognito-sync update-records $where --sync-session-token "$token" \\
  --record-patches Op=replace,Key=theme,Value=dark,SyncCount=0 >&2
aws cognito-sync list-records $where
"""

UPDATE_AND_LIST_IN_PYTHON = """
import boto3, json, os
sync = boto3.client("cognito-sync")
where = {"IdentityPoolId": os.environ["TIDEMARK_POOL_ID"], "DatasetName": "python",
         "IdentityId": "us-east-1:00000000-0000-0000-0000-00000000000d"}
token = sync.list_records(**where)["SyncSessionToken"]
sync.update_records(**where, SyncSessionToken=token, RecordPatches=[
    {"Op": "replace", "Key": "theme", "Value": "dark", "SyncCount": 0}])
print(json.dumps(sync.list_records(**where), default=str))
"""


def update_and_list(stack):
    """With the CLI, for a new identity; gives its id and what was listed."""
    identity = f"us-east-1:{uuid.uuid4()}"
    return identity, stack.shell(f"id={identity}\n{UPDATE_AND_LIST}")


def records(text):
    return [(record["Key"], record["Value"], record["SyncCount"])
            for record in json.loads(text)["Records"]]


def test_the_sample_passes_and_can_be_repeated(stack):
    for _ in range(2):
        done = stack.run("sample")
        assert done.returncode == 0, done.stdout
        assert "each compared: equal and in order" in done.stdout
        assert "4 read back from SNS" in done.stdout
        assert "stored another as ada@example.com" in done.stdout


def test_the_command_line_client_needs_only_the_environment(stack):
    assert records(update_and_list(stack)[1]) == [("theme", "dark", 1)]


def test_boto3_needs_only_the_environment(stack):
    script = f"python - <<'PY'\n{UPDATE_AND_LIST_IN_PYTHON}\nPY"
    assert records(stack.shell(script)) == [("theme", "dark", 1)]


def test_the_javascript_client_needs_only_the_environment(stack):
    script = f'"{os.environ["TIDEMARK_TEST_NODE"]}" update_and_list.mjs'
    assert records(stack.shell(script, JS)) == [("theme", "dark", 1)]


def test_the_admin_cli_needs_only_the_environment(stack):
    pool = json.loads(stack.shell("tidemark pool get $TIDEMARK_POOL_ID -o json"))
    assert pool["stream"]["status"] == "ENABLED"
    assert pool["identity_pool_id"] in stack.shell("tidemark destination list")
    assert "position" in stack.shell("tidemark log describe")


def test_every_other_service_is_the_emulator(stack):
    assert "123456789012" in stack.shell("aws sts get-caller-identity")
    assert '"TableNames"' in stack.shell("aws dynamodb list-tables")
    assert "tidemark" in stack.shell('psql -Atc "SELECT current_user" "$TIDEMARK_DSN"')


# Less than a dataset may hold, and in JSON more than a stream takes.
WRITE_MUCH = """
import boto3, os
sync = boto3.client("cognito-sync")
where = {"IdentityPoolId": os.environ["TIDEMARK_POOL_ID"], "DatasetName": "large",
         "IdentityId": "us-east-1:00000000-0000-0000-0000-00000000001a"}
token = sync.list_records(**where)["SyncSessionToken"]
sync.update_records(**where, SyncSessionToken=token, RecordPatches=[
    {"Op": "replace", "Key": f"k{i}", "Value": f'{i}"' * 45_000, "SyncCount": 0} for i in range(10)])
"""

READ_MUCH = """
import boto3, json, os, urllib.request
kinesis = boto3.client("kinesis")
stream = os.environ["TIDEMARK_STREAM_NAME"]
for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
    at = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard["ShardId"],
                                    ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    while True:
        answer = kinesis.get_records(ShardIterator=at)
        for record in answer["Records"]:
            event = json.loads(record["Data"])
            if event["datasetName"] == "large":
                with urllib.request.urlopen(event["kinesisSyncRecordsURL"]) as stored:
                    print(event["payloadType"], *sorted(
                        (record["key"], record["value"] == f'{record["key"][1:]}"' * 45_000)
                        for record in json.load(stored)))
        if not answer["Records"]:
            break
        at = answer["NextShardIterator"]
"""


def test_records_too_large_for_the_stream_are_in_the_bucket(stack):
    stack.shell(f"python - <<'PY'\n{WRITE_MUCH}\nPY")
    expected = "S3Url " + " ".join(str((f"k{i}", True)) for i in range(10))
    eventually(lambda: stack.shell(f"python - <<'PY'\n{READ_MUCH}\nPY").strip() == expected,
               "the event arrives, and its URL gives the records")


def test_a_second_up_leaves_everything_running(stack):
    before = [stack.pid(name) for name in ("postgres", "moto", *SERVICES)]
    done = stack.up("--port-base", stack.base)
    assert done.returncode == 0, done.stdout
    assert [stack.pid(name) for name in ("postgres", "moto", *SERVICES)] == before


def test_up_starts_what_has_died_and_moves_what_has_a_new_port(stack):
    os.kill(stack.pid("dataset"), signal.SIGKILL)
    kept, gateway = stack.pid("publisher"), stack.pid("gateway")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    done = stack.up("--port-base", stack.base, "--gateway-port", port)
    assert done.returncode == 0, done.stdout
    assert stack.pid("publisher") == kept
    assert stack.pid("gateway") != gateway
    assert stack.shell("echo $TIDEMARK_ENDPOINT").strip() == f"http://127.0.0.1:{port}"
    assert stack.run("sample").returncode == 0
    assert stack.up("--port-base", stack.base).returncode == 0


def test_a_stream_that_is_gone_is_switched_off_and_up_brings_it_back(stack):
    stack.shell("aws kinesis delete-stream --stream-name $TIDEMARK_STREAM_NAME")
    update_and_list(stack)
    status = ("aws cognito-sync get-identity-pool-configuration --identity-pool-id "
              "$TIDEMARK_POOL_ID --query CognitoStreams.StreamingStatus --output text")
    eventually(lambda: stack.shell(status).strip() == "DISABLED", "the stream is off")
    pool, address = stack.shell("echo $TIDEMARK_POOL_ID $TIDEMARK_STREAM_CONFIG_ADDR").split()
    with Api(address, "stream_config", "StreamConfigService") as api:
        stream = api.GetPool(api.messages.GetPoolRequest(identity_pool_id=pool)).pool.stream
    assert "Create it, then enable it again with resume" in stream.disabled_reason
    assert stack.up("--port-base", stack.base).returncode == 0
    assert stack.shell(status).strip() == "ENABLED"
    assert stack.run("sample").returncode == 0


def test_data_outlives_down(stack):
    identity, _ = update_and_list(stack)
    assert stack.run("down").returncode == 0
    assert not list((stack.directory / "run").glob("*.pid"))
    done = stack.up("--port-base", stack.base)
    assert done.returncode == 0, done.stdout
    listed = stack.shell("aws cognito-sync list-datasets --identity-pool-id $TIDEMARK_POOL_ID "
                         f"--identity-id {identity}")
    assert [dataset["DatasetName"] for dataset in json.loads(listed)["Datasets"]] == ["cli"]
