"""Options of all Python suites, and the way to tests/lib."""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "lib"))


def pytest_addoption(parser):
    parser.addoption("--only", metavar="REGEX", help="run only tests whose id matches")


def pytest_collection_modifyitems(config, items):
    only = config.getoption("--only")
    if only is None:
        return
    kept = [item for item in items if re.search(only, item.nodeid)]
    dropped = [item for item in items if item not in kept]
    config.hook.pytest_deselected(items=dropped)
    items[:] = kept
