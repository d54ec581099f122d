"""The ledger over emulators of Kinesis, which share no idea with the project's own fake."""

import os
import uuid

import boto3
import botocore.config
import pytest

from fake_aws import FakeAws
from ledger import assert_delivered, assert_exactly_once
from load import Load
from stack import ACCESS_KEY, SECRET_KEY
from waiting import eventually


class EmulatedStream:
    """A new stream of two stream shards in an emulator; it may be CREATING as it begins."""

    def __init__(self, emulator):
        self.url = os.environ[f"TIDEMARK_TEST_{emulator.upper()}"]
        self.name = f"ledger-{uuid.uuid4()}"
        self.client = boto3.client(
            "kinesis", endpoint_url=self.url, region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
            config=botocore.config.Config(retries={"total_max_attempts": 1}))
        self.client.create_stream(StreamName=self.name, ShardCount=2)

    def status(self):
        summary = self.client.describe_stream_summary(StreamName=self.name)
        return summary["StreamDescriptionSummary"]["StreamStatus"]

    def delete(self):
        self.client.delete_stream(StreamName=self.name)
        eventually(lambda: self.name not in self._streams(), "the stream is gone")

    def _streams(self):
        pages = self.client.get_paginator("list_streams").paginate()
        return [name for page in pages for name in page["StreamNames"]]

    def records(self):
        """(partition key, data) of all, stream shard by stream shard, each in its order."""
        eventually(lambda: self.status() == "ACTIVE", "the stream can be read")
        return [record for shard in self.client.list_shards(StreamName=self.name)["Shards"]
                for record in self._read(shard["ShardId"])]

    def _read(self, shard):
        iterator = self.client.get_shard_iterator(
            StreamName=self.name, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while (page := self.client.get_records(ShardIterator=iterator))["Records"]:
            yield from ((record["PartitionKey"], record["Data"]) for record in page["Records"])
            iterator = page["NextShardIterator"]


@pytest.fixture
def fake():
    running = FakeAws("not-used")
    yield running
    running.close()


@pytest.fixture
def stream(request):
    made = EmulatedStream(request.param)
    yield made
    made.delete()


def deliver(stack, stream, publisher, dataset):
    """Under load, with a publisher that is killed: all arrives in order."""
    publisher.wait_ready()
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(300)
        publisher.kill()
        load.wait_for(100)
        publisher.start()
        load.wait_for(100)
        acknowledged = load.finish()
    assert_exactly_once(stack.dsn, acknowledged)
    assert_delivered(stream, acknowledged)


@pytest.mark.parametrize("stream", ["kinesalite"], indirect=True)
def test_every_change_reaches_kinesalite_in_order(stack, fake, stream):
    dataset = stack.start_dataset()
    stack.enable_stream(stream.name)
    # It knows no STS: the role is assumed at the fake.
    deliver(stack, stream, stack.start_publisher(stream.url, sts=fake.url), dataset)
    assert fake.calls()["sts.AssumeRole"] > 0


@pytest.mark.parametrize("stream", ["moto"], indirect=True)
def test_every_change_reaches_moto_in_order(stack, stream):
    dataset = stack.start_dataset()
    stack.enable_stream(stream.name)
    # Of requests that come at once, moto may lose records that it says it took.
    deliver(stack, stream, stack.start_publisher(stream.url, "--requests-per-stream", "1"), dataset)
