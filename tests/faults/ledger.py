"""What was acknowledged against what the database holds."""

import collections
import json

import api
import postgres


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
