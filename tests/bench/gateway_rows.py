"""The gateway's HTTP API beside direct gRPC on the same dataset service."""

from rows import Row
from stack import POOL

ACCESS_KEY_ID = "AKIDBENCH"
SECRET = "bench-secret-access-key"


def gateway(stack):
    """64 signed requests in flight through the gateway, beside 64 direct calls."""
    credentials = stack.directory / "gateway-credentials"
    credentials.write_text(f"[bench]\naws_access_key_id = {ACCESS_KEY_ID}\n"
                           f"aws_secret_access_key = {SECRET}\n")
    dataset = stack.start_dataset()
    service = stack.start("gateway", "--dataset", dataset.addresses["grpc"], "--stream-config",
                          stack.stream_config.addresses["grpc"], "--credentials-file",
                          str(credentials))
    service.wait_ready()
    for operation in ("update", "list"):
        direct = stack.load(dataset, operation, 64)["calls_per_second"]
        http = stack.program("gateway-load", "--port", service.addresses["http"].split(":")[1],
                             "--pool", POOL, "--operation", operation, "--in-flight", 64,
                             "--access-key-id", ACCESS_KEY_ID, "--secret", SECRET,
                             "--seconds", stack.seconds)["calls_per_second"]
        yield Row(f"gateway, {operation}s, 64 in flight, beside gRPC", http, "calls/s",
                  baseline=direct, bar_on="ratio", bar=0.6)
    yield Row("memory of gateway after load", service.memory_bytes() / 1024 / 1024, "MiB",
              better="lower", bar_on="value", bar=256)
    stack.stop(service)
    stack.stop(dataset)


BENCHMARKS = {"gateway": gateway}
