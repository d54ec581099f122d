"""From an acknowledged update to the stream, while anything on the way fails: every change arrives,
for each dataset in order, and repeats are identical."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading

import pytest

import postgres
from api import Api
from ledger import assert_delivered, assert_exactly_once, deliveries, read_stream
from load import Load
from postgres import PrivatePostgres
from publishing import STREAM, THROTTLED, finish, shards, start_publisher, start_two
from stack import POOL, Stack
from waiting import eventually


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
        assert fake.faults_pending() == 0
        finish(stack, fake, load)


@contextlib.contextmanager
def open_transactions(dsn, sessions=3):
    """Sessions that take positions of the log, stay open for a while, and roll back: what they took
    are gaps, which nobody can tell from changes that are about to commit."""
    stop = threading.Event()

    def hold():
        while not stop.is_set():
            postgres.sql(dsn, "BEGIN; SELECT pg_current_xact_id();"
                              "SELECT nextval('dataset.change_log_position')"
                              "  FROM generate_series(1, 3);"
                              "SELECT pg_sleep(0.7); ROLLBACK")

    threads = [threading.Thread(target=hold) for _ in range(sessions)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_transactions_that_stay_open_or_roll_back_lose_and_reorder_nothing(stack, fake, dataset):
    publisher = start_publisher(stack, fake)
    publisher.wait_ready()
    with open_transactions(stack.dsn), Load([dataset.addresses["grpc"]], writers=32) as load:
        load.wait_for(500)
        publisher.kill()
        load.wait_for(200)
        publisher.start()
        load.wait_for(500)
        # While they are still open.
        eventually(lambda: deliveries(fake) > 1000, "changes arrive beside open gaps")
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
        while fake.faults_pending() > 0:
            load.wait_for(50)
        finish(stack, fake, load)


def test_publishers_share_the_shards_and_take_over_a_dead_ones_within_10_s(stack, fake, dataset):
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(100)
        first, second = start_two(stack, fake)
        load.wait_for(100)
        first.kill()
        eventually(lambda: shards(second) == 256, "the second publisher takes over", seconds=10)
        load.wait_for(50)
        first.start()
        eventually(lambda: shards(first) == shards(second) == 128, "they share", seconds=10)
        load.wait_for(50)
        finish(stack, fake, load)
        assert first.ready() and second.ready()


def test_a_stopped_publisher_ends_with_0_and_hands_over(stack, fake, dataset):
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(100)
        first, second = start_two(stack, fake)
        load.wait_for(100)
        assert first.stop() == 0
        eventually(lambda: shards(second) == 256, "the second publisher takes over", seconds=10)
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


def test_a_frozen_publisher_is_replaced_and_moves_no_cursor_when_it_thaws(stack, fake, dataset):
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(100)
        first, second = start_two(stack, fake)
        load.wait_for(100)
        first.process.send_signal(signal.SIGSTOP)
        eventually(lambda: shards(second) == 256, "the second publisher takes over", seconds=10)
        load.wait_for(50)
        first.process.send_signal(signal.SIGCONT)
        eventually(lambda: "lost the log shards" in first.log.read_text(), "it learns of it")
        eventually(lambda: shards(first) == shards(second) == 128, "they share again", seconds=10)
        load.wait_for(100)
        finish(stack, fake, load)


def test_a_change_that_is_too_large_is_parked_and_holds_up_nothing(stack, fake, dataset):
    fake.limit_records(16 << 10)
    publisher = start_publisher(stack, fake, "--record-limit", "16KiB")
    publisher.wait_ready()
    identity = "us-east-1:00000000-0000-0000-0000-00000000001a"
    where = {"identity_pool_id": POOL, "identity_id": identity, "dataset_name": "large"}
    with Api(dataset.addresses["grpc"], "dataset", "DatasetService") as api:
        token = api.ListRecords(api.messages.ListRecordsRequest(**where)).sync_session_token
        for count, value in enumerate(["small", "x" * 20_000, "small again"]):
            request = api.messages.UpdateRecordsRequest(**where, sync_session_token=token)
            request.record_patches.add(op="OP_REPLACE", key="k", value=value, sync_count=count)
            api.UpdateRecords(request, timeout=30)
    eventually(lambda: deliveries(fake) == 2, "the others arrive")
    assert [count for count, _ in read_stream(fake)[identity, "large"]] == [1, 3]
    with Api(publisher.addresses["grpc"], "publisher", "PublisherService") as api:
        everything = api.messages.ListParkedChangesRequest()
        parked, = eventually(lambda: api.ListParkedChanges(everything).parked_changes,
                             "it is listed as parked")
        assert (parked.change.identity_id, parked.change.sync_count) == (identity, 2)
        assert parked.event_bytes > 20_000
        assert "--s3-bucket" in parked.reason
        destination, = api.GetStatus(api.messages.GetStatusRequest()).destinations
        assert destination.parked_changes == 1
    assert 'tidemark_publisher_changes_total{outcome="parked"} 1' in publisher.metrics()


def go_back_to(server, copy):
    """Kills the server and starts it from the copy of its data, as after a recovery to a point in
    time: on a new timeline."""
    server.kill()
    shutil.rmtree(server.data)
    copy.rename(server.data)
    with (server.data / "postgresql.auto.conf").open("a") as conf:
        conf.write("restore_command = 'false'\n")
    marker = server.data / "recovery.signal"
    marker.touch()
    owner = server.data.stat()
    os.chown(marker, owner.st_uid, owner.st_gid)
    server.start()


def test_a_living_publisher_loses_nothing_when_the_database_goes_back_in_time(tmp_path, fake,
                                                                              other_server):
    with Stack(tmp_path, other_server.dsn()) as stack:
        dataset = stack.start_dataset()
        stack.enable_stream(STREAM)
        start_publisher(stack, fake).wait_ready()

        def write(updates):
            with Load([dataset.addresses["grpc"]]) as load:
                load.wait_for(updates)
                return load.finish()

        before = write(100)
        other_server.stop()
        copy = other_server.directory / "copy"
        subprocess.run(["cp", "-a", other_server.data, copy], check=True)
        other_server.start()
        # Delivered, and then gone: their positions are given to others. Of the last ones the
        # publisher hears only when the database is another one.
        forgotten = write(100)
        assert_delivered(fake, before + forgotten)
        fake.add_faults({"kind": "delay", "delay": 1.5, "times": 1000})
        forgotten += write(1)
        assert_delivered(fake, before + forgotten)
        go_back_to(other_server, copy)
        fake.forget_faults()
        after = write(300)
        assert_exactly_once(stack.dsn, before + after)
        assert_delivered(fake, before + forgotten + after)
