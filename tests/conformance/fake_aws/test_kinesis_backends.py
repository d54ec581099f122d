"""Kinesis of the fake and of the emulators, seen by boto3: what holds of one holds of all."""

import uuid

import botocore.exceptions
import pytest

from backends import having


def on(ability):
    return pytest.mark.parametrize("backend", having(ability), indirect=True)


@pytest.fixture
def kinesis(backend):
    return backend.client("kinesis")


@pytest.fixture
def stream(kinesis):
    name = f"s-{uuid.uuid4()}"
    kinesis.create_stream(StreamName=name, ShardCount=2)
    wait(kinesis, "stream_exists", name)
    return name


def wait(kinesis, waiter, stream):
    kinesis.get_waiter(waiter).wait(StreamName=stream,
                                    WaiterConfig={"Delay": 0.05, "MaxAttempts": 400})


def code_of(call, **parameters):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call(**parameters)
    return error.value.response["Error"]["Code"]


def read_back(kinesis, stream):
    records = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard["ShardId"],
                                              ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while True:
            page = kinesis.get_records(ShardIterator=iterator, Limit=7)
            if not page["Records"]:
                break
            records += page["Records"]
            iterator = page["NextShardIterator"]
    return records


@on("kinesis")
def test_what_boto3_puts_it_reads_back(kinesis, stream):
    sent = {f"k\u00e4y\"{i}": bytes(range(i)) for i in range(60)}
    answer = kinesis.put_records(
        StreamName=stream,
        Records=[{"Data": data, "PartitionKey": key} for key, data in sent.items()])
    assert answer["FailedRecordCount"] == 0
    kinesis.put_record(StreamName=stream, Data=b"single", PartitionKey="one")
    read = {record["PartitionKey"]: record["Data"] for record in read_back(kinesis, stream)}
    assert read == sent | {"one": b"single"}


@on("kinesis")
def test_a_stream_is_created_described_and_deleted(kinesis, stream):
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert summary["StreamStatus"] == "ACTIVE"
    assert summary["OpenShardCount"] == 2
    assert kinesis.describe_stream(StreamName=stream)["StreamDescription"]["StreamName"] == stream
    pages = kinesis.get_paginator("list_streams").paginate()
    assert stream in [name for page in pages for name in page["StreamNames"]]
    assert code_of(kinesis.create_stream, StreamName=stream, ShardCount=1) == (
        "ResourceInUseException")
    kinesis.delete_stream(StreamName=stream)
    put = {"StreamName": stream, "Data": b"x", "PartitionKey": "k"}
    assert code_of(kinesis.put_record, **put) == "ResourceNotFoundException"
    wait(kinesis, "stream_not_exists", stream)
    assert code_of(kinesis.describe_stream_summary, StreamName=stream) == (
        "ResourceNotFoundException")


@on("stream states")
def test_a_stream_takes_nothing_on_its_way(kinesis):
    stream = f"s-{uuid.uuid4()}"
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert summary["StreamStatus"] == "CREATING"
    wait(kinesis, "stream_exists", stream)
    kinesis.put_record(StreamName=stream, Data=b"x", PartitionKey="k")
    kinesis.delete_stream(StreamName=stream)
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert summary["StreamStatus"] == "DELETING"


@on("streams by ARN")
def test_a_stream_may_be_given_by_its_arn(kinesis, stream):
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    kinesis.put_record(StreamARN=summary["StreamARN"], Data=b"x", PartitionKey="k")
    assert [record["Data"] for record in read_back(kinesis, stream)] == [b"x"]


def put_of(stream, count, data=b"x", key="k"):
    return {"StreamName": stream, "Records": [{"Data": data, "PartitionKey": key}] * count}


@on("kinesis")
def test_limits_are_kept(kinesis, stream):
    assert kinesis.put_records(**put_of(stream, 500))["FailedRecordCount"] == 0
    assert code_of(kinesis.put_records, **put_of(stream, 501)) == "ValidationException"
    assert kinesis.put_records(**put_of(stream, 1, key="k" * 256))["FailedRecordCount"] == 0
    # moto: InvalidArgumentException
    assert code_of(kinesis.put_records, **put_of(stream, 1, key="k" * 257)) in (
        "ValidationException", "InvalidArgumentException")
    mib = 1 << 20
    assert kinesis.put_records(**put_of(stream, 1, b"x" * (mib - 1)))["FailedRecordCount"] == 0
    assert code_of(kinesis.put_records, **put_of(stream, 1, b"x" * (mib + 1))) == (
        "ValidationException")
    assert len(read_back(kinesis, stream)) == 502


@on("put bytes limit")
def test_a_call_takes_5_mib(kinesis, stream):
    assert code_of(kinesis.put_records, **put_of(stream, 6, b"x" * ((1 << 20) - 1))) == (
        "InvalidArgumentException")


@on("empty batches refused")
def test_a_call_takes_a_record_at_least(backend, stream):
    lenient = backend.client("kinesis", parameter_validation=False)
    assert code_of(lenient.put_records, **put_of(stream, 0)) == "ValidationException"


def read_in_order(kinesis, stream):
    """As consumers must: a stream shard after those that it came from. All records by key."""
    shards = {shard["ShardId"]: shard for shard in kinesis.list_shards(StreamName=stream)["Shards"]}
    by_key, waiting, done = {}, list(shards), set()
    while waiting:
        shard = next(shard for shard in waiting
                     if {shards[shard].get("ParentShardId"),
                         shards[shard].get("AdjacentParentShardId")} - {None} <= done)
        iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard,
                                              ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while True:
            page = kinesis.get_records(ShardIterator=iterator, Limit=7)
            for record in page["Records"]:
                by_key.setdefault(record["PartitionKey"], []).append(record["Data"])
            iterator = page.get("NextShardIterator")
            if iterator is None or (not page["Records"] and not page["MillisBehindLatest"]):
                break
        done.add(shard)
        waiting.remove(shard)
    return by_key


@on("resharding")
def test_a_keys_order_can_be_read_across_resharding(kinesis, stream):
    keys = [f"k{number}" for number in range(20)]
    for turn, shards in enumerate((4, 8, 4, 2)):
        kinesis.put_records(StreamName=stream, Records=[
            {"Data": str(turn).encode(), "PartitionKey": key} for key in keys])
        kinesis.update_shard_count(StreamName=stream, TargetShardCount=shards,
                                   ScalingType="UNIFORM_SCALING")
        kinesis.put_records(StreamName=stream, Records=[
            {"Data": f"{turn}+".encode(), "PartitionKey": key} for key in keys])
        wait(kinesis, "stream_exists", stream)
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == 2
    sent = [f"{turn}{mark}".encode() for turn in range(4) for mark in ("", "+")]
    assert read_in_order(kinesis, stream) == {key: sent for key in keys}


@on("child shards")
def test_the_end_of_a_closed_stream_shard_names_those_that_took_over(kinesis, stream):
    before = kinesis.list_shards(StreamName=stream)["Shards"]
    kinesis.update_shard_count(StreamName=stream, TargetShardCount=4,
                               ScalingType="UNIFORM_SCALING")
    children = []
    for shard in before:
        iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard["ShardId"],
                                              ShardIteratorType="LATEST")["ShardIterator"]
        page = kinesis.get_records(ShardIterator=iterator)
        assert "NextShardIterator" not in page
        for child in page["ChildShards"]:
            assert child["ParentShards"] == [shard["ShardId"]]
            children.append(child["ShardId"])
    after = [shard["ShardId"] for shard in kinesis.list_shards(StreamName=stream)["Shards"]]
    assert sorted(children) == sorted(set(after) - {shard["ShardId"] for shard in before})
