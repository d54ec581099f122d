"""From an acknowledged update to the stream, while anything on the way fails: every change arrives,
for each dataset in order, and repeats are identical."""

import pathlib
import shutil
import subprocess
import tempfile

import pytest

import postgres
from fake_aws import FakeAws
from ledger import assert_delivered, assert_exactly_once, deliveries
from load import Load
from postgres import PrivatePostgres
from waiting import eventually

STREAM = "changes"
THROTTLED = "ProvisionedThroughputExceededException"


@pytest.fixture
def fake():
    running = FakeAws(STREAM)
    yield running
    running.close()


@pytest.fixture
def dataset(stack):
    """The dataset service, of whose pool the stream is on."""
    service = stack.start_dataset()
    stack.enable_stream(STREAM)
    return service


def start_publisher(stack, fake, **more):
    return stack.start_publisher(fake.url, "--kinesis-timeout", "2s", **more)


def finish(stack, fake, load):
    """All that was acknowledged is stored, and arrives."""
    acknowledged = load.finish()
    assert_exactly_once(stack.dsn, acknowledged)
    assert_delivered(fake, acknowledged)


def test_all_arrives_in_order_while_kinesis_misbehaves(stack, fake, dataset):
    start_publisher(stack, fake).wait_ready()
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(50)
        fake.add_faults(
            {"kind": "error", "code": THROTTLED, "times": 2},
            {"kind": "records", "fraction": 0.5, "code": THROTTLED, "times": 3},
            {"kind": "records", "fraction": 0.5, "code": "InternalFailure", "times": 3},
            {"kind": "error", "status": 500, "code": "InternalFailure"},
            {"kind": "error", "status": 503, "code": "ServiceUnavailable"},
            {"kind": "loseAnswer", "times": 2}, {"kind": "reset"}, {"kind": "cut"},
            {"kind": "garbage"}, {"kind": "delay", "delay": 0.2, "times": 2},
            {"kind": "records", "fraction": 0.2, "code": THROTTLED, "times": 5})
        while fake.faults_pending() > 0:
            load.wait_for(50)
        load.wait_for(50)
        finish(stack, fake, load)


def test_a_request_without_an_answer_is_sent_again(stack, fake, dataset):
    start_publisher(stack, fake).wait_ready()
    fake.add_faults({"kind": "hang", "times": 1})
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(100)
        finish(stack, fake, load)


def test_a_killed_publisher_goes_on_where_it_was(stack, fake, dataset):
    publisher = start_publisher(stack, fake)
    publisher.wait_ready()
    with Load([dataset.addresses["grpc"]]) as load:
        for _ in range(2):
            seen = deliveries(fake)
            eventually(lambda: deliveries(fake) > seen + 50, "changes arrive")
            publisher.kill()
            load.wait_for(100)
            publisher.start()
        finish(stack, fake, load)


def test_the_stream_is_whole_when_dataset_service_and_database_are_killed(stack, server, fake,
                                                                           dataset):
    start_publisher(stack, fake).wait_ready()
    fake.add_faults({"kind": "records", "fraction": 0.1, "code": THROTTLED, "times": 50},
                    {"kind": "loseAnswer", "skip": 10, "times": 3})
    with Load([dataset.addresses["grpc"]]) as load:
        for victim in (dataset, server):
            load.wait_for(100)
            load.meet(victim.kill)
            victim.start()
        load.wait_for(100)
        finish(stack, fake, load)


def test_a_second_publisher_takes_over_within_10_s(stack, fake, dataset):
    first = start_publisher(stack, fake, label="first")
    first.wait_ready()
    second = start_publisher(stack, fake, label="second")
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(100)
        assert first.ready() and not second.ready(), "one publishes, the other waits"
        first.kill()
        eventually(second.ready, "the second publisher takes over", seconds=10)
        load.wait_for(50)
        first.start()
        finish(stack, fake, load)
        assert second.ready() and not first.ready()


def test_a_stopped_publisher_ends_with_0_and_hands_over(stack, fake, dataset):
    first = start_publisher(stack, fake, label="first")
    first.wait_ready()
    second = start_publisher(stack, fake, label="second")
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(100)
        assert first.stop() == 0
        second.wait_ready()
        load.wait_for(50)
        finish(stack, fake, load)


@pytest.fixture
def other_server():
    directory = pathlib.Path(tempfile.mkdtemp(prefix="tidemark-faults-"))
    running = PrivatePostgres(directory)
    yield running
    running.kill()
    shutil.rmtree(directory)


def copy_database(source, target):
    """Dumps a database with the roles of its server, and restores it into an empty one."""
    roles = subprocess.run([postgres.BIN / "pg_dumpall", "--roles-only", "-d", source], check=True,
                           stdout=subprocess.PIPE).stdout
    # The superuser is there already.
    subprocess.run([postgres.BIN / "psql", "-Xq", "-d", target], input=roles, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    dump = subprocess.run([postgres.BIN / "pg_dump", "-Fc", "-d", source], check=True,
                          stdout=subprocess.PIPE).stdout
    subprocess.run([postgres.BIN / "pg_restore", "--exit-on-error", "-d", target], input=dump,
                   check=True)


def test_publishing_goes_on_from_a_dump_restored_elsewhere(stack, fake, dataset, other_server):
    publisher = start_publisher(stack, fake)
    publisher.wait_ready()
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(100)
        eventually(lambda: deliveries(fake) > 50, "changes arrive")
        # What is committed from now on is in the dump alone.
        publisher.kill()
        load.wait_for(100)
        before = load.finish()
    for service in (dataset, stack.stream_config):
        assert service.stop() == 0
    postgres.sql(other_server.dsn(), "CREATE DATABASE restored")
    copy_database(stack.dsn, other_server.dsn("restored"))
    stack.move(other_server.dsn("restored"))
    for service in (stack.stream_config, dataset, publisher):
        service.start()
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(100)
        acknowledged = before + load.finish()
    assert_exactly_once(stack.dsn, acknowledged)
    assert_delivered(fake, acknowledged)
