"""Two replicas of the dataset service on one database decide as one."""

import collections
import concurrent.futures
import threading
import uuid

import grpc
import pytest

from api import Api
from ledger import read_log, read_records, replay
from stack import POOL

LIVE_DATASETS = 20


@pytest.fixture
def replicas(stack):
    services = [stack.start_dataset(label=label) for label in ("left", "right")]
    apis = [Api(service.addresses["grpc"], "dataset", "DatasetService") for service in services]
    yield apis
    for api in apis:
        api.channel.close()


def place(identity, dataset):
    return {"identity_pool_id": POOL, "identity_id": identity, "dataset_name": dataset}


def update(api, where, token, count, value, refusal=grpc.StatusCode.ABORTED):
    """The new count; None if it is refused, which is done with the code `refusal`."""
    request = api.messages.UpdateRecordsRequest(**where, sync_session_token=token,
                                                request_id=str(uuid.uuid4()))
    request.record_patches.add(op="OP_REPLACE", key="hot", value=value, sync_count=count)
    try:
        return api.UpdateRecords(request, timeout=60).records[0].sync_count
    except grpc.RpcError as error:
        assert error.code() == refusal, error
        return None


def test_each_count_of_a_record_is_won_by_exactly_one_writer(stack, replicas):
    where = place(f"us-east-1:{uuid.uuid4()}", "d")
    goal = 60

    def write(number):
        api = replicas[number % len(replicas)]
        won, lost = {}, 0
        while True:
            listed = api.ListRecords(api.messages.ListRecordsRequest(**where), timeout=60)
            if listed.dataset_sync_count >= goal:
                return won, lost
            value = f"{number}.{listed.dataset_sync_count}"
            count = update(api, where, listed.sync_session_token, listed.dataset_sync_count, value)
            if count is None:
                lost += 1
            else:
                assert count == listed.dataset_sync_count + 1
                won[count] = value

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(write, range(16)))
    winners = collections.Counter(count for won, _ in outcomes for count in won)
    assert winners == dict.fromkeys(range(1, len(winners) + 1), 1)
    assert len(winners) >= goal
    assert sum(lost for _, lost in outcomes) > 0, "no two writers ever met"
    values = {count: {"hot": value} for won, _ in outcomes for count, value in won.items()}
    (dataset, changes), = read_log(stack.dsn).items()
    assert changes == sorted(values.items())
    assert read_records(stack.dsn) == {dataset: replay(changes)}


def test_of_21_datasets_created_at_once_20_live(stack, replicas):
    identities = [f"us-east-1:{uuid.uuid4()}" for _ in range(5)]
    threads = LIVE_DATASETS + 1
    together = threading.Barrier(threads)

    def create(number):
        api = replicas[number % len(replicas)]
        refusals = []
        for identity in identities:
            where = place(identity, f"d{number}")
            listed = api.ListRecords(api.messages.ListRecordsRequest(**where), timeout=60)
            together.wait(60)
            if update(api, where, listed.sync_session_token, 0, "v",
                      refusal=grpc.StatusCode.FAILED_PRECONDITION) is None:
                refusals.append(identity)
        return refusals

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        refusals = [identity for refused in pool.map(create, range(threads))
                    for identity in refused]
    assert sorted(refusals) == sorted(identities), "each identity is refused its 21st dataset"
    live = collections.Counter(identity for identity, _ in read_records(stack.dsn))
    assert live == dict.fromkeys(identities, LIVE_DATASETS)
    assert len(read_log(stack.dsn)) == LIVE_DATASETS * len(identities)
