"""The way to what the ledger uses. Imported for its effect, before the others."""

import pathlib
import sys

_ROOT = pathlib.Path(__file__).parents[2]
for _directory in (_ROOT / "tests/ledger", _ROOT / "tests/lib", _ROOT / "samples/consumer"):
    if str(_directory) not in sys.path:
        sys.path.insert(0, str(_directory))
