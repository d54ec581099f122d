"""The dataset service's gRPC API beside itself unbatched, and beside pgbench."""

import pathlib

from rows import Row


def seed(stack):
    """What pgbench works on; once for all benchmarks."""
    if stack.sql("SELECT count(*) FROM dataset.dataset WHERE pool_id = 'pgbench'") == "0":
        stack.sql((pathlib.Path(__file__).parent / "sql/seed.sql").read_text())
        stack.sql("VACUUM ANALYZE dataset.dataset, dataset.record, dataset.identity")


def best_pgbench(stack, script, clients):
    seed(stack)
    return max(stack.pgbench(script, count)[0] for count in clients)


def updates(stack):
    """256 updates in flight, against the same server with batches of one, and against pgbench."""
    batched = stack.start_dataset()
    rate = stack.load(batched, "update", 256)["calls_per_second"]
    stack.stop(batched)
    single = []
    for lanes in (2, 4, 8):
        unbatched = stack.start_dataset("--batch-requests", "1", "--write-lanes", str(lanes))
        single.append(stack.load(unbatched, "update", 256)["calls_per_second"])
        stack.stop(unbatched)
    yield Row("updates, 256 in flight, beside batches of 1", rate, "calls/s",
              baseline=max(single), bar_on="ratio", bar=2.5)
    yield Row("updates, 256 in flight, beside pgbench", rate, "calls/s",
              baseline=best_pgbench(stack, "update_one.sql", (4, 8, 16)), bar_on="ratio", bar=1.3)


def update_latency(stack):
    """One update in flight: what gRPC and the lanes add to the statement."""
    service = stack.start_dataset()
    p50 = stack.load(service, "update", 1)["p50_ms"]
    stack.stop(service)
    seed(stack)
    statement = stack.pgbench("update_one.sql", 1)[1]
    yield Row("update, 1 in flight, p50 above the statement", p50 - statement, "ms",
              better="lower", bar_on="value", bar=1.0)


def lists(stack):
    """Lists of 20 records against the same query in pgbench."""
    service = stack.start_dataset()
    rate = stack.load(service, "list", 64)["calls_per_second"]
    stack.stop(service)
    yield Row("lists of 20 records, 64 in flight, beside pgbench", rate, "calls/s",
              baseline=best_pgbench(stack, "list_records.sql", (4, 8, 16)), bar_on="ratio",
              bar=0.5)


BENCHMARKS = {"updates": updates, "update-latency": update_latency, "lists": lists}
