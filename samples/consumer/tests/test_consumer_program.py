"""The program, against an emulator of Kinesis that is not Tidemark's own."""

import json
import os
import pathlib
import subprocess
import sys
import uuid

import boto3
import pytest
from histories import PLACE, change, copy, encode, removal

DIRECTORY = pathlib.Path(__file__).parents[1]


@pytest.fixture
def stream():
    """(client, name)"""
    kinesis = boto3.client("kinesis", endpoint_url=os.environ["TIDEMARK_TEST_MOTO"],
                           region_name="us-east-1")
    name = f"consumer-{uuid.uuid4()}"
    kinesis.create_stream(StreamName=name, ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    yield kinesis, name
    kinesis.delete_stream(StreamName=name)


def put(stream, *events):
    kinesis, name = stream
    for event in events:
        kinesis.put_record(StreamName=name, PartitionKey=event.identity, Data=encode(event))


def consumer(*arguments):
    return subprocess.run([sys.executable, "-m", "consumer", *arguments], cwd=DIRECTORY, text=True,
                          capture_output=True, timeout=120)


def consume(stream, tmp_path, *arguments):
    """(what it printed at its end, its log)"""
    _, name = stream
    done = consumer("--stream", name, "--endpoint", os.environ["TIDEMARK_TEST_MOTO"], "--region",
                    "us-east-1", "--store", tmp_path / "store.db", "--until-idle", "0.3",
                    *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def show(tmp_path):
    done = consumer("--store", tmp_path / "store.db", "--show", PLACE[1])
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_datasets_are_rebuilt_over_several_runs_and_a_reshard(stream, tmp_path):
    kinesis, name = stream
    put(stream, change(1, ("a", "x"), ("b", "x")), change(2, ("a", None)))
    first, _ = consume(stream, tmp_path)
    assert first["records"] == {"change": 2}
    put(stream, change(2, ("a", None)))
    for shard in kinesis.list_shards(StreamName=name)["Shards"]:
        low, high = (int(shard["HashKeyRange"][end])
                     for end in ("StartingHashKey", "EndingHashKey"))
        kinesis.split_shard(StreamName=name, ShardToSplit=shard["ShardId"],
                            NewStartingHashKey=str((low + high) // 2))
    put(stream, change(3, ("c", "z")), copy(3, b=("x", 1), c=("z", 3)))
    second, _ = consume(stream, tmp_path)
    assert second["records"] == {"repeat": 1, "change": 1, "whole": 1}
    assert show(tmp_path) == [{"pool": PLACE[0], "dataset": "d", "count": 3,
                               "records": {"b": "x", "c": "z"}}]
    put(stream, removal(4))
    consume(stream, tmp_path)
    assert show(tmp_path) == []


def test_gaps_are_told_with_what_to_do(stream, tmp_path):
    put(stream, change(1, ("a", "secret")), change(4, ("a", "secret")))
    done, log = consume(stream, tmp_path)
    assert done["store"]["missed changes"] == 2
    assert "counts 2 to 3 did not come" in log and "bulk publish" in log and "secret" not in log
    report = consumer("--store", tmp_path / "store.db", "--report").stdout.splitlines()
    assert json.loads(report[0])["missed"] == [[2, 3]]


def test_what_others_wrote_to_the_stream_is_left_out(stream, tmp_path):
    kinesis, name = stream
    kinesis.put_record(StreamName=name, PartitionKey="x", Data=b"not ours")
    put(stream, change(1, ("a", "x")))
    done, log = consume(stream, tmp_path)
    assert done["records"] == {"change": 1, "unreadable": 1}
    assert "is not JSON" in log and "not ours" not in log


def test_an_expired_url_stops_it_until_it_is_told_to_go_on(stream, tmp_path):
    event = change(2)
    event.url, event.records = os.environ["TIDEMARK_TEST_MOTO"] + "/no-bucket/no-key?secret", None
    put(stream, change(1, ("a", "x")), event, change(3, ("a", "y")))
    stopped = consumer("--stream", stream[1], "--endpoint", os.environ["TIDEMARK_TEST_MOTO"],
                       "--region", "us-east-1", "--store", tmp_path / "store.db")
    assert stopped.returncode == 1
    assert "--skip-missing-payloads" in stopped.stderr and "secret" not in stopped.stderr
    done, _ = consume(stream, tmp_path, "--skip-missing-payloads")
    assert done["records"] == {"change": 2, "skipped": 1}
    assert done["store"]["missed changes"] == 1
    assert show(tmp_path)[0]["records"] == {"a": "y"}


def test_a_stream_that_was_created_anew_is_noticed(stream, tmp_path):
    kinesis, name = stream
    put(stream, change(1, ("a", "x")))
    consume(stream, tmp_path)
    kinesis.delete_stream(StreamName=name)
    kinesis.get_waiter("stream_not_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    kinesis.create_stream(StreamName=name, ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    put(stream, change(2, ("a", "y")))
    stopped = consumer("--stream", name, "--endpoint", os.environ["TIDEMARK_TEST_MOTO"], "--region",
                       "us-east-1", "--store", tmp_path / "store.db", "--until-idle", "0.3")
    assert stopped.returncode == 1
    assert name in stopped.stderr and "--new-stream" in stopped.stderr
    assert "bulk publish" in stopped.stderr and "Traceback" not in stopped.stderr
    done, _ = consume(stream, tmp_path, "--new-stream")
    assert done["records"] == {"change": 1}
    assert show(tmp_path)[0]["records"] == {"a": "y"}
    assert consume(stream, tmp_path)[0]["records"] == {}, "from where it was, as ever"


def test_a_stream_that_is_not_there_is_named():
    failed = consumer("--stream", "nowhere", "--endpoint", os.environ["TIDEMARK_TEST_MOTO"],
                      "--region", "us-east-1", "--store", ":memory:")
    assert failed.returncode == 1
    assert "nowhere" in failed.stderr and "Traceback" not in failed.stderr
