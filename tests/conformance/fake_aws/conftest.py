"""A fake AWS that verifies signatures."""

import os
import pathlib
import subprocess

import pytest

from backends import ABILITIES, Backend
from verifying_fake import KEYS, Fake


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    keys = tmp_path_factory.mktemp("keys") / "credentials"
    keys.write_text(KEYS)
    binary = pathlib.Path(os.environ["TIDEMARK_TEST_BIN"]) / "tidemark-fake-aws"
    process = subprocess.Popen(
        [binary, "--keys", keys, "--create-seconds", "0.2", "--delete-seconds", "0.2",
         "--update-seconds", "0.2"], stdout=subprocess.PIPE, text=True)
    try:
        yield Fake(process.stdout.readline().removeprefix("listening on ").strip())
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0


@pytest.fixture(scope="module", params=ABILITIES)
def backend(request, fake):
    """By name, from parametrize(..., indirect=True): see backends.having."""
    return Backend(request.param, fake)
