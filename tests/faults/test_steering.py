"""Operators pause and resume streams, look at all publishers through any of them, and deal with
parked changes."""

import json

import grpc
import pytest

from api import Api
from ledger import assert_delivered, assert_exactly_once, deliveries
from load import Load
from publishing import THROTTLED, start_publisher
from stack import POOL
from waiting import eventually

IDENTITY = "us-east-1:00000000-0000-0000-0000-00000000001a"


class Operator:
    """Asks one publisher."""

    def __init__(self, publisher):
        self.api = Api(publisher.addresses["grpc"], "publisher", "PublisherService")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.api.channel.close()

    def status(self):
        return self.api.GetStatus(self.api.messages.GetStatusRequest(), timeout=30)

    def destination(self):
        found, = self.status().destinations
        return found

    def state(self):
        states = self.api.messages.DestinationState
        return states.Name(self.destination().state).removeprefix("DESTINATION_STATE_")

    def pause(self, reason, pool=POOL):
        request = self.api.messages.PauseDestinationRequest(identity_pool_id=pool, reason=reason)
        self.api.PauseDestination(request, timeout=30)

    def parked(self):
        request = self.api.messages.ListParkedChangesRequest()
        return list(self.api.ListParkedChanges(request, timeout=30).parked_changes)

    def replay(self):
        request = self.api.messages.ReplayParkedChangesRequest(identity_pool_id=POOL)
        return self.api.ReplayParkedChanges(request, timeout=30).changes

    def discard(self, position):
        request = self.api.messages.DiscardParkedChangesRequest(identity_pool_id=POOL,
                                                                positions=[position])
        return self.api.DiscardParkedChanges(request, timeout=30).changes

    def resume(self):
        request = self.api.messages.ResumeDestinationRequest(identity_pool_id=POOL)
        self.api.ResumeDestination(request, timeout=30)


def start_two(stack, fake):
    """Two that share the log shards, and who asks each."""
    publishers = [start_publisher(stack, fake, label=label) for label in ("first", "second")]
    operators = [Operator(publisher) for publisher in publishers]
    for publisher in publishers:
        publisher.wait_ready()
    eventually(lambda: [operator.status().log_shards_held for operator in operators] == [128, 128],
               "they share")
    return publishers, operators


def finish(stack, fake, load):
    acknowledged = load.finish()
    assert_exactly_once(stack.dsn, acknowledged)
    assert_delivered(fake, acknowledged)


def wait_until_quiet(fake, load):
    """Until nothing arrives although changes are committed."""
    def quiet():
        seen = deliveries(fake)
        load.wait_for(200)
        return deliveries(fake) == seen
    eventually(quiet, "nothing arrives any more")


def test_a_paused_stream_gets_nothing_and_then_everything_in_order(stack, fake, dataset):
    _, (one, other) = start_two(stack, fake)
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(100)
        eventually(lambda: deliveries(fake) > 50, "changes arrive")
        one.pause("the consumer moves house")
        wait_until_quiet(fake, load)
        for operator in (one, other):
            assert operator.state() == "PAUSED"
            assert operator.destination().pause_reason == "the consumer moves house"
        before = other.destination().waiting_changes
        load.wait_for(300)
        eventually(lambda: other.destination().waiting_changes >= before + 300, "lag is counted")
        other.resume()
        eventually(lambda: one.state() == "ON", "it has caught up")
        load.wait_for(100)
        finish(stack, fake, load)


def test_a_pause_outlives_the_publishers(stack, fake, dataset):
    (first, second), (one, _) = start_two(stack, fake)
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(50)
        one.pause("")
        wait_until_quiet(fake, load)
        seen = deliveries(fake)
        first.kill()
        assert second.stop() == 0
        first.start()
        first.wait_ready()
        with Operator(first) as again:
            load.wait_for(100)
            assert again.state() == "PAUSED"
            assert deliveries(fake) == seen
            again.resume()
            finish(stack, fake, load)


def test_any_publisher_answers_for_all(stack, fake, dataset):
    _, operators = start_two(stack, fake)
    answers = [operator.status() for operator in operators]
    members = [[(member.member_id, member.log_shards_held) for member in answer.members]
               for answer in answers]
    assert members[0] == members[1]
    assert [shards for _, shards in members[0]] == [128, 128]
    answering = {member.member_id for answer in answers for member in answer.members
                 if member.answering}
    assert answering == {member for member, _ in members[0]}, "each tells which one it is"
    assert all(answer.log_shards_free == 0 for answer in answers)
    fake.add_faults({"kind": "error", "code": THROTTLED, "times": 1_000_000})
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(200)
        acknowledged = load.finish()
    for operator in operators:
        eventually(lambda: operator.destination().waiting_changes == len(acknowledged),
                   "what waits at both is told by each")
        eventually(lambda: operator.state() == "LAGGING", "it lags")
        assert THROTTLED in operator.destination().last_error
    fake.forget_faults()
    assert_delivered(fake, acknowledged)
    for operator in operators:
        eventually(lambda: operator.state() == "ON", "all is well again")
        eventually(lambda: operator.destination().waiting_changes == 0, "nothing waits")


def test_an_unknown_pool_can_not_be_paused(stack, fake, dataset):
    publisher = start_publisher(stack, fake)
    publisher.wait_ready()
    with Operator(publisher) as operator:
        with pytest.raises(grpc.RpcError) as refused:
            operator.pause("", pool="us-east-1:00000000-0000-0000-0000-00000000ffff")
        assert refused.value.code() == grpc.StatusCode.NOT_FOUND
        assert operator.state() == "ON"


def write(dataset, name, values):
    """Sets the key k of a dataset to each of the values in turn."""
    where = {"identity_pool_id": POOL, "identity_id": IDENTITY, "dataset_name": name}
    with Api(dataset.addresses["grpc"], "dataset", "DatasetService") as api:
        listed = api.ListRecords(api.messages.ListRecordsRequest(**where), timeout=30)
        for count, value in enumerate(values, listed.dataset_sync_count):
            request = api.messages.UpdateRecordsRequest(
                **where, sync_session_token=listed.sync_session_token)
            request.record_patches.add(op="OP_REPLACE", key="k", value=value, sync_count=count)
            api.UpdateRecords(request, timeout=30)


def arrived(fake, name):
    """The values of the key k in the dataset's events, in order of arrival."""
    events = [json.loads(data) for _, data in fake.records()]
    return [record["value"] for event in events if event["dataSetName"] == name
            for record in event["kinesisSyncRecords"]]


def test_parked_changes_are_replayed_or_discarded(stack, fake, dataset):
    fake.limit_records(16 << 10)
    publisher = start_publisher(stack, fake, "--record-limit", "16KiB")
    publisher.wait_ready()
    large = "x" * 20_000
    write(dataset, "was-large", ["small", large, "small again"])
    write(dataset, "is-large", [large])
    with Operator(publisher) as operator:
        eventually(lambda: len(operator.parked()) == 2, "both are parked")
        eventually(lambda: arrived(fake, "was-large") == ["small", "small again"], "others arrive")
        eventually(lambda: operator.destination().parked_changes == 2, "and told")
        assert operator.replay() == 2
        left, = eventually(lambda: len(operator.parked()) == 1 and operator.parked(),
                           "one is delivered")
        assert left.change.dataset_name == "is-large"
        eventually(lambda: not operator.parked()[0].HasField("replay_time"), "it is refused again")
        assert "replayed" in operator.parked()[0].reason
        # What the dataset holds by now.
        assert arrived(fake, "was-large") == ["small", "small again", "small again"]
        assert operator.discard(left.position) == 1
        assert operator.parked() == []
        assert operator.destination().parked_changes == 0
        assert arrived(fake, "is-large") == []
