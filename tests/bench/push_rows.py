"""Pushes to devices from the change log to a local SNS, beside bare calls of Publish."""

import contextlib
import json
import re
import time

from api import Api
from publisher_rows import COMMIT_TIME, destination, write
from rows import Row, percentile
from stack import POOL
from waiting import eventually

ENDPOINTS = 16
MESSAGE = json.dumps({"default": "cognito-sync", "GCM": json.dumps({"fcmV1Message": {"message": {
    "data": {"source": "cognito-sync", "identityPoolId": POOL, "identityId": "bench:10000",
             "datasetName": "bench", "syncCount": "1000"}}}})})
# A device of each of the bench's identities, subscribed to all; several share an endpoint.
DEVICES = """
INSERT INTO push.device (owner, device_id, pool_id, identity_id, platform, token_digest,
    application_arn, endpoint_arn, state, subscribed_to_all, registration, registration_time,
    last_registration_time)
SELECT ('x' || substr(encode(sha256(convert_to('{pool}', 'UTF8') || '\\x00'
              || convert_to(identity_id, 'UTF8')), 'hex'), 1, 16))::bit(64)::bigint,
       gen_random_uuid(), '{pool}', identity_id, 3, sha256(convert_to(identity_id, 'UTF8')),
       '{application}', ('{{{endpoints}}}'::text[])[1 + owner % {count}], 1, true, 1, now(), now()
  FROM dataset.identity WHERE pool_id = 'pgbench'"""


@contextlib.contextmanager
def devices(stack, *arguments):
    """A stream that is on, and a device of each identity; the fake, its endpoints."""
    with destination(stack, "--application", "GCM/bench", *arguments) as fake:
        application = fake.create_application("bench")
        stack.set_push(application)  # which the push service then knows from the beginning
        push = stack.start_push(fake.url)
        endpoints = [register(push, number) for number in range(ENDPOINTS)]
        arns = sorted(endpoint["arn"] for endpoint in fake.endpoints())
        stack.sql("DELETE FROM push.device")
        stack.sql(DEVICES.format(pool=POOL, application=application, endpoints=",".join(arns),
                                 count=len(endpoints)))
        stack.sql("ANALYZE push.device")
        try:
            yield fake, arns
        finally:
            stack.set_push()
            stack.stop(push)


def register(push, number):
    """A device with an endpoint of its own; its id."""
    identity = f"bench:{number}"
    with Api(push.addresses["grpc"], "push", "PushService") as api:
        return api.RegisterDevice(
            api.messages.RegisterDeviceRequest(identity_pool_id=POOL, identity_id=identity,
                                               platform="PLATFORM_GCM", token=f"token-{number}"),
            timeout=30, metadata=[("x-tidemark-caller", "identity"),
                                  ("x-tidemark-principal", identity)]).device_id


def pushes(fake):
    return fake.calls().get("sns.Publish", 0)


def throughput(stack):
    """The pushes of a backlog of changes to a fast sink that counts them, beside bare calls."""
    with devices(stack, "--counts-only") as (fake, arns):
        for _ in range(2):
            write(stack, batch=64, connections=2)
        before = pushes(fake)
        publisher = stack.start_publisher(fake.url, "--sns-endpoint", fake.url, "--push",
                                          stack.push_address)
        eventually(lambda: pushes(fake) > before, "the first push arrives")
        began, first = time.monotonic(), pushes(fake)
        eventually(lambda: waiting(publisher) == 0, "all are sent", seconds=300, interval=0.05)
        rate = (pushes(fake) - first) / (time.monotonic() - began)
        stack.stop(publisher)
        bare = stack.program("sns-load", "--url", fake.url, "--message", MESSAGE, "--seconds",
                             max(1, round(stack.seconds)),
                             *(part for arn in arns for part in ("--endpoint", arn)))
        yield Row("pushes from one publisher, beside bare calls of Publish", rate, "pushes/s",
                  baseline=bare["pushes_per_second"], bar_on="value", bar=2000)


def waiting(publisher):
    found = re.search(r"^tidemark_publisher_pushes_waiting (\d+)", publisher.metrics(), re.M)
    return int(found[1])


def latency(stack):
    """From commit to SNS at a steady 2,000 changes a second, which go to the stream too."""
    with devices(stack) as (fake, _):
        publisher = stack.start_publisher(fake.url, "--sns-endpoint", fake.url, "--push",
                                          stack.push_address)
        publisher.wait_ready()
        write(stack, batch=16, connections=1, rate=2000)
        eventually(lambda: waiting(publisher) == 0, "all are sent", seconds=60)
        time.sleep(1)
        committed = {change_of(json.loads(data)): int(COMMIT_TIME.search(data)[1])
                     for _, data in fake.records()}
        times = sorted(push["arrivedMillis"] - committed[change_of(data_of(push))]
                       for push in fake.pushes() if change_of(data_of(push)) in committed)
        streams = sorted(arrived - int(COMMIT_TIME.search(data)[1])
                         for _, data, arrived in fake.arrivals())
        stack.stop(publisher)
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            yield Row(f"commit to push at 2,000/s, {name}, beside commit to stream",
                      percentile(times, share), "ms", better="lower",
                      baseline=max(1, percentile(streams, share)), bar_on="value",
                      bar={"p50": 50, "p99": 250}[name])


def data_of(push):
    return json.loads(push["payload"])["fcmV1Message"]["message"]["data"]


def change_of(event):
    """Identity and count, of an event and of a push."""
    return event["identityId"], int(event["syncCount"])


BENCHMARKS = {"push-throughput": throughput, "push-latency": latency}
