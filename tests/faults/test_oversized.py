"""Events whose records are too large for their stream: the records go to S3 first, and the event has
the URL from which consumers read them."""

import json
import os
import secrets
import urllib.error
import urllib.request

import boto3
import pytest

from api import Api
from fake_aws import FakeAws
from ledger import deliveries, read_stream
from publishing import STREAM, keys_file
from stack import ACCESS_KEY, POOL, SECRET_KEY
from waiting import eventually

BUCKET = "events"
LARGE = "us-east-1:00000000-0000-0000-0000-00000000001a"
SMALL = "us-east-1:00000000-0000-0000-0000-00000000005a"

# Less than a dataset may hold, and in JSON more than a stream takes.
VALUES = {f"key{i}": f"{i}" + '"' * 64_000 for i in range(15)}


@pytest.fixture
def fake(tmp_path):
    """Takes what is signed with the publisher's keys alone."""
    running = FakeAws(STREAM, "--keys", keys_file(tmp_path))
    running.create_bucket(BUCKET)
    yield running
    running.close()


def start_publisher(stack, fake, *arguments, **more):
    return stack.start_publisher(fake.url, "--kinesis-timeout", "2s", "--s3-bucket", BUCKET,
                                 "--s3-endpoint", fake.url, *arguments, **more)


def start_gateway(stack, fake, dataset):
    """That follows links, with the publisher's keyring and keys."""
    stack.environment |= {
        "TIDEMARK_GATEWAY_KEYRING": stack.environment["TIDEMARK_PUBLISHER_KEYRING"],
        "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    return stack.start_gateway(dataset, "--s3-bucket", BUCKET, "--s3-endpoint", fake.url)


def write(dataset, identity, changes):
    """One change of the identity's dataset for each {key: value}."""
    where = {"identity_pool_id": POOL, "identity_id": identity, "dataset_name": "prefs"}
    with Api(dataset.addresses["grpc"], "dataset", "DatasetService") as api:
        counts = {}
        token = api.ListRecords(api.messages.ListRecordsRequest(**where)).sync_session_token
        for count, values in enumerate(changes):
            request = api.messages.UpdateRecordsRequest(**where, sync_session_token=token)
            for key, value in values.items():
                request.record_patches.add(op="OP_REPLACE", key=key, value=value,
                                           sync_count=counts.get(key, 0))
                counts[key] = count + 1
            api.UpdateRecords(request, timeout=30)


def events_of(fake, identity):
    return [json.loads(data) for _, data in read_stream(fake)[identity, "prefs"]]


def counts_of(fake, identity):
    return [event["syncCount"] for event in events_of(fake, identity)]


def read_records(event):
    """{key: value} of an event whose records are stored."""
    assert event["payloadType"] == "S3Url" and "kinesisSyncRecords" not in event
    with urllib.request.urlopen(event["kinesisSyncRecordsURL"], timeout=10) as answer:
        records = json.load(answer)
    assert {(record["op"], record["syncCount"]) for record in records} == {
        ("replace", event["syncCount"])}
    return {record["key"]: record["value"] for record in records}


def last_error(publisher):
    with Api(publisher.addresses["grpc"], "publisher", "PublisherService") as api:
        destination, = api.GetStatus(api.messages.GetStatusRequest()).destinations
        return destination.last_error


def check_no_secrets(stack, url):
    """Neither logs nor metrics hold what opens the URL."""
    secret = url.split("?")[-1].split("/")[-1]
    texts = {path.name: path.read_text() for path in stack.directory.glob("*.log")}
    texts |= {service.name: service.metrics() for service in stack.services}
    for name, text in texts.items():
        assert secret not in text and secret[:40] not in text, name
        assert "X-Amz-" not in text, name


@pytest.mark.parametrize("kind", ["presigned", "gateway"])
def test_what_was_written_is_read_by_the_url(stack, fake, dataset, kind):
    gateway = start_gateway(stack, fake, dataset)
    base = f"http://{gateway.addresses['http']}"
    publisher = start_publisher(stack, fake, "--s3-url", kind, "--gateway-url", base)
    publisher.wait_ready()
    write(dataset, LARGE, [{"a": "small"}, VALUES, {"a": "small again"}])
    eventually(lambda: deliveries(fake) == 3, "they arrive")
    events = events_of(fake, LARGE)
    assert [event["syncCount"] for event in events] == [1, 2, 3]
    assert [event["payloadType"] for event in events] == ["Inline", "S3Url", "Inline"]
    assert read_records(events[1]) == VALUES
    url = events[1]["kinesisSyncRecordsURL"]
    assert url.startswith(base + "/records/" if kind == "gateway" else f"{fake.url}/{BUCKET}/")
    assert len(fake.objects(BUCKET)) == 1
    assert 'tidemark_publisher_s3_puts_total{outcome="stored"} 1' in publisher.metrics()

    altered = url[:-4] + ("0000" if url[-4:] != "0000" else "1111")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(altered, timeout=10)
    assert refused.value.code == 403
    check_no_secrets(stack, url)


def test_only_the_datasets_concerned_wait_while_s3_refuses(stack, fake, dataset):
    fake.add_faults({"service": "s3", "operation": "PutObject", "kind": "error", "status": 403,
                     "code": "AccessDenied", "message": "no", "times": 0})
    publisher = start_publisher(stack, fake)
    publisher.wait_ready()
    write(dataset, LARGE, [VALUES, {"a": "behind it"}])
    write(dataset, SMALL, [{"a": str(i)} for i in range(50)])
    eventually(lambda: counts_of(fake, SMALL) == list(range(1, 51)), "the others arrive")
    eventually(lambda: "AccessDenied" in last_error(publisher), "the status says why")
    assert counts_of(fake, LARGE) == []
    assert 'tidemark_publisher_s3_puts_total{outcome="stored"} 0' in publisher.metrics()
    assert 'tidemark_publisher_changes_total{outcome="parked"} 0' in publisher.metrics()

    fake.forget_faults()
    eventually(lambda: counts_of(fake, LARGE) == [1, 2], "they arrive, in order")
    eventually(lambda: last_error(publisher) == "", "the status forgets it")


def test_a_bucket_that_is_missing_is_waited_for_through_kill_9(tmp_path, stack, dataset):
    fake = FakeAws(STREAM)
    try:
        publisher = start_publisher(stack, fake)
        publisher.wait_ready()
        write(dataset, LARGE, [VALUES, {"a": "behind it"}])
        eventually(lambda: "NoSuchBucket" in last_error(publisher), "the status says why")
        publisher.kill()
        fake.create_bucket(BUCKET)
        publisher.start()
        eventually(lambda: counts_of(fake, LARGE) == [1, 2], "they arrive, in order")
        assert read_records(events_of(fake, LARGE)[0]) == VALUES
    finally:
        fake.close()


def test_s3_that_misbehaves_costs_time_alone(stack, fake, dataset):
    start_publisher(stack, fake, "--s3-timeout", "1s").wait_ready()
    fake.add_faults(*({"service": "s3", "operation": "PutObject", **fault} for fault in (
        {"kind": "error", "status": 503, "code": "SlowDown"},
        {"kind": "error", "status": 500, "code": "InternalError"},
        {"kind": "hang"}, {"kind": "reset"}, {"kind": "garbage"},
        {"kind": "loseAnswer", "times": 2})))
    write(dataset, LARGE, [VALUES, {"a": "behind it"}])
    eventually(lambda: counts_of(fake, LARGE) == [1, 2], "they arrive, in order")
    assert fake.faults_pending() == 0
    assert len(fake.objects(BUCKET)) == 1
    assert read_records(events_of(fake, LARGE)[0]) == VALUES


def test_an_event_that_the_stream_takes_after_all_is_sent_inline(stack, fake, dataset):
    fake.limit_records(10 << 20)
    start_publisher(stack, fake).wait_ready()
    write(dataset, LARGE, [VALUES])
    event, = eventually(lambda: events_of(fake, LARGE), "it arrives")
    assert event["payloadType"] == "Inline"
    assert {record["key"]: record["value"] for record in event["kinesisSyncRecords"]} == VALUES
    assert fake.objects(BUCKET) == {}


def test_urls_that_would_die_early_are_refused_at_the_start(stack, fake, dataset):
    stack.environment["TIDEMARK_PUBLISHER_SESSION_TOKEN"] = "a-session"
    with pytest.raises(AssertionError):
        start_publisher(stack, fake, label="refused")
    log = (stack.directory / "refused.log").read_text()
    assert "--s3-url-lifetime is 24h" in log and "--s3-url=gateway" in log
    assert "a-session" not in log


def events_in_moto(stream):
    """All that moto's stream holds."""
    kinesis = boto3.client("kinesis", endpoint_url=os.environ["TIDEMARK_TEST_MOTO"])
    shard, = kinesis.list_shards(StreamName=stream)["Shards"]
    place = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard["ShardId"],
                                       ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    events = []
    while records := (answer := kinesis.get_records(ShardIterator=place))["Records"]:
        events += [json.loads(record["Data"]) for record in records]
        place = answer["NextShardIterator"]
    return events


def test_moto_which_knows_nothing_of_the_fake_agrees(stack):
    moto, name = os.environ["TIDEMARK_TEST_MOTO"], f"oversized-{secrets.token_hex(4)}"
    boto3.client("kinesis", endpoint_url=moto).create_stream(StreamName=name, ShardCount=1)
    boto3.client("s3", endpoint_url=moto).create_bucket(Bucket=name)
    dataset = stack.start_dataset()
    stack.enable_stream(name)
    # Of requests for one stream shard that come at once, moto may lose records.
    stack.start_publisher(moto, "--s3-bucket", name, "--s3-endpoint", moto,
                          "--requests-per-stream", "1").wait_ready()
    write(dataset, LARGE, [{"a": "small"}, VALUES, {"a": "small again"}])
    eventually(lambda: len(events_in_moto(name)) == 3, "they arrive")
    events = events_in_moto(name)
    assert [event["syncCount"] for event in events] == [1, 2, 3]
    assert read_records(events[1]) == VALUES
