"""The way to the modules of the ledger."""

import paths  # noqa: F401
