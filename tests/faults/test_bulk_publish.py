"""A bulk publish while its processes are killed and its datasets change: every dataset arrives, no
copy follows a newer change, and a consumer ends up with what the pool holds."""

import collections
import json
import uuid

from fake_aws import FakeAws
from ledger import read_records
from load import Load
from stack import POOL
from waiting import eventually

STREAM = "changes"
OTHER = "other"
SEEDED = 10_000

# Identities `us-east-1:<n>` with a dataset of two records each, as if written long ago.
SEED = f"""
CREATE TEMP TABLE seed AS
SELECT 'us-east-1:' || n AS id,
       ('x' || encode(substr(sha256(convert_to('{POOL}', 'UTF8') || '\\x00'::bytea ||
                                    convert_to('us-east-1:' || n, 'UTF8')), 1, 8),
                      'hex'))::bit(64)::bigint AS owner, n
  FROM generate_series(1, {SEEDED}) AS n;
INSERT INTO dataset.identity (owner, pool_id, identity_id, live_datasets, dataset_names)
SELECT owner, '{POOL}', id, 1, 1 FROM seed;
INSERT INTO dataset.dataset (owner, dataset_id, pool_id, identity_id, name, sync_count, live,
                             created_time, modified_time, modified_by, live_records, keys, bytes)
SELECT owner, -n, '{POOL}', id, 'first', 2, true, now(), now(), 'seed', 2, 2, 4 FROM seed;
INSERT INTO dataset.record (owner, dataset_id, key, value, sync_count, modified_time,
                            device_modified_time, modified_by)
SELECT owner, -n, k.key, 'v', k.count, now(), now(), 'seed'
  FROM seed, (VALUES ('a', 1), ('b', 2)) AS k (key, count)
"""


def events(fake):
    """{(identity, dataset): [event, ...]} in order of arrival."""
    arrived = collections.defaultdict(list)
    for _, data in fake.records():
        event = json.loads(data)
        arrived[event["identityId"], event["datasetName"]].append(event)
    return arrived


def is_copy(event):
    """Whether it certainly is: it has records that an earlier change wrote."""
    return any(record["syncCount"] < event["syncCount"]
               for record in event["kinesisSyncRecords"])


def rebuild(arrived):
    """What a consumer holds that drops what is older than what it has."""
    count, held = 0, {}
    for event in arrived:
        if event["syncCount"] < count:
            continue
        if is_copy(event):
            held = {}
        count = event["syncCount"]
        held.update({record["key"]: [record["value"], record["syncCount"]]
                     for record in event["kinesisSyncRecords"]})
    return count, held


def assert_no_stale_copy(arrived):
    newest = 0
    for event in arrived:
        if is_copy(event):
            assert event["syncCount"] >= newest, (newest, event)
        else:
            newest = max(newest, event["syncCount"])


def bulk_publish(stack):
    with stack.pools() as api:
        return api.GetBulkPublish(
            api.messages.GetBulkPublishRequest(identity_pool_id=POOL), timeout=30).bulk_publish


def test_everything_arrives_though_publisher_and_dataset_are_killed(stack, tmp_path):
    fake = FakeAws(STREAM)
    try:
        dataset = stack.start_dataset()
        stack.sql(SEED)
        stack.enable_stream(STREAM)
        publisher = stack.start_publisher(fake.url, "--kinesis-timeout", "2s", "--lease-ttl", "1s")
        publisher.wait_ready()
        fake.add_faults({"kind": "delay", "delay": 0.1, "times": 0})
        with Load([dataset.addresses["grpc"]]) as load:
            with stack.pools() as api:
                api.StartBulkPublish(
                    api.messages.StartBulkPublishRequest(identity_pool_id=POOL), timeout=30)
            for killed, share in ((publisher, 0.2), (dataset, 0.4), (publisher, 0.6)):
                eventually(lambda share=share: len(events(fake)) > share * SEEDED,
                           f"{share} of the datasets arrive", seconds=120)
                killed.kill()
                killed.start()
            ended = eventually(lambda: bulk_publish(stack).complete_time.seconds
                               and bulk_publish(stack), "the bulk publish ends", seconds=180)
            fake.forget_faults()
            assert ended.state == 2, ended  # SUCCEEDED
            assert ended.progress.datasets_done >= SEEDED, ended
            assert ended.progress.datasets_failed == 0, ended
            load.finish()
        held = read_records(stack.dsn)
        eventually(lambda: {key: rebuild(arrived) for key, arrived in events(fake).items()} == held,
                   "a consumer has what the pool holds", seconds=120)
        for arrived in events(fake).values():
            assert_no_stale_copy(arrived)
    finally:
        fake.close()


def test_a_pool_that_is_deleted_meanwhile_is_left_alone_and_delays_no_other(stack):
    """Its stream takes nothing by then: what is on its way is given up."""
    fake = FakeAws(STREAM, "--stream", f"{OTHER}:2")
    other, elsewhere = f"us-east-1:{uuid.uuid4()}", fake.other(OTHER)
    try:
        dataset = stack.start_dataset()
        stack.sql(SEED)
        stack.enable_stream(STREAM)
        stack.create_pool(other)
        stack.enable_stream(OTHER, other)
        publisher = stack.start_publisher(fake.url)
        publisher.wait_ready()
        fake.add_faults({"kind": "delay", "delay": 0.1, "times": 0, "resource": STREAM})
        with stack.pools() as api:
            api.StartBulkPublish(
                api.messages.StartBulkPublishRequest(identity_pool_id=POOL), timeout=30)
            eventually(lambda: len(fake.records()) > SEEDED / 10, "some arrive", seconds=60)
            fake.forget_faults()
            struck = fake.faults_struck()
            fake.add_faults({"kind": "error", "times": 0, "resource": STREAM,
                             "code": "ProvisionedThroughputExceededException"})
            eventually(lambda: fake.faults_struck() > struck, "the stream takes nothing")
            api.DeletePool(api.messages.DeletePoolRequest(identity_pool_id=POOL, force=True),
                           timeout=30)
        for gauge in ('destinations{state="all"} 1', "bulk_jobs 0"):
            eventually(lambda gauge=gauge: f"tidemark_publisher_{gauge}\n" in publisher.metrics(),
                       f"{gauge} is told")
        fake.forget_faults()
        arrived = len(fake.records())
        with Load([dataset.addresses["grpc"]], pool=other) as load:
            load.wait_for(100)
            written = len(load.finish())
        eventually(lambda: len(elsewhere.records()) == written, "the other pool's changes arrive")
        publisher.wait_ready()
        assert arrived < SEEDED
        assert len(fake.records()) == arrived
    finally:
        fake.close()
