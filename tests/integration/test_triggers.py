"""Sync triggers: the dataset service, pools' event settings, and a fake of Lambda."""

import concurrent.futures
import os
import re
import secrets
import uuid

import grpc
import pytest

from api import Api, messages
from fake_aws import FakeAws
from stack import ACCESS_KEY, SECRET_KEY, Stack
from waiting import eventually

REGION = "us-east-1"


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    keys = tmp_path_factory.mktemp("aws") / "keys"
    keys.write_text(f"[default]\naws_access_key_id = {ACCESS_KEY}\n"
                    f"aws_secret_access_key = {SECRET_KEY}\n")
    running = FakeAws("unused", "--keys", keys)
    yield running
    running.close()


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with Stack(tmp_path_factory.mktemp("stack"), os.environ["TIDEMARK_TEST_DSN"],
               f"triggers_{secrets.token_hex(4)}") as running:
        yield running


@pytest.fixture(scope="module")
def service(stack, fake):
    stack.environment |= {"TIDEMARK_DATASET_ACCESS_KEY_ID": ACCESS_KEY,
                          "TIDEMARK_DATASET_SECRET_ACCESS_KEY": SECRET_KEY}
    return stack.start_dataset("--lambda-endpoint", fake.url, "--trigger-calls-per-pool", "2")


@pytest.fixture(scope="module")
def api(service):
    with Api(service.addresses["grpc"], "dataset", "DatasetService") as client:
        yield client


class Device:
    """An identity of a pool with the dataset `prefs`."""

    def __init__(self, api, pool, caller="identity", identity=None):
        self.api = api
        self.identity = identity or f"{REGION}:{uuid.uuid4()}"
        self.caller = [("x-tidemark-caller", caller), ("x-tidemark-principal", self.identity)]
        self.whose = {"identity_pool_id": pool, "identity_id": self.identity,
                      "dataset_name": "prefs"}

    def list(self):
        return self.api.ListRecords(self.api.messages.ListRecordsRequest(**self.whose),
                                    metadata=self.caller, timeout=30)

    def request(self, **values):
        """Writes these values, which the server does not have yet."""
        request = self.api.messages.UpdateRecordsRequest(
            **self.whose, sync_session_token=self.list().sync_session_token,
            request_id=secrets.token_hex(8))
        for key, value in values.items():
            request.record_patches.add(op="OP_REPLACE", key=key, value=value)
        return request

    def send(self, request, timeout=30):
        """The records answered: key, value, count."""
        answer = self.api.UpdateRecords(request, metadata=self.caller, timeout=timeout)
        return [(record.key, record.value if record.HasField("value") else None, record.sync_count)
                for record in answer.records]

    def refused(self, **values):
        """The code and the reason of an update's error; it must have stored nothing."""
        before = self.list().dataset_sync_count
        with pytest.raises(grpc.RpcError) as caught:
            self.send(self.request(**values))
        assert self.list().dataset_sync_count == before
        return error_of(caught.value)


def error_of(error):
    """Code and reason."""
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    return error.code(), re.search(rb"(TRIGGER|LIMIT|STALE)_[A-Z_]+", details)[0].decode()


def knows(api, pool):
    """Whether the dataset service has heard of the pool."""
    try:
        return Device(api, pool).list() is not None
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.PERMISSION_DENIED, error
        return False


@pytest.fixture
def new_pool(stack, api):
    """Makes a pool with this function (its ARN) as its trigger, once the dataset service knows it."""
    def make(function):
        pool = f"{REGION}:{uuid.uuid4()}"
        settings = messages("stream_config", "pool").EventSettings()
        settings.functions["SyncTrigger"] = function
        stack.create_pool(pool, events=settings)
        eventually(lambda: knows(api, pool), "the dataset service knows the pool")
        return pool
    return make


def test_a_function_changes_adds_and_leaves_out_what_identities_write(api, fake, new_pool):
    function = fake.put_function("normalise", patch={"datasetRecords": {
        "name": {"newValue": "ada"}, "seen": {"newValue": "yes", "op": "replace"},
        "vetoed": None}})
    pool = new_pool(function)
    device = Device(api, pool)
    assert device.send(device.request(name=" Ada ", vetoed="x")) == [
        ("name", "ada", 1), ("vetoed", None, 0), ("seen", "yes", 1)]
    listed = device.list()
    assert [(record.key, record.value) for record in listed.records] == [
        ("name", "ada"), ("seen", "yes")]
    assert listed.dataset_sync_count == 1

    developer = Device(api, pool, caller="developer")
    assert developer.send(developer.request(name=" Ada ")) == [("name", " Ada ", 1)]
    assert len(fake.invocations("normalise")) == 1


def test_a_repeat_gets_the_first_answer_without_the_function(api, fake, new_pool):
    function = fake.put_function("once", patch={"datasetRecords": {"a": {"newValue": "f"}}})
    device = Device(api, new_pool(function))
    request = device.request(a="x")
    first = device.send(request)
    assert first == [("a", "f", 1)]
    assert device.send(request) == first
    assert len(fake.invocations("once")) == 1


@pytest.mark.parametrize("behaviour, code, reason", [
    ({"payload": "it works!"}, "FAILED_PRECONDITION", "TRIGGER_FAILED"),
    ({"payload": "{}", "error": "Unhandled"}, "FAILED_PRECONDITION", "TRIGGER_FAILED"),
    ({"patch": {"datasetName": "other"}}, "FAILED_PRECONDITION", "TRIGGER_FAILED"),
    ({"patch": {"note": "extra"}}, "FAILED_PRECONDITION", "TRIGGER_FAILED"),
    ({"patch": {"datasetRecords": {"a": {"newValue": 17}}}}, "FAILED_PRECONDITION",
     "TRIGGER_FAILED"),
    ({"payload": " " * (7 << 20)}, "FAILED_PRECONDITION", "TRIGGER_FAILED"),
    ({"patch": {"datasetRecords": {f"k{n}": {"op": "replace", "newValue": "x"}
                                   for n in range(10_000)}}},
     "FAILED_PRECONDITION", "LIMIT_EXCEEDED"),
    ({"sleepSeconds": 60}, "DEADLINE_EXCEEDED", "TRIGGER_TIMED_OUT"),
], ids=["no-json", "error", "read-only-field", "extra-field", "wrong-type", "7-MiB",
        "10000-records", "too-slow"])
def test_what_functions_do_wrong_is_told_and_nothing_is_stored(api, fake, new_pool, behaviour, code,
                                                              reason):
    function = fake.put_function(f"wrong-{secrets.token_hex(4)}", **behaviour)
    refusal = Device(api, new_pool(function)).refused(a="x")
    assert refusal == (grpc.StatusCode[code], reason)


def test_a_writer_of_the_same_key_meanwhile_makes_a_conflict(api, fake, service, new_pool):
    pool = new_pool(fake.put_function("pausing", sleepSeconds=4))
    device = Device(api, pool)
    with concurrent.futures.ThreadPoolExecutor() as threads:
        waiting = threads.submit(device.send, device.request(a="x"))
        eventually(lambda: fake.invocations("pausing"), "the function runs")
        developer = Device(api, pool, "developer", device.identity)
        assert developer.send(developer.request(a="mine")) == [("a", "mine", 1)]
        with pytest.raises(grpc.RpcError) as caught:
            waiting.result()
    assert error_of(caught.value) == (grpc.StatusCode.ABORTED, "STALE_SYNC_COUNT")
    assert [record.value for record in device.list().records] == ["mine"]


def test_a_missing_and_a_throttled_function_are_told(api, fake, new_pool):
    missing = fake.put_function("missing")
    fake.delete_function("missing")
    refusal = Device(api, new_pool(missing)).refused(a="x")
    assert refusal == (grpc.StatusCode.FAILED_PRECONDITION, "TRIGGER_FAILED")
    busy = fake.put_function("busy")
    fake.limit_concurrency("busy", 0)
    refusal = Device(api, new_pool(busy)).refused(a="x")
    assert refusal == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TRIGGER_THROTTLED")


def test_a_slow_function_fills_its_own_pool_alone(api, fake, service, new_pool):
    slow = new_pool(fake.put_function("slow", sleepSeconds=60))
    quick = new_pool(fake.put_function("quick"))
    with concurrent.futures.ThreadPoolExecutor() as threads:
        waiting = [threads.submit(Device(api, slow).refused, a="x") for _ in range(2)]
        eventually(lambda: "trigger_calls_in_flight 2" in service.metrics(), "both wait")
        assert Device(api, slow).refused(a="x") == (
            grpc.StatusCode.RESOURCE_EXHAUSTED, "TRIGGER_THROTTLED")
        device = Device(api, quick)
        assert device.send(device.request(a="x")) == [("a", "x", 1)]
        for call in waiting:
            assert call.result()[1] == "TRIGGER_TIMED_OUT"


def test_without_credentials_only_triggers_fail(stack, fake, new_pool, monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.delitem(stack.environment, f"TIDEMARK_DATASET_{name}")
    bare = stack.start_dataset("--lambda-endpoint", fake.url, label="bare")
    function = fake.put_function("unused")
    with Api(bare.addresses["grpc"], "dataset", "DatasetService") as client:
        pool = new_pool(function)
        eventually(lambda: knows(client, pool), "it knows the pool")
        assert Device(client, pool).refused(a="x")[1] == "TRIGGER_FAILED"
        developer = Device(client, pool, caller="developer")
        assert developer.send(developer.request(a="x")) == [("a", "x", 1)]
