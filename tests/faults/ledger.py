"""What was acknowledged against what the database holds."""

import collections
import json

import api
import postgres
from waiting import eventually


def read_log(dsn):
    """{(identity, dataset): [(count, {key: value}), ...]} in order of position."""
    change = api.messages("change", "change")
    log = collections.defaultdict(list)
    rows = postgres.sql(dsn, "SELECT sync_count, encode(body, 'hex') FROM dataset.change_log"
                             " ORDER BY position")
    for row in rows.splitlines():
        count, body = row.split("|")
        parsed = change.Change.FromString(bytes.fromhex(body))
        log[parsed.identity_id, parsed.dataset_name].append(
            (int(count), {record.key: record.value for record in parsed.records}))
    return log


def read_records(dsn):
    """{(identity, dataset): (count, {key: [value, count]})}."""
    rows = postgres.sql(dsn, """
        SELECT json_build_array(d.identity_id, d.name, d.sync_count,
                 (SELECT json_object_agg(r.key, json_build_array(convert_from(r.value, 'UTF8'),
                                                                 r.sync_count))
                    FROM dataset.record AS r
                   WHERE r.owner = d.owner AND r.dataset_id = d.dataset_id))
          FROM dataset.dataset AS d""")
    parsed = [json.loads(row) for row in rows.splitlines()]
    return {(identity, name): (count, records) for identity, name, count, records in parsed}


def assert_exactly_once(dsn, acknowledged):
    """Every acknowledged update is in the log and in the records, once; counts have no gaps; log
    and records agree. For a load that has finished: nothing else was written."""
    assert acknowledged
    answered = collections.defaultdict(dict)
    for update in acknowledged:
        assert update.count not in answered[update.identity, update.dataset], update
        answered[update.identity, update.dataset][update.count] = update.values
    log = read_log(dsn)
    records = read_records(dsn)
    assert log.keys() == answered.keys() == records.keys()
    for dataset, changes in log.items():
        assert [count for count, _ in changes] == list(range(1, len(changes) + 1)), dataset
        assert dict(changes) == answered[dataset], dataset
        assert records[dataset] == replay(changes), dataset


def replay(changes):
    """What a dataset holds after these changes, in the form of read_records."""
    held = {}
    for count, values in changes:
        held.update({key: [value, count] for key, value in values.items()})
    return len(changes), held


def read_stream(fake):
    """{(identity, dataset): [(count, data), ...]} in order of arrival, repeats included."""
    events = collections.defaultdict(list)
    for key, data in fake.records():
        event = json.loads(data)
        assert key == event["identityId"], event
        events[event["identityId"], event["dataSetName"]].append((event["syncCount"], data))
    return events


def first_deliveries(events):
    """Events of a dataset without repeats, which must be identical."""
    first = {}
    for count, data in events:
        assert first.setdefault(count, data) == data, (first[count], data)
    return first


def deliveries(fake):
    """How many changes have arrived."""
    return sum(len(first_deliveries(events)) for events in read_stream(fake).values())


def assert_delivered(fake, acknowledged):
    """Waits until every acknowledged update has arrived; then first deliveries are in the order of
    their counts, without gaps, and say what was written."""
    eventually(lambda: deliveries(fake) >= len(acknowledged), "every change arrives", seconds=120)
    written = collections.defaultdict(dict)
    for update in acknowledged:
        written[update.identity, update.dataset][update.count] = update.values
    stream = read_stream(fake)
    assert stream.keys() == written.keys()
    for dataset, events in stream.items():
        first = first_deliveries(events)
        assert list(first) == list(range(1, len(written[dataset]) + 1)), dataset
        for count, data in first.items():
            records = json.loads(data)["kinesisSyncRecords"]
            assert {record["key"]: record["value"] for record in records} == (
                written[dataset][count]), (dataset, count)
            assert {record["syncCount"] for record in records} == {count}
