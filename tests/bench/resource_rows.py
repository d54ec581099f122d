"""Memory and start-up of the services."""

import time

from rows import Row

MIB = 1024 * 1024


def memory(stack):
    """Resident memory of the services at rest, and of the dataset service after load."""
    service = stack.start_dataset()
    time.sleep(1)
    for resting in (stack.stream_config, service):
        yield Row(f"memory of {resting.name} at rest", resting.memory_bytes() / MIB, "MiB",
                  better="lower", bar_on="value", bar=64)
    stack.load(service, "update", 256)
    yield Row("memory of dataset after load", service.memory_bytes() / MIB, "MiB", better="lower",
              bar_on="value", bar=256)
    stack.stop(service)


def start(stack):
    """From the start of the dataset service to its first answer."""
    begin = time.monotonic()
    service = stack.start_dataset()
    yield Row("start of dataset", time.monotonic() - begin, "s", better="lower", bar_on="value",
              bar=10)
    stack.stop(service)


BENCHMARKS = {"memory": memory, "start": start}
