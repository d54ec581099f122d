"""The fake AWS against Amazon's own clients: boto3 and awscli must find nothing odd about it."""

import json
import os
import subprocess
import sys

import botocore.exceptions
import pytest

from verifying_fake import ACCESS_KEY, SECRET_KEY

@pytest.fixture()
def kinesis(fake):
    return fake.client("kinesis")


@pytest.fixture()
def stream(kinesis, request):
    name = request.node.name
    kinesis.create_stream(StreamName=name, ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    return name


def code_of(error):
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


def test_what_boto3_puts_it_reads_back(kinesis, stream):
    sent = {f"k\u00e4y\"{i}": bytes(range(i)) for i in range(60)}
    answer = kinesis.put_records(
        StreamName=stream, Records=[{"Data": data, "PartitionKey": key} for key, data in sent.items()])
    assert answer["FailedRecordCount"] == 0
    kinesis.put_record(StreamName=stream, Data=b"single", PartitionKey="one")
    read = {record["PartitionKey"]: record["Data"] for record in read_back(kinesis, stream)}
    assert read == sent | {"one": b"single"}


def test_a_stream_is_created_described_and_deleted(kinesis, stream):
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert summary["StreamStatus"] == "ACTIVE"
    assert summary["OpenShardCount"] == 2
    assert kinesis.describe_stream(StreamARN=summary["StreamARN"])
    assert stream in kinesis.list_streams()["StreamNames"]
    with pytest.raises(botocore.exceptions.ClientError) as error:
        kinesis.create_stream(StreamName=stream)
    assert code_of(error) == "ResourceInUseException"
    kinesis.delete_stream(StreamName=stream)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        kinesis.put_record(StreamName=stream, Data=b"", PartitionKey="k")
    assert code_of(error) == "ResourceNotFoundException"
    kinesis.get_waiter("stream_not_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})


def test_records_up_to_the_streams_own_limit_are_taken(fake, kinesis, stream):
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert summary["MaxRecordSizeInKiB"] == 1024
    large = b"x" * (9 << 20)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        kinesis.put_record(StreamName=stream, Data=large, PartitionKey="k")
    assert code_of(error) == "ValidationException"
    kinesis.update_max_record_size(StreamARN=summary["StreamARN"], MaxRecordSizeInKiB=10240)
    kinesis.put_record(StreamName=stream, Data=large, PartitionKey="k")
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert summary["MaxRecordSizeInKiB"] == 10240


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
        # Only a closed one says what comes after it.
        assert ("ChildShards" in page) == (
            "EndingSequenceNumber" in shards[shard]["SequenceNumberRange"])
        done.add(shard)
        waiting.remove(shard)
    return by_key


def test_a_keys_order_can_be_read_across_resharding(kinesis, stream):
    keys = [f"k{number}" for number in range(20)]
    for turn, shards in enumerate((4, 8, 4, 2)):
        kinesis.put_records(StreamName=stream, Records=[
            {"Data": str(turn).encode(), "PartitionKey": key} for key in keys])
        kinesis.update_shard_count(StreamName=stream, TargetShardCount=shards,
                                   ScalingType="UNIFORM_SCALING")
        kinesis.put_records(StreamName=stream, Records=[
            {"Data": f"{turn}+".encode(), "PartitionKey": key} for key in keys])
        kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert summary["OpenShardCount"] == 2
    sent = [f"{turn}{mark}".encode() for turn in range(4) for mark in ("", "+")]
    assert read_in_order(kinesis, stream) == {key: sent for key in keys}


def test_a_wrong_secret_is_refused(fake):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        fake.client("kinesis", secret="wrong").list_streams()
    assert code_of(error) == "InvalidSignatureException"


def test_a_scripted_fault_reaches_boto3(fake, kinesis, stream):
    fake.add_faults({"kind": "records", "resource": stream, "indexes": [1]},
                    {"kind": "error", "resource": stream, "status": 500,
                     "code": "InternalFailure", "message": "made up"})
    records = [{"Data": b"x", "PartitionKey": key} for key in "abc"]
    answer = kinesis.put_records(StreamName=stream, Records=records)
    assert answer["FailedRecordCount"] == 1
    assert [record.get("ErrorCode") for record in answer["Records"]] == [
        None, "ProvisionedThroughputExceededException", None]
    with pytest.raises(botocore.exceptions.ClientError) as error:
        kinesis.put_records(StreamName=stream, Records=records)
    assert code_of(error) == "InternalFailure"


def test_awscli_understands_it(fake, stream):
    environment = os.environ | {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_DEFAULT_REGION": "us-east-1",
                                "AWS_SECRET_ACCESS_KEY": SECRET_KEY}

    def aws(*arguments):
        output = subprocess.run(
            [sys.executable, "-m", "awscli", "--endpoint-url", fake.url, "kinesis", *arguments],
            env=environment, capture_output=True, text=True, check=True).stdout
        return json.loads(output)

    put = aws("put-record", "--stream-name", stream, "--partition-key", "k", "--data", "hello")
    iterator = aws("get-shard-iterator", "--stream-name", stream, "--shard-id", put["ShardId"],
                   "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
    records = aws("get-records", "--shard-iterator", iterator)["Records"]
    assert [record["SequenceNumber"] for record in records] == [put["SequenceNumber"]]
