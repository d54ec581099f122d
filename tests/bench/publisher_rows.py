"""The publisher from the change log to a local Kinesis, beside that Kinesis alone and beside the
simplest loop that polls and sends."""

import concurrent.futures
import contextlib
import re
import subprocess
import time
import uuid

from bench_stack import bench_program
from dataset_rows import seed
from fake_aws import FakeAws
from rows import Row, percentile
from store_rows import store
from waiting import eventually

STREAM = "bench"
OTHER = "other"
MIB = 1024 * 1024
VALUE_BYTES = 200
COMMIT_TIME = re.compile(rb'"lastModifiedDate":(\d+)')


@contextlib.contextmanager
def destination(stack, *arguments):
    """A dataset service for the log's upkeep, and a stream that is on from here. Changes of the
    bench's pool go there: they bear POOL's number."""
    seed(stack)
    fake = FakeAws(STREAM, *arguments)
    dataset = stack.start_dataset()
    stack.enable_stream(STREAM)
    try:
        yield fake
    finally:
        stack.disable_stream()
        stack.stop(dataset)
        fake.close()


def write(stack, **settings):
    """Updates of 200 B by the batch function; returns how many a second."""
    return store(stack, value_bytes=VALUE_BYTES, **settings)


def backlog(stack, fake):
    """Writes changes for about two measurements' time while no publisher runs; their number."""
    before = int(stack.sql("SELECT last_value FROM dataset.change_log_position"))
    for _ in range(2):
        write(stack, batch=64, connections=2)
    return int(stack.sql("SELECT last_value FROM dataset.change_log_position")) - before


def drain_with(stack, fake, publishers):
    """Changes a second that so many publishers deliver of a backlog, and the memory of the largest."""
    changes, before = backlog(stack, fake), fake.counts()["accepted"]
    running = [stack.start_publisher(fake.url, label=f"publisher-{n}") for n in range(publishers)]
    eventually(lambda: fake.counts()["accepted"] > before, "the first change arrives")
    began, first = time.monotonic(), fake.counts()["accepted"]
    eventually(lambda: fake.counts()["accepted"] >= before + changes, "all arrive", seconds=300,
               interval=0.05)
    rate = (before + changes - first) / (time.monotonic() - began)
    memory = max(publisher.memory_bytes() for publisher in running) / MIB
    for publisher in running:
        stack.stop(publisher)
    return rate, memory


def drain(stack):
    """A backlog of changes of 20,000 identities to a fast sink that counts them."""
    with destination(stack, "--counts-only") as fake:
        rate, memory = drain_with(stack, fake, 1)
        rate_of_two, memory_of_two = drain_with(stack, fake, 2)
        counts = fake.counts()
        yield Row("memory of publisher after a drain", max(memory, memory_of_two), "MiB",
                  better="lower", bar_on="value", bar=256)
        sink = stack.program("kinesis-sink-bench", "--url", fake.url, "--record-bytes",
                             counts["acceptedBytes"] // counts["accepted"], "--seconds",
                             max(1, round(stack.seconds)))["records_per_second"]
        yield Row("publisher, drain of the log, beside its sink", rate, "changes/s",
                  baseline=sink, bar_on="ratio", bar=0.3)
        # They share two processors with the database and the sink.
        yield Row("two publishers, drain of the log, beside its sink", rate_of_two, "changes/s",
                  baseline=sink, bar_on="ratio", bar=0.3)


def stuck(stack):
    """Memory while a stream takes nothing and changes pile up."""
    with destination(stack, "--counts-only") as fake:
        publisher = stack.start_publisher(fake.url)
        publisher.wait_ready()
        yield Row("memory of publisher at rest", publisher.memory_bytes() / MIB, "MiB",
                  better="lower", bar_on="value", bar=64)
        fake.add_faults({"kind": "error", "code": "ProvisionedThroughputExceededException",
                         "times": 0})
        backlog(stack, fake)
        time.sleep(3)
        yield Row("memory of publisher with a stream that is stuck",
                  publisher.memory_bytes() / MIB, "MiB", better="lower", bar_on="value", bar=256)
        stack.stop(publisher)


def latencies(fake):
    """Sorted ms from commit (its time in the record) to arrival."""
    return sorted(arrived - int(COMMIT_TIME.search(data)[1])
                  for _, data, arrived in fake.arrivals())


def latency(stack):
    """From commit to the stream at a steady 5,000 changes a second."""
    def measure(fake):
        write(stack, batch=16, connections=2, rate=5000)
        time.sleep(1)
        times = latencies(fake)
        return percentile(times, 0.5), percentile(times, 0.99)

    with destination(stack) as fake:
        publisher = stack.start_publisher(fake.url)
        publisher.wait_ready()
        ours = measure(fake)
        stack.stop(publisher)
    with destination(stack) as fake:
        loop = subprocess.Popen([bench_program("poll-and-send"), "--dsn", stack.dsn, "--kinesis",
                                 fake.url, "--stream", STREAM, "--seconds",
                                 str(stack.seconds + 1)])
        bare = measure(fake)
        loop.wait(60)
    for name, mine, theirs, bar in zip(("p50", "p99"), ours, bare, (15, 60)):
        yield Row(f"commit to stream at 5,000/s, {name}, beside poll and send", mine, "ms",
                  better="lower", baseline=max(theirs, 1), bar_on="value", bar=bar)


def isolation(stack):
    """From commit to the stream at 2,000 changes a second, while as many of another pool go to a
    stream that takes nothing, beside the same with a stream that takes them."""
    def measure(fault):
        with destination(stack, "--stream", f"{OTHER}:2") as fake:
            number = enable_other(stack)
            publisher = stack.start_publisher(fake.url)
            publisher.wait_ready()
            if fault:
                fake.add_faults({**fault, "resource": OTHER, "times": 0})
            with concurrent.futures.ThreadPoolExecutor(1) as beside:
                other = beside.submit(write, stack, batch=16, connections=1, rate=2000,
                                      pool_number=number, last=10_000)
                write(stack, batch=16, connections=1, rate=2000, first=10_001)
                other.result()
            time.sleep(1)
            times = latencies(fake)
            stack.stop(publisher)
            return percentile(times, 0.5), percentile(times, 0.99)

    healthy = measure(None)
    stuck_beside = measure({"kind": "error", "code": "ProvisionedThroughputExceededException"})
    for name, mine, theirs in zip(("p50", "p99"), stuck_beside, healthy):
        yield Row(f"commit to stream at 2,000/s beside a stream that is stuck, {name}, beside one"
                  " that is not", mine, "ms", better="lower", baseline=max(theirs, 1),
                  bar_on="ratio", bar=1.5)


def enable_other(stack):
    """Makes a pool whose stream is OTHER; its number in the log."""
    pool = f"us-east-1:{uuid.uuid4()}"
    stack.create_pool(pool)
    stack.enable_stream(OTHER, pool)
    with stack.pools() as api:
        return api.GetPool(api.messages.GetPoolRequest(identity_pool_id=pool)).pool.pool_number


BENCHMARKS = {"publisher-drain": drain, "publisher-latency": latency, "publisher-stuck": stuck,
              "publisher-isolation": isolation}
