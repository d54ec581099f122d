"""Bulk publishes: beside the drain of the log, and beside live changes."""

import contextlib
import threading
import time

from publisher_rows import COMMIT_TIME, MIB, backlog, destination, write
from rows import Row, percentile
from stack import POOL
from waiting import eventually

# Datasets of POOL: identity `bulk:<n>`; owners beyond those of sql/seed.sql.
SEED_BULK = """
INSERT INTO dataset.identity (owner, pool_id, identity_id, live_datasets, dataset_names)
SELECT 1000000 + n, '{pool}', 'bulk:' || n, 1, 1 FROM generate_series(1, {datasets}) AS n;
INSERT INTO dataset.dataset (owner, dataset_id, pool_id, identity_id, name, sync_count, live,
                             created_time, modified_time, modified_by, live_records, keys, bytes)
SELECT 1000000 + n, -1000000 - n, '{pool}', 'bulk:' || n, 'bench', 1, true, now(), now(), 'bench',
       20, 20, 2100
  FROM generate_series(1, {datasets}) AS n;
INSERT INTO dataset.record (owner, dataset_id, key, value, sync_count, modified_time,
                            device_modified_time, modified_by)
SELECT 1000000 + n, -1000000 - n, 'key-' || k, convert_to(repeat('v', 100), 'UTF8'), 1, now(),
       now(), 'bench'
  FROM generate_series(1, {datasets}) AS n, generate_series(0, 19) AS k;
"""
BULK_DATASETS = 20_000


@contextlib.contextmanager
def bulk_datasets(stack):
    stack.sql(SEED_BULK.format(pool=POOL, datasets=BULK_DATASETS) + "ANALYZE dataset.dataset,"
              " dataset.identity, dataset.record")
    try:
        yield
    finally:
        for table in ("record", "dataset", "identity"):
            stack.sql(f"DELETE FROM dataset.{table} WHERE owner > 1000000")


def bulk_publish(stack):
    """Publishes all datasets of POOL; returns once that is done."""
    with stack.pools() as api:
        api.StartBulkPublish(api.messages.StartBulkPublishRequest(
            identity_pool_id=POOL, again=True), timeout=30)
        eventually(lambda: api.GetBulkPublish(
            api.messages.GetBulkPublishRequest(identity_pool_id=POOL),
            timeout=30).bulk_publish.complete_time.seconds, "the bulk publish ends", seconds=300,
            interval=0.05)


def bytes_per_second(fake, goal):
    """From the first record accepted until there are `goal` more than now."""
    before = fake.counts()
    eventually(lambda: fake.counts()["accepted"] > before["accepted"], "the first arrives",
               seconds=60)
    began, first = time.monotonic(), fake.counts()
    eventually(lambda: fake.counts()["accepted"] >= before["accepted"] + goal, "all arrive",
               seconds=300, interval=0.02)
    return (fake.counts()["acceptedBytes"] - first["acceptedBytes"]) / (time.monotonic() - began)


def bulk(stack):
    """Datasets of 20 records to a fast sink, beside the drain of the log to it."""
    with destination(stack, "--counts-only") as fake, bulk_datasets(stack):
        changes = backlog(stack, fake)
        publisher = stack.start_publisher(fake.url)
        live = bytes_per_second(fake, changes)
        # While changes flow, and for a second after, a bulk publish goes slowly for their sake: that
        # is what the other benchmark measures.
        time.sleep(2)
        done = threading.Thread(target=bulk_publish, args=(stack,))
        done.start()
        rate = bytes_per_second(fake, BULK_DATASETS)
        done.join()
        yield Row("publisher, bulk publish, beside the drain of the log", rate / MIB, "MiB/s",
                  baseline=live / MIB, bar_on="ratio", bar=0.7)
        yield Row("memory of publisher after a bulk publish", publisher.memory_bytes() / MIB,
                  "MiB", better="lower", bar_on="value", bar=256)
        stack.stop(publisher)


def bulk_latency(stack):
    """Live changes at 2,000 a second, with and without bulk publishes beside them."""
    def measure(fake, beside):
        stop = threading.Event()

        def publish():
            while not stop.is_set():
                bulk_publish(stack)

        began = time.time() * 1000
        thread = threading.Thread(target=publish)
        if beside:
            thread.start()
        write(stack, batch=16, connections=2, rate=2000)
        stop.set()
        if beside:
            thread.join()
        time.sleep(1)
        # Neither copies of what was there before, nor the first second: connections are made, and a
        # bulk publish goes at full speed until it sees that changes flow.
        commits = [(int(COMMIT_TIME.search(data)[1]), arrived)
                   for _, data, arrived in fake.arrivals()]
        first = min(commit for commit, _ in commits if commit >= began)
        return percentile(sorted(arrived - commit for commit, arrived in commits
                                 if commit >= first + 1000), 0.99)

    p99 = {}
    for beside in (False, True):
        with destination(stack) as fake, bulk_datasets(stack):
            publisher = stack.start_publisher(fake.url)
            publisher.wait_ready()
            p99[beside] = measure(fake, beside)
            stack.stop(publisher)
    yield Row("commit to stream at 2,000/s, p99, with bulk publishes beside, to without", p99[True],
              "ms", better="lower", baseline=max(p99[False], 1), bar_on="ratio", bar=1.5)


BENCHMARKS = {"publisher-bulk": bulk, "publisher-bulk-latency": bulk_latency}
