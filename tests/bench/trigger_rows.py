"""What a sync trigger costs, beside the bare call of its function."""

import uuid

from api import messages
from fake_aws import FakeAws
from rows import Row
from stack import ACCESS_KEY, SECRET_KEY


def trigger(stack):
    """One update in flight: through a function that gives its event back, without one, and the
    function alone, which is given the same event by the same client."""
    stack.environment |= {"TIDEMARK_DATASET_ACCESS_KEY_ID": ACCESS_KEY,
                          "TIDEMARK_DATASET_SECRET_ACCESS_KEY": SECRET_KEY}
    fake = FakeAws("unused")
    try:
        function = fake.put_function("echo")
        settings = messages("stream_config", "pool").EventSettings()
        settings.functions["SyncTrigger"] = function
        pool = f"us-east-1:{uuid.uuid4()}"
        stack.create_pool(pool, events=settings)
        service = stack.start_dataset("--lambda-endpoint", fake.url)
        bare = stack.program("function-load", "--lambda-endpoint", fake.url, "--function", function,
                             "--seconds", stack.seconds)["p50_ms"]
        through = stack.load(service, "update", 1, pool=pool, as_identity="true")["p50_ms"]
        without = stack.load(service, "update", 1, as_identity="true")["p50_ms"]
        stack.stop(service)
    finally:
        fake.close()
    yield Row("a function of 20 records alone, p50", bare, "ms", better="lower")
    yield Row("update through it, 1 in flight, p50 above the function alone", through - bare, "ms",
              better="lower", baseline=without, bar_on="value", bar=5)


BENCHMARKS = {"trigger": trigger}
