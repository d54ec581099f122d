"""A PostgreSQL of these tests' own, which they may kill, and a stack over it for each test."""

import pathlib
import secrets
import shutil
import tempfile

import pytest

from postgres import PrivatePostgres
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
