"""What happens to a stream while it is written: throttled for long, resharded, poisoned, created,
deleted. A ledger compares what was committed with what arrived."""

import pytest

from api import Api
from ledger import assert_delivered, assert_exactly_once, deliveries, read_stream
from link import Link
from load import Load
from publishing import STREAM, THROTTLED
from stack import POOL
from waiting import eventually

POISON = "poison-for-this-test"
POISONED = "us-east-1:00000000-0000-0000-0000-0000000b0150"


@pytest.fixture
def publisher(stack, fake, dataset):
    running = stack.start_publisher(fake.url, "--kinesis-timeout", "5s")
    running.wait_ready()
    return running


def settings_of(stack):
    with stack.pools() as api:
        request = api.messages.GetPoolRequest(identity_pool_id=POOL)
        return api.GetPool(request, timeout=30).pool.stream


def is_on(stack):
    return "STREAMING_STATUS_ENABLED" in str(settings_of(stack))


def repeated(fake):
    """{(identity, dataset): {count, ...}} of what arrived more than once."""
    repeats = {}
    for place, events in read_stream(fake).items():
        counts = [count for count, _ in events]
        if again := {count for count in counts if counts.count(count) > 1}:
            repeats[place] = again
    return repeats


def finish(stack, fake, load):
    """All that was acknowledged is stored, and arrives."""
    acknowledged = load.finish()
    assert_exactly_once(stack.dsn, acknowledged)
    assert_delivered(fake, acknowledged)


@pytest.mark.parametrize("fault", [
    {"kind": "error", "code": THROTTLED},
    {"kind": "records", "fraction": 1.0, "code": THROTTLED},
    {"kind": "records", "fraction": 0.7, "code": THROTTLED},
], ids=["calls", "every-record", "most-records"])
def test_a_stream_that_throttles_for_long_gets_all_in_order_once(stack, fake, dataset, publisher,
                                                                 fault):
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(50)
        fake.add_faults({**fault, "times": 0, "lasts": 5})
        while fake.faults_pending() > 0:
            load.wait_for(20)
        finish(stack, fake, load)
    # A throttled record was not taken: nothing is ever sent twice.
    assert repeated(fake) == {}
    assert is_on(stack)


def test_resharding_under_load_loses_reorders_and_repeats_nothing(stack, fake, dataset, publisher):
    with Load([dataset.addresses["grpc"]], writers=32) as load:
        for shards in (4, 8, 16, 8, 4, 2):
            arrived = fake.counts()["accepted"]
            eventually(lambda: fake.counts()["accepted"] > arrived + 50, "changes arrive")
            fake.reshard(shards)
        load.wait_for(100)
        finish(stack, fake, load)
    assert repeated(fake) == {}


class WithoutPoisoned:
    """The stream of a fake without what is POISONED's."""

    def __init__(self, fake):
        self.fake = fake

    def records(self):
        return [(key, data) for key, data in self.fake.records() if key != POISONED]


def write_poison(dataset):
    """Three changes, of which the second is poison."""
    where = {"identity_pool_id": POOL, "identity_id": POISONED, "dataset_name": "d"}
    with Api(dataset.addresses["grpc"], "dataset", "DatasetService") as api:
        token = api.ListRecords(api.messages.ListRecordsRequest(**where)).sync_session_token
        for count, value in enumerate(["good", POISON, "good again"]):
            request = api.messages.UpdateRecordsRequest(**where, sync_session_token=token)
            request.record_patches.add(op="OP_REPLACE", key="k", value=value, sync_count=count)
            api.UpdateRecords(request, timeout=30)


def test_a_poison_record_is_parked_and_all_others_flow(stack, fake, dataset, publisher):
    fake.poison(POISON)
    # What gathers meanwhile goes in one batch, with the poison in its middle.
    fake.hold_status("CREATING")
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(100)
        write_poison(dataset)
        load.wait_for(100)
        fake.hold_status("")
        assert_delivered(WithoutPoisoned(fake), load.finish())
    eventually(lambda: len(read_stream(fake)[POISONED, "d"]) >= 2, "its neighbours arrive")
    assert [count for count, _ in read_stream(fake)[POISONED, "d"]] == [1, 3]
    assert repeated(fake) == {}
    with Api(publisher.addresses["grpc"], "publisher", "PublisherService") as api:
        parked, = eventually(
            lambda: api.ListParkedChanges(api.messages.ListParkedChangesRequest()).parked_changes,
            "it is listed as parked")
    assert (parked.change.identity_id, parked.change.sync_count) == (POISONED, 2)
    assert is_on(stack)


def test_a_stream_that_is_being_created_is_waited_for(stack, fake, dataset, publisher):
    fake.hold_status("CREATING")
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(100)
        eventually(lambda: fake.calls().get("kinesis.DescribeStreamSummary", 0) >= 2,
                   "the publisher asks what became of the stream")
        assert is_on(stack)
        assert deliveries(fake) == 0
        fake.hold_status("")
        finish(stack, fake, load)
    assert repeated(fake) == {}
    assert is_on(stack)


def test_a_deleted_stream_is_turned_off_and_goes_on_where_it_was_when_resumed(stack, fake, dataset,
                                                                              publisher):
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(100)
        before = load.finish()
    assert_delivered(fake, before)
    fake.delete_stream()
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(100)
        eventually(lambda: not is_on(stack), "the stream is turned off")
        assert STREAM in settings_of(stack).disabled_reason
        load.wait_for(50)
        fake.create_stream(shards=4)
        stack.resume_stream()
        load.wait_for(50)
        after = load.finish()
    assert_exactly_once(stack.dsn, before + after)
    assert_delivered(fake, after)


def test_a_database_that_restarts_during_a_batch_loses_and_reorders_nothing(stack, server, fake,
                                                                            dataset, publisher):
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(200)
        for _ in range(2):
            struck = fake.calls_struck()
            fake.add_faults({"kind": "delay", "delay": 0.5, "times": 5})
            eventually(lambda: fake.calls_struck() > struck, "a batch is on its way")
            load.meet(server.kill)
            known = counts_of(load.acknowledged)
            server.start()
            load.wait_for(200)
        finish(stack, fake, load)
    # Only what was on its way, or not yet stored as delivered, comes again: nothing that was
    # committed after the last restart. Of each dataset a commit may have been without its answer.
    for place, counts in repeated(fake).items():
        assert max(counts) <= known.get(place, 0) + 1, place


def counts_of(acknowledged):
    return {(update.identity, update.dataset): update.count for update in list(acknowledged)}


def test_a_publisher_that_hears_late_of_its_stream_delivers_all_since_it_was_enabled(stack, fake):
    link = Link(stack.stream_config.addresses["grpc"])
    try:
        dataset = stack.start_dataset()
        publisher = stack.start_publisher(fake.url, stream_config=link.address)
        publisher.wait_ready()
        link.cut()
        stack.enable_stream(STREAM)
        with Load([dataset.addresses["grpc"]]) as load:
            load.wait_for(200)
            assert deliveries(fake) == 0, "it can't know yet"
            link.mend()
            eventually(lambda: deliveries(fake) > 0, "it hears of the stream")
            load.wait_for(50)
            finish(stack, fake, load)
        assert repeated(fake) == {}
    finally:
        link.close()
