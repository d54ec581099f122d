"""Runs the tests of Amazon's JavaScript client; see ../js."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

JS = pathlib.Path(__file__).parents[1] / "js"
CASES = re.findall(r'^test\("(.+)", async', (JS / "gateway.test.mjs").read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def report(make_pool, endpoint):
    """What Node's test runner said, as TAP."""
    node = os.environ.get("TIDEMARK_TEST_NODE") or shutil.which("node")
    if not node or not (JS / "node_modules").is_dir():
        pytest.fail("needs Node.js, and npm ci in tests/conformance/js; tests/run does both",
                    pytrace=False)
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", JS / "gateway.test.mjs"], capture_output=True,
        text=True, timeout=300, env={**os.environ, "TIDEMARK_TEST_POOL_ID": make_pool()})
    return done.stdout + done.stderr


@pytest.mark.parametrize("case", CASES)
def test_javascript(case, report):
    # Newer versions of Node report a file's tests one level deeper.
    assert re.search(rf"^ *ok \d+ - {re.escape(case)}$", report, re.MULTILINE), report
