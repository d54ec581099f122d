"""The way to the package, and what the tests make events of."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
