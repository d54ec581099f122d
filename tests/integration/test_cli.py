"""The admin CLI before real services: that its commands, their output and exit codes hold there. Each
command's own tests stand beside the code."""

import json
import os
import subprocess
import uuid

import pytest

from cli import BINARY, Cli
from fake_aws import ROLE, FakeAws
from stack import POOL
from waiting import eventually

STREAM = "cli"


@pytest.fixture(scope="module")
def kinesis():
    fake = FakeAws(STREAM)
    yield fake
    fake.close()


@pytest.fixture(scope="module")
def tidemark(stack, kinesis, tmp_path_factory):
    kinesis.limit_records(16 << 10)
    publisher = stack.start_publisher(kinesis.url, "--record-limit", "16KiB", label="cli-publisher")
    publisher.wait_ready()
    yield Cli(tmp_path_factory.mktemp("home"), stream_config=stack.stream_config.addresses["grpc"],
              dataset=stack.dataset_address, publisher=publisher.addresses["grpc"])
    stack.stop(publisher)


@pytest.fixture
def pool(tidemark):
    """A new pool whose stream is on; it is deleted after the test."""
    made = tidemark.json("pool", "create", "--stream-name", STREAM, "--stream-role-arn", ROLE,
                         "--stream-status", "enabled")
    yield made["identity_pool_id"]
    tidemark.run("pool", "delete", made["identity_pool_id"], "--force")


def write(client, pool, identity, dataset="d", value="v"):
    place = {"IdentityPoolId": pool, "IdentityId": identity, "DatasetName": dataset}
    listed = client.list_records(**place)
    count = next((record["SyncCount"] for record in listed["Records"]), 0)
    client.update_records(**place, SyncSessionToken=listed["SyncSessionToken"], RecordPatches=[
        {"Op": "replace", "Key": "k", "Value": value, "SyncCount": count}])


def new_identity():
    return f"us-east-1:{uuid.uuid4()}"


def test_a_pool_from_creation_to_deletion(tidemark):
    made = tidemark.json("pool", "create", "--display-name", "Made by the CLI")
    pool = made["identity_pool_id"]
    assert made == tidemark.json("pool", "get", pool)
    assert pool in tidemark.text("pool", "list", "--page-size", 1)
    changed = tidemark.json("pool", "update", pool, "--records-per-dataset", 7, "--push-role-arn",
                            ROLE, "--expected-version", made["version"])
    assert changed["limits"]["records_per_dataset"] == 7
    again = tidemark.json("pool", "update", pool, "--keys-per-dataset", 70)
    assert again["limits"]["records_per_dataset"] == 7, "what is not named stays"
    stale = tidemark.refused("pool", "update", pool, "--display-name", "x", "--expected-version",
                             made["version"])
    assert stale["reason"] == "VERSION_MISMATCH"
    assert tidemark.text("pool", "delete", pool) == ""
    assert tidemark.refused("pool", "get", pool)["reason"] == "POOL_NOT_FOUND"


def test_a_refusal_names_fields_and_changes_nothing(tidemark):
    done = tidemark.run("pool", "create", "--display-name", "x" * 129, "--stream-name", "?")
    assert (done.returncode, done.stdout) == (1, "")
    assert "  display_name: " in done.stderr and "  stream.stream_name: " in done.stderr
    assert done.stderr.endswith("  reason: INVALID_FIELD\n")


def test_services_that_are_not_there_are_told_from_refusals(tidemark):
    done = tidemark.run("destination", "list", "--publisher", "127.0.0.1:1")
    assert done.returncode == 3
    assert "publisher service at 127.0.0.1:1" in done.stderr
    assert tidemark.run("pool", "list", "--timeout", "soon").returncode == 2


def test_an_error_in_json_stands_alone_on_stderr(tidemark):
    done = tidemark.run("pool", "list", "--tls", "-o", "json")  # The service speaks plain text.
    assert (done.returncode, done.stdout) == (3, "")
    assert json.loads(done.stderr)["error"]["reason"] == "SERVICE_UNAVAILABLE"


def test_a_reader_that_has_seen_enough_ends_it_quietly(tidemark):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([BINARY, "--help"], stdout=writer, stderr=subprocess.PIPE, timeout=60,
                          env=tidemark.environment, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (-13, b"")


def test_results_that_cant_be_written_are_an_error(tidemark):
    with open("/dev/full", "w") as full:
        done = subprocess.run([BINARY, "--version"], stdout=full, stderr=subprocess.PIPE,
                              timeout=60, env=tidemark.environment, check=False)
    assert done.returncode == 1 and b"error: " in done.stderr


def test_bash_completes_from_the_program_itself(tidemark):
    script = f"""
      PATH={BINARY.parent}:$PATH
      source <(tidemark completion bash)
      complete -p tidemark >/dev/null
      COMP_WORDS=(tidemark pool update x --stream-status '') COMP_CWORD=5
      _tidemark tidemark
      printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-euc", script], env=tidemark.environment, text=True,
                          capture_output=True, timeout=60, check=False)
    assert done.stdout == "enabled\ndisabled\n", done


def test_destinations_show_what_is_delivered_and_why_not(tidemark, kinesis, connect, pool):
    def destination():
        return tidemark.json("destination", "get", pool)

    write(connect(), pool, new_identity())
    eventually(lambda: destination()["delivered_changes"] == 1, "the change is delivered")
    assert destination()["state"] == "ON"
    assert pool in tidemark.text("destination", "list")
    kinesis.add_faults({"kind": "error", "code": "ProvisionedThroughputExceededException",
                        "times": 0})
    write(connect(), pool, new_identity())
    eventually(lambda: destination()["last_error"], "the error is seen")
    assert destination()["waiting_changes"] == 1
    kinesis.forget_faults()
    eventually(lambda: not destination()["waiting_changes"], "it is delivered after all")
    tidemark.text("pool", "update", pool, "--stream-status", "disabled")
    assert tidemark.json("pool", "get", pool)["stream"]["status"] == "DISABLED"


def test_a_paused_destination_waits_until_it_is_resumed(tidemark, connect, pool):
    def destination():
        return tidemark.json("destination", "get", pool)

    write(connect(), pool, new_identity())
    eventually(lambda: destination()["delivered_changes"] == 1, "the change is delivered")
    assert tidemark.text("destination", "pause", pool, "--reason", "on request") == ""
    eventually(lambda: destination()["state"] == "PAUSED", "it is paused")
    assert destination()["pause_reason"] == "on request"
    assert "on request" in tidemark.text("destination", "list", "--pool", pool)
    write(connect(), pool, new_identity())
    tidemark.text("destination", "resume", pool)
    eventually(lambda: destination()["delivered_changes"] == 2, "the change is delivered")
    eventually(lambda: destination()["state"] == "ON", "it is on")
    unknown = tidemark.refused("destination", "pause", "us-east-1:0")
    assert unknown["reason"] == "POOL_NOT_FOUND"


def test_parked_changes_are_replayed_or_discarded(tidemark, connect, pool):
    def parked():
        return tidemark.json("parked", "list", "--pool", pool)["parked_changes"]

    identity, other = new_identity(), new_identity()
    for owner in (identity, other):
        write(connect(), pool, owner, value="x" * 20_000)
    first, second = eventually(lambda: len(parked()) == 2 and parked(), "both are parked")
    assert first["change"]["identity_id"] == identity and first["event_bytes"] > 20_000
    assert tidemark.run("parked", "discard", pool, second["position"]).returncode == 2, "no --yes"
    assert tidemark.text("parked", "discard", pool, second["position"],
                         "--yes") == "1 parked change discarded\n"
    assert [change["position"] for change in parked()] == [first["position"]]
    write(connect(), pool, identity, value="small by now")
    assert tidemark.json("parked", "replay", pool, "--all") == {"changes": 1}
    eventually(lambda: not parked(), "it is replayed")


def test_a_bulk_publish_is_started_and_waited_for(tidemark, kinesis, connect, pool):
    identities = sorted(new_identity() for _ in range(3))
    for identity in identities:
        write(connect(), pool, identity)

    def arrivals():
        return [sum(identity.encode() in data for _, data in kinesis.records())
                for identity in identities]

    eventually(lambda: arrivals() == [1, 1, 1], "the changes are delivered")
    assert tidemark.text("bulk", "status", pool) == "state  never asked for\n"
    done = tidemark.run("bulk", "start", pool, "--wait")
    assert done.returncode == 0 and done.stdout.startswith("state            succeeded\n"), done
    assert "datasets done    3\n" in done.stdout and " datasets" in done.stderr, done
    assert arrivals() == [2, 2, 2]
    again = tidemark.run("bulk", "status", pool, "--wait")
    assert (again.returncode, again.stdout) == (0, done.stdout)
    assert tidemark.refused("bulk", "start", pool)["reason"] == "BULK_PUBLISH_RECENT"
    assert tidemark.json("bulk", "start", pool, "--again")["job"] == 2


def test_the_publishers_and_the_log_are_described(tidemark, connect):
    write(connect(), POOL, new_identity())
    log = tidemark.json("log", "describe")
    assert log["end_position"] > 0 and log["size_bytes"] > 0
    assert "position" in tidemark.text("log", "describe")
    shown = tidemark.json("publisher", "list")
    assert shown["log_shards_free"] == 0
    member, = shown["members"]
    assert member["answering"] and member["log_shards_held"] == 256
    assert member["member_id"] in tidemark.text("publisher", "list")


def test_an_identity_is_found_exported_and_erased(tidemark, connect, pool):
    identity, other = new_identity(), new_identity()
    for value in ("a", "b"):
        write(connect(), pool, identity, value=value)
    write(connect(), pool, other)
    assert len(tidemark.json("identity", "list", pool)["identities"]) == 2
    listed = tidemark.json("dataset", "list", pool, identity)["datasets"]
    assert [(found["dataset_name"], found["sync_count"]) for found in listed] == [("d", 2)]
    parts = [json.loads(line) for line in tidemark.text("dataset", "export", pool).splitlines()]
    assert {part["snapshot"]["identity_id"] for part in parts} == {identity, other}
    rest = tidemark.text("dataset", "export", pool, "--resume-token", parts[0]["resume_token"])
    assert [json.loads(line) for line in rest.splitlines()] == parts[1:]
    merged = tidemark.json("identity", "merge", pool, "--winner", identity, "--loser", other)
    assert merged["merged_datasets"][0]["dataset_name"] == f"d.{other}"
    assert tidemark.run("identity", "erase", pool, identity).returncode == 2, "without --yes"
    proof = tidemark.json("identity", "erase", pool, identity, "--yes")
    assert proof["dataset_count"] == 2
    assert tidemark.json("dataset", "list", pool, identity)["datasets"] == []
