"""Runs the tests of Amazon's JavaScript client; see ../js."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from stack import ACCESS_KEY, SECRET_KEY

JS = pathlib.Path(__file__).parents[1] / "js"
CASES = re.findall(r'^test\("(.+)", async', (JS / "gateway.test.mjs").read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def report(make_pool, endpoint, region):
    """What Node's test runner said, as TAP."""
    environment = {**os.environ, "TIDEMARK_ENDPOINT": endpoint, "AWS_REGION": region,
                   "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                   "TIDEMARK_TEST_POOL_ID": make_pool()}
    node = os.environ.get("TIDEMARK_TEST_NODE") or shutil.which("node")
    if not node or not (JS / "node_modules").is_dir():
        pytest.fail("needs Node.js, and npm ci in tests/conformance/js; tests/run does both",
                    pytrace=False)
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", JS / "gateway.test.mjs"], capture_output=True,
        text=True, timeout=300, env=environment)
    return done.stdout + done.stderr


@pytest.mark.parametrize("case", CASES)
def test_javascript(case, report):
    # Newer versions of Node report a file's tests one level deeper.
    assert re.search(rf"^ *ok \d+ - {re.escape(case)}$", report, re.MULTILINE), report
