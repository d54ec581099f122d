"""What only the fake's Kinesis does, seen by Amazon's own clients; for the rest see
test_kinesis_backends.py."""

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
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 0.05})
    return name


def code_of(error):
    return error.value.response["Error"]["Code"]


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
