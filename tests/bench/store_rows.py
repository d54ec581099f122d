"""The PostgreSQL stores alone, without gRPC and lanes, beside pgbench."""

from dataset_rows import best_pgbench, seed
from rows import Row

SEEDED_DATASET_BYTES = 2100  # of keys and values, in sql/seed.sql


def store(stack, **settings):
    seed(stack)
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    return stack.program("store-load", "--dsn", stack.dsn, "--seconds", stack.seconds,
                         *arguments)["calls_per_second"]


def updates(stack):
    """Batches of growing size on 4 connections, and large ones on 2."""
    baseline = best_pgbench(stack, "update_one.sql", (4, 8, 16))
    for batch, connections, bar in ((1, 4, None), (8, 4, None), (32, 4, 2), (64, 4, 2), (64, 2, 2)):
        rate = store(stack, batch=batch, connections=connections)
        yield Row(f"store, batches of {batch}, {connections} connections, beside pgbench", rate,
                  "updates/s", baseline=baseline, bar_on="ratio" if bar else None, bar=bar)
    rate = store(stack, batch=32, connections=4, patches=10)
    yield Row("store, batches of 32 with 10 patches, 4 connections", rate, "updates/s")


def lists(stack):
    """Lists of 20 records, pipelined, beside the same query in pgbench."""
    rate = max(store(stack, operation="list", connections=lanes) for lanes in (2, 4))
    yield Row("store, lists of 20 records, beside pgbench", rate, "calls/s",
              baseline=best_pgbench(stack, "list_records.sql", (4, 8, 16)), bar_on="ratio",
              bar=0.5)


def snapshots(stack):
    """Whole datasets of 20 records of 100 B, as a bulk publish reads them, on one connection."""
    rate = store(stack, operation="snapshots")
    yield Row("store, whole datasets of 20 records, 1 connection", rate, "datasets/s")
    yield Row("store, keys and values of whole datasets, 1 connection",
              rate * SEEDED_DATASET_BYTES / 2**20, "MiB/s")


BENCHMARKS = {"store-updates": updates, "store-lists": lists, "store-snapshots": snapshots}
