"""A PostgreSQL of these tests' own, which they may kill, and a stack over it for each test."""

import pathlib
import secrets
import shutil
import tempfile

import pytest

from fake_aws import FakeAws
from postgres import PrivatePostgres
from publishing import STREAM, keys_file
from stack import Stack


@pytest.fixture(scope="session")
def server():
    # Not under pytest's directory, which the user postgres may not enter.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="tidemark-faults-"))
    running = PrivatePostgres(directory)
    yield running
    running.kill()  # Nobody needs its data.
    shutil.rmtree(directory)


@pytest.fixture
def stack(server, tmp_path):
    if server.process.poll() is not None:  # A test failed before it started it again.
        server.start()
    with Stack(tmp_path, server.dsn(), f"faults_{secrets.token_hex(4)}") as running:
        yield running


@pytest.fixture
def fake(tmp_path):
    """Takes what is signed with the publisher's keys alone."""
    running = FakeAws(STREAM, "--keys", keys_file(tmp_path))
    yield running
    running.close()


@pytest.fixture
def dataset(stack):
    """The dataset service, of whose pool the stream is on."""
    service = stack.start_dataset()
    stack.enable_stream(STREAM)
    return service
