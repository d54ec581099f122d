"""Streams that are down, beside one that is not: nobody waits for another's stream."""

import uuid

import pytest

from fake_aws import FakeAws
from ledger import assert_delivered, deliveries
from load import Load
from publishing import STREAM, start_publisher, status_of
from stack import POOL
from waiting import eventually

DOWN = "down"
MIB = 1024 * 1024


@pytest.fixture
def fake():
    running = FakeAws(STREAM, "--stream", f"{DOWN}:2")
    yield running
    running.close()


@pytest.fixture
def other_pool(stack, dataset):
    """Whose stream is DOWN."""
    pool = f"us-east-1:{uuid.uuid4()}"
    stack.create_pool(pool)
    stack.enable_stream(DOWN, pool)
    return pool


@pytest.mark.parametrize("fault", [
    {"kind": "error", "code": "ProvisionedThroughputExceededException"},
    {"kind": "error", "status": 503, "code": "ServiceUnavailable"},
    {"kind": "hang"},
    {"kind": "error", "code": "AccessDeniedException"}],
    ids=["throttled", "unavailable", "hanging", "denied"])
def test_a_stream_that_is_down_delays_no_other_and_catches_up(stack, fake, dataset, other_pool,
                                                              fault):
    # A queue that fills at once.
    publisher = start_publisher(stack, fake, "--queue-bytes", "8MiB")
    publisher.wait_ready()
    fake.add_faults({**fault, "resource": DOWN, "times": 0})
    down = fake.other(DOWN)
    addresses = [dataset.addresses["grpc"]]
    with Load(addresses, writers=4) as load, Load(addresses, writers=4, pool=other_pool) as stuck:
        stuck.wait_for(300)
        eventually(lambda: status_of(publisher, other_pool).split_off, "it is split off",
                   seconds=60)
        load.wait_for(300)
        acknowledged = load.finish()
        assert_delivered(fake, acknowledged)
        assert deliveries(down) == 0
        eventually(lambda: status_of(publisher, other_pool).waiting_changes >= 300, "they wait")
        eventually(lambda: status_of(publisher, other_pool).last_error, "the error is told")
        assert not status_of(publisher, POOL).split_off
        fake.forget_faults()
        assert_delivered(down, stuck.finish())
    eventually(lambda: not status_of(publisher, other_pool).split_off, "it joins the others",
               seconds=60)
    assert publisher.memory_bytes() < 256 * MIB


def test_a_stream_that_is_down_goes_on_where_it_was_after_a_kill(stack, fake, dataset, other_pool):
    publisher = start_publisher(stack, fake)
    publisher.wait_ready()
    fake.add_faults({"kind": "error", "code": "InternalFailure", "status": 500, "resource": DOWN,
                     "times": 0})
    addresses = [dataset.addresses["grpc"]]
    with Load(addresses, writers=4) as load, Load(addresses, writers=4, pool=other_pool) as stuck:
        stuck.wait_for(200)
        eventually(lambda: status_of(publisher, other_pool).split_off, "it is split off",
                   seconds=60)
        publisher.kill()
        stuck.wait_for(100)
        publisher.start()
        load.wait_for(100)
        assert_delivered(fake, load.finish())
        fake.forget_faults()
        assert_delivered(fake.other(DOWN), stuck.finish())
