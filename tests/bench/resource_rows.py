"""Memory and start-up of the services."""

import time

from dev_stack import DevStack, start_on_free_ports
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
    """deploy/dev/up, of what is built and was set up before, until the first call is answered."""
    development = DevStack(stack.directory / "dev stack")
    try:
        base = start_on_free_ports(development)
        development.run("down")
        begin = time.monotonic()
        done = development.up("--port-base", base)
        assert done.returncode == 0, done.stdout
        development.shell('aws cognito-sync list-identity-pool-usage')
        yield Row("start of the stack until the first call is answered", time.monotonic() - begin,
                  "s", better="lower", bar_on="value", bar=10)
    finally:
        development.run("down", "--wipe")


BENCHMARKS = {"memory": memory, "start": start}
