"""The fake AWS against Amazon's own clients: boto3 and awscli must find nothing odd about it."""

import json
import os
import pathlib
import subprocess
import sys
import urllib.request

import boto3
import botocore.config
import botocore.exceptions
import pytest

KEYS = "[dev]\naws_access_key_id = AKIDDEV\naws_secret_access_key = made/up+secret\n"


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    """The URL of a fake that verifies signatures."""
    keys = tmp_path_factory.mktemp("keys") / "credentials"
    keys.write_text(KEYS)
    binary = pathlib.Path(os.environ["TIDEMARK_TEST_BIN"]) / "tidemark-fake-aws"
    process = subprocess.Popen(
        [binary, "--keys", keys, "--create-seconds", "0.2", "--delete-seconds", "0.2"],
        stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().removeprefix("listening on ").strip()
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0


def client(url, secret="made/up+secret"):
    return boto3.client("kinesis", endpoint_url=url, region_name="us-east-1",
                        aws_access_key_id="AKIDDEV", aws_secret_access_key=secret,
                        config=botocore.config.Config(retries={"total_max_attempts": 1}))


@pytest.fixture()
def kinesis(fake):
    return client(fake)


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


def test_a_wrong_secret_is_refused(fake):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client(fake, secret="wrong").list_streams()
    assert code_of(error) == "InvalidSignatureException"


def test_a_scripted_fault_reaches_boto3(fake, kinesis, stream):
    script = {"faults": [{"kind": "records", "resource": stream, "indexes": [1]},
                         {"kind": "error", "resource": stream, "status": 500,
                          "code": "InternalFailure", "message": "made up"}]}
    urllib.request.urlopen(f"{fake}/_fake/script", json.dumps(script).encode()).close()
    records = [{"Data": b"x", "PartitionKey": key} for key in "abc"]
    answer = kinesis.put_records(StreamName=stream, Records=records)
    assert answer["FailedRecordCount"] == 1
    assert [record.get("ErrorCode") for record in answer["Records"]] == [
        None, "ProvisionedThroughputExceededException", None]
    with pytest.raises(botocore.exceptions.ClientError) as error:
        kinesis.put_records(StreamName=stream, Records=records)
    assert code_of(error) == "InternalFailure"


def test_awscli_understands_it(fake, stream):
    environment = os.environ | {"AWS_ACCESS_KEY_ID": "AKIDDEV", "AWS_DEFAULT_REGION": "us-east-1",
                                "AWS_SECRET_ACCESS_KEY": "made/up+secret"}

    def aws(*arguments):
        output = subprocess.run(
            [sys.executable, "-m", "awscli", "--endpoint-url", fake, "kinesis", *arguments],
            env=environment, capture_output=True, text=True, check=True).stdout
        return json.loads(output)

    put = aws("put-record", "--stream-name", stream, "--partition-key", "k", "--data", "hello")
    iterator = aws("get-shard-iterator", "--stream-name", stream, "--shard-id", put["ShardId"],
                   "--shard-iterator-type", "TRIM_HORIZON")["ShardIterator"]
    records = aws("get-records", "--shard-iterator", iterator)["Records"]
    assert [record["SequenceNumber"] for record in records] == [put["SequenceNumber"]]
