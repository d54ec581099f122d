"""The dataset service and its database are killed under load: nothing acknowledged is lost, and
nothing is done twice."""

import concurrent.futures

import grpc
import pytest

from api import Api
from ledger import assert_exactly_once
from load import Load
from stack import POOL
from waiting import eventually

IDENTITY = "us-east-1:00000000-0000-0000-0000-00000000da7a"


def test_a_killed_dataset_service_loses_nothing_acknowledged(stack):
    dataset = stack.start_dataset()
    with Load([dataset.addresses["grpc"]]) as load:
        for _ in range(3):
            load.wait_for(200)
            load.meet(dataset.kill)
            dataset.start()
        load.wait_for(200)
        acknowledged = load.finish()
    assert_exactly_once(stack.dsn, acknowledged)


def test_a_killed_replica_leaves_the_other_serving(stack):
    doomed, other = stack.start_dataset(label="doomed"), stack.start_dataset(label="other")
    with Load([doomed.addresses["grpc"], other.addresses["grpc"]]) as load:
        load.wait_for(200)
        doomed.kill()
        load.wait_for(200)
        doomed.start()
        load.wait_for(200)
        acknowledged = load.finish()
    assert_exactly_once(stack.dsn, acknowledged)


def test_a_killed_database_loses_nothing_and_service_resumes(stack, server):
    dataset = stack.start_dataset()
    with Load([dataset.addresses["grpc"]]) as load:
        for _ in range(2):
            load.wait_for(200)
            load.meet(server.kill)
            server.start()
        load.wait_for(200)
        acknowledged = load.finish()
    assert_exactly_once(stack.dsn, acknowledged)


def unless_unavailable(method, request):
    try:
        return method(request, timeout=30)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNAVAILABLE, error
        return None


def test_without_a_database_calls_fail_quickly_and_probes_say_so(stack, server):
    dataset = stack.start_dataset()
    with Api(dataset.addresses["grpc"], "dataset", "DatasetService") as api:
        where = {"identity_pool_id": POOL, "identity_id": IDENTITY, "dataset_name": "d"}
        read = api.messages.ListRecordsRequest(**where)
        write = api.messages.UpdateRecordsRequest(
            **where, sync_session_token=api.ListRecords(read, timeout=30).sync_session_token)
        write.record_patches.add(op="OP_REPLACE", key="k", value="v")
        server.kill()
        eventually(lambda: not dataset.ready(), "the probe sees that the database is gone")
        for method, request in ((api.ListRecords, read), (api.UpdateRecords, write)) * 3:
            # UNAVAILABLE, not DEADLINE_EXCEEDED: the service answered before the deadline.
            with pytest.raises(grpc.RpcError) as failed:
                method(request, timeout=2)
            assert failed.value.code() == grpc.StatusCode.UNAVAILABLE, failed.value
            # What libpq says stays in the process.
            assert "127.0.0.1" not in failed.value.details(), failed.value
        server.start()
        dataset.wait_ready()
        # Each lane connects by itself, in its own time.
        updated = eventually(lambda: unless_unavailable(api.UpdateRecords, write), "writes resume")
        listed = eventually(lambda: unless_unavailable(api.ListRecords, read), "reads resume")
        assert updated.records[0].sync_count == 1
        assert listed.dataset_sync_count == 1


def test_the_dataset_service_starts_without_a_database_and_gets_ready_with_it(stack, server):
    dataset = stack.start_dataset()
    dataset.kill()
    server.kill()
    try:
        dataset.start()
        assert not dataset.ready()
    finally:
        server.start()
    dataset.wait_ready()


@pytest.mark.parametrize("round_number", range(3))
def test_a_stopped_dataset_service_ends_with_0_and_loses_nothing(stack, round_number):
    dataset = stack.start_dataset()
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(100 * (round_number + 1))
        assert dataset.stop() == 0
        dataset.start()
        load.wait_for(100)
        acknowledged = load.finish()
    assert_exactly_once(stack.dsn, acknowledged)


def test_a_service_stops_in_bounds_when_its_database_is_gone(stack, server):
    dataset = stack.start_dataset()
    with Load([dataset.addresses["grpc"]]) as load:
        load.wait_for(100)
        load.meet(server.kill)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            stops = [pool.submit(service.stop) for service in (dataset, stack.stream_config)]
        codes = [stop.result() for stop in stops]
        server.start()
        stack.stream_config.start()
        dataset.start()
        load.wait_for(100)
        acknowledged = load.finish()
    assert codes == [0, 0]
    assert_exactly_once(stack.dsn, acknowledged)
