"""A stack started by deploy/dev/up itself, in a directory of these tests."""

import pytest

from dev_stack import DevStack, start_on_free_ports


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    running = DevStack(tmp_path_factory.mktemp("dev stack"))
    try:
        running.base = start_on_free_ports(running)
        yield running
    finally:
        running.run("down", "--wipe")
