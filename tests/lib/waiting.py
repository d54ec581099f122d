"""Waiting for a condition instead of for a time."""

import time


def eventually(condition, what, seconds=60, interval=0.01):
    """The first true value of `condition()`; an AssertionError if there is none in time. The time
    is a bound for the slowest machine, not an expectation."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(interval)
    return value
