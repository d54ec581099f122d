"""The judge of the other tests sees what is lost, doubled, out of order or altered."""

import json

import pytest

from ledger import assert_delivered
from load import Acknowledged

WRITTEN = [Acknowledged("i", "d", 1, {"a": "x"}), Acknowledged("i", "d", 2, {"a": "y"})]


class Stream:
    """What came, in place of the fake."""

    def __init__(self, *events):
        self.events = events

    def records(self):
        return [("i", json.dumps({
            "identityId": "i", "dataSetName": "d", "syncCount": count,
            "kinesisSyncRecords": [{"key": "a", "value": value, "syncCount": count}]}).encode())
                for count, value in self.events]


@pytest.mark.parametrize("events", [
    [(1, "x"), (2, "y")],
    [(1, "x"), (2, "y"), (1, "x"), (2, "y")]], ids=["once", "repeated"])
def test_what_is_complete_and_in_order_is_fine(events):
    assert_delivered(Stream(*events), WRITTEN)


@pytest.mark.parametrize("events", [
    [(2, "y"), (1, "x")],
    [(1, "x"), (2, "y"), (2, "z")],
    [(1, "x"), (2, "z")],
    [(1, "x"), (3, "y")],
    [(1, "x"), (2, "y"), (3, "z")]],
    ids=["out of order", "differing repeat", "altered", "gap", "never written"])
def test_everything_else_is_not(events):
    with pytest.raises((AssertionError, KeyError)):
        assert_delivered(Stream(*events), WRITTEN)
