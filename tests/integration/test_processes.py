"""What every service has from its first day: metrics, probes, health, reflection, a version, and an
end in good order."""

import concurrent.futures
import subprocess
import urllib.request

import grpc
import postgres
import pytest

from api import Api
from gateway_stack import make_client
from service import binary
from stack import POOL
from waiting import eventually

SERVICES = ("dataset", "stream-config", "publisher", "push", "gateway")
IDENTITY = "us-east-1:00000000-0000-0000-0000-0000000000a1"
SERVING = b"\x08\x01"  # grpc.health.v1.HealthCheckResponse{status: SERVING}
TENANTS = {"pool", "pool_id", "identity_pool_id", "identity", "identity_id", "dataset",
           "dataset_name", "stream", "stream_name", "key", "owner", "access_key_id"}


def arguments(stack, name):
    dataset = ["--dataset", stack.dataset_address]
    pools = ["--stream-config", stack.stream_config.addresses["grpc"]]
    return {"dataset": pools,
            "stream-config": dataset,
            "publisher": [*pools, *dataset, "--kinesis-endpoint", "http://127.0.0.1:1"],
            "push": [*pools, *dataset, "--sns-endpoint", "http://127.0.0.1:1"],
            "gateway": [*pools, *dataset, "--credentials-file", stack.directory / "credentials"],
            }[name]


@pytest.fixture(params=SERVICES)
def service(request, stack):
    """A replica of each service beside the stack's, ready."""
    name = request.param
    if name == "push":  # which the gateway does without
        stack.migrate(name)
    running = stack.start(name, *arguments(stack, name), label=f"{name}-replica")
    running.wait_ready()
    yield running
    stack.services.remove(running)
    running.close()


def fetch(service, path):
    return urllib.request.urlopen(f"http://{service.addresses['metrics']}{path}", timeout=30)


def call(service, method, request):
    """The bytes that a gRPC method answers; of a streaming one, the first message."""
    with grpc.insecure_channel(service.addresses["grpc"]) as channel:
        if "Reflection" not in method:
            return channel.unary_unary(method)(request, timeout=30)
        return next(channel.stream_stream(method)(iter([request]), timeout=30))


def samples(service):
    """The lines of /metrics that hold numbers."""
    with fetch(service, "/metrics") as answer:
        return [line for line in answer.read().decode().splitlines() if not line.startswith("#")]


def test_metrics_bear_the_service_and_no_tenant(service):
    read_something(service)[1]()
    prefix = f"tidemark_{service.name.replace('-', '_')}_"
    lines = samples(service)
    assert any(line.startswith(prefix) for line in lines)
    for line in lines:
        name, _, rest = line.partition("{")
        assert name.startswith((prefix, "process_", "tidemark_build_info")), line
        labels = {pair.split("=")[0] for pair in rest.split("}")[0].split(",") if "=" in pair}
        assert not labels & TENANTS, line
        assert POOL not in line and IDENTITY not in line


def test_probes(service):
    for path in ("/livez", "/readyz"):
        with fetch(service, path) as answer:
            assert answer.status == 200


def test_health_and_reflection(service):
    if service.name == "gateway":
        assert "grpc" not in service.addresses
        return
    assert call(service, "/grpc.health.v1.Health/Check", b"") == SERVING
    listed = call(service, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                  b"\x3a\x01*")  # ServerReflectionRequest{list_services: "*"}
    assert f"tidemark.{service.name.replace('-', '_')}.v1.".encode() in listed


@pytest.mark.parametrize("name", SERVICES)
def test_version(name):
    done = subprocess.run([binary(name), "--version"], stdout=subprocess.PIPE, text=True,
                          check=True)
    assert done.stdout.startswith(f"tidemark-{name} ")


def test_sigterm_ends_it_with_0(service):
    assert service.stop() == 0


class Lock:
    """Holds a table, so that whoever reads it waits."""

    def __init__(self, dsn, table):
        self.session = subprocess.Popen([postgres.BIN / "psql", "-Xq", "-d", dsn],
                                        stdin=subprocess.PIPE, text=True)
        self.session.stdin.write(f"BEGIN; LOCK TABLE {table};\n")
        self.session.stdin.flush()

    def release(self):
        self.session.communicate()


def read_something(service):
    """A call that reads a table, and the table."""
    if service.name == "gateway":
        client = make_client(f"http://{service.addresses['http']}")
        return "dataset.dataset", lambda: client.list_datasets(IdentityPoolId=POOL,
                                                               IdentityId=IDENTITY)
    package, rpc, table, fields = {
        "dataset": ("DatasetService", "ListDatasets", "dataset.dataset",
                    {"identity_pool_id": POOL, "identity_id": IDENTITY}),
        "stream-config": ("StreamConfigService", "GetPool", "stream_config.pool",
                          {"identity_pool_id": POOL}),
        "publisher": ("PublisherService", "ListParkedChanges", "publisher.parked_change",
                      {"identity_pool_id": POOL}),
        "push": ("PushService", "ListDevices", "push.device",
                 {"identity_pool_id": POOL, "identity_id": IDENTITY}),
    }[service.name]
    api = Api(service.addresses["grpc"], service.name.replace("-", "_"), package)
    request = getattr(api.messages, f"{rpc}Request")(**fields)
    return table, lambda: getattr(api, rpc)(request, timeout=60)


def in_flight(service):
    return sum(float(line.split()[-1]) for line in samples(service)
               if line.partition("{")[0].split()[0].endswith("s_in_flight"))


def test_sigterm_lets_a_request_in_flight_end(service, stack):
    table, read = read_something(service)
    read()
    assert in_flight(service) == 0
    lock = Lock(stack.dsn, table)
    try:
        held = ("SELECT count(*) FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock'"
                f" AND relation = '{table}'::regclass")
        eventually(lambda: stack.sql(held) != "0", "the table is locked")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            answer = pool.submit(read)
            eventually(lambda: in_flight(service) == 1, "the call waits")
            service.process.terminate()
            eventually(lambda: not service.ready(), "it is no longer ready")
            lock.release()
            answer.result()
            assert service.process.wait(30) == 0
    finally:
        lock.release()
