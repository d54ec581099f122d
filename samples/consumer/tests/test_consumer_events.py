"""The wire format, and what is refused."""

import json

import pytest
from histories import change, copy, encode, removal

from consumer.events import EventError, Record, parse_event, parse_records


def test_an_update_is_read_as_the_publisher_writes_it():
    # Printed by services/publisher/domain/event_encoder.cc.
    event = parse_event(b'{"identityPoolId":"us-east-1:p","identityId":"us-east-1:i",'
                        b'"dataSetName":"d","datasetName":"d","operation":"replace",'
                        b'"kinesisSyncRecords":[{"key":"a","value":"1","syncCount":7,'
                        b'"lastModifiedDate":1700000000123,"deviceLastModifiedDate":1700000000000,'
                        b'"op":"replace"},{"key":"b","value":null,"syncCount":7,'
                        b'"lastModifiedDate":1700000000123,"deviceLastModifiedDate":1700000000000,'
                        b'"op":"remove"}],"lastModifiedDate":1700000000123,'
                        b'"payloadType":"Inline","syncCount":7}')
    assert (event.pool, event.identity, event.dataset) == ("us-east-1:p", "us-east-1:i", "d")
    assert (event.removal, event.sync_count, event.last_modified) == (False, 7, 1700000000123)
    assert event.records == [Record("a", "1", 7, 1700000000123, 1700000000000),
                             Record("b", None, 7, 1700000000123, 1700000000000)]


@pytest.mark.parametrize("event, whole", [
    (change(7, ("a", "x")), False),
    (change(7, ("a", None), ("b", "x")), False),
    (removal(7), True),
    (copy(7), True),
    (copy(7, a=("x", 7), b=("y", 3)), True),
    (copy(7, a=("x", 7)), False)],
    ids=["update", "update that removes", "deletion", "empty copy", "copy",
         "copy that can't be told from an update"])
def test_an_event_tells_whether_it_is_whole(event, whole):
    assert parse_event(encode(event)) == event
    assert event.whole == whole


def test_an_event_with_a_url_has_no_records_yet():
    event = change(7)
    event.url, event.records = "https://s3.example/x?y", None
    assert parse_event(encode(event)) == event
    with pytest.raises(ValueError):
        event.whole


def test_one_spelling_of_the_name_is_enough():
    body = json.loads(encode(removal(7)))
    del body["datasetName"]
    assert parse_event(json.dumps(body).encode()) == removal(7)


@pytest.mark.parametrize("damage", [
    lambda body: body.pop("identityId"),
    lambda body: body.update(syncCount="7"),
    lambda body: body.update(syncCount=True),
    lambda body: body.update(operation="merge"),
    lambda body: body.update(kinesisSyncRecords={}),
    lambda body: body.update(kinesisSyncRecords=[7]),
    lambda body: body["kinesisSyncRecords"][0].pop("op"),
    lambda body: body["kinesisSyncRecords"][0].update(value=None),
    lambda body: body.update(payloadType="S3Url")])
def test_what_is_no_event_is_refused(damage):
    body = json.loads(encode(change(7, ("secret-key", "secret-value"))))
    damage(body)
    with pytest.raises(EventError) as refusal:
        parse_event(json.dumps(body).encode())
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"7"])
def test_what_is_no_object_is_refused(data):
    with pytest.raises(EventError):
        parse_event(data)


def test_a_payload_is_a_bare_array():
    with pytest.raises(EventError):
        parse_records({"kinesisSyncRecords": []})
    assert parse_records([]) == []
