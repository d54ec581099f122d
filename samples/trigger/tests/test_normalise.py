"""The sample trigger, called as Lambda would."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import normalise  # noqa: E402


def run(records):
    event = {"version": 2, "eventType": "SyncTrigger", "region": "us-east-1",
             "identityPoolId": "us-east-1:0", "identityId": "us-east-1:1", "datasetName": "profile",
             "datasetRecords": records}
    answer = normalise.handler(event, None)
    assert {**answer, "datasetRecords": None} == {**event, "datasetRecords": None}
    return answer["datasetRecords"]


def patch(value, old=None):
    return {"oldValue": old, "newValue": value, "op": "replace"}


def test_addresses_are_trimmed_and_put_in_lower_case():
    records = run({"email": patch(" Ada@Example.COM ")})
    assert records["email"]["newValue"] == "ada@example.com"
    assert records["profile.updated"] == {"newValue": "ada@example.com", "op": "replace"}


def test_what_is_no_address_is_refused_without_saying_it():
    with pytest.raises(normalise.Refused) as refused:
        run({"email": patch("secret, no address")})
    assert "secret" not in str(refused.value)


def test_what_only_the_server_sets_is_left_out():
    assert run({"plan": patch("gold", "basic"), "name": patch("Ada")}).keys() == {"name"}
    assert run({"plan": {"oldValue": "basic", "newValue": None, "op": "remove"}}) == {}


def test_what_the_device_did_not_touch_comes_back_as_it_was():
    records = {"email": patch("Ada@Example.COM", "Ada@Example.COM"), "plan": patch("basic", "basic")}
    assert run(dict(records)) == records


def test_an_address_may_be_removed():
    removal = {"email": {"oldValue": "a@b.c", "newValue": None, "op": "remove"}}
    assert run(dict(removal)) == removal
