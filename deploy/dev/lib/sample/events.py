"""The events of the Kinesis stream, read back and compared with what was accepted."""

import collections
import json
import time

from device import Push
from journey import Deletion, Difference, require


class StreamReader:
    """Reads a stream from the moment of its construction."""

    def __init__(self, kinesis, stream):
        self.kinesis = kinesis
        shards = kinesis.list_shards(StreamName=stream)["Shards"]
        self.iterators = {
            shard["ShardId"]: kinesis.get_shard_iterator(
                StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="LATEST",
            )["ShardIterator"] for shard in shards}

    def read(self, wanted, identities, patience):
        """Events of the identities, in order within a shard, until `wanted` came or none came for
        `patience` seconds; then once more, to see those that should not have come."""
        events, heard = [], time.monotonic()
        while len(events) < wanted and time.monotonic() - heard < patience:
            fresh = self._poll(identities)
            events += fresh
            if fresh:
                heard = time.monotonic()
            else:
                time.sleep(0.1)
        return events + self._poll(identities)

    def _poll(self, identities):
        events = []
        for shard, iterator in self.iterators.items():
            answer = self.kinesis.get_records(ShardIterator=iterator, Limit=10000)
            self.iterators[shard] = answer["NextShardIterator"]
            for record in answer["Records"]:
                event = json.loads(record["Data"])
                if event["identityId"] in identities:
                    require(record["PartitionKey"] == event["identityId"],
                            f"partition key {record['PartitionKey']} is not the identity's id")
                    events.append(event)
        return events


def milliseconds(time_of_answer):
    return round(time_of_answer.timestamp() * 1000)


def expected_event(pool, accepted):
    """The event of contract section 5 for a push or a deletion, but for its own time."""
    event = {"identityPoolId": pool, "identityId": accepted.identity,
             "dataSetName": accepted.dataset, "datasetName": accepted.dataset,
             "operation": "remove" if isinstance(accepted, Deletion) else "replace",
             "payloadType": "Inline", "syncCount": accepted.sync_count}
    if isinstance(accepted, Push):
        answered = {record["Key"]: record for record in accepted.answered}
        event["kinesisSyncRecords"] = {
            patch["Key"]: expected_record(patch, answered[patch["Key"]])
            for patch in accepted.patches}
    return event


def expected_record(patch, answered):
    return {"key": patch["Key"], "value": patch.get("Value"), "op": patch["Op"],
            "syncCount": answered["SyncCount"],
            "lastModifiedDate": milliseconds(answered["LastModifiedDate"]),
            "deviceLastModifiedDate": milliseconds(patch["DeviceLastModifiedDate"])}


def seen_event(event):
    """An event in the form of expected_event: records by key, absent values as None."""
    seen = {name: value for name, value in event.items() if name != "lastModifiedDate"}
    if "kinesisSyncRecords" in seen:
        records = [{"value": None} | record for record in seen["kinesisSyncRecords"]]
        seen["kinesisSyncRecords"] = {record["key"]: record for record in records}
        require(len(records) == len(seen["kinesisSyncRecords"]), "an event holds a key twice")
    return seen


def difference(wanted, came):
    """What is wrong with the events of a dataset."""
    counts = [event["syncCount"] for event in wanted]
    seen = [event["syncCount"] for event in came]
    if seen != counts:
        return f"accepted sync counts {counts}, but events came of {seen}"
    first, other = next((a, b) for a, b in zip(wanted, came) if a != b)
    return f"the event of sync count {first['syncCount']} should be\n{first}\nbut is\n{other}"


def compare(pool, journeys, events, began, ended):
    """Requires each accepted change to have come out, whole, in order, and nothing else.

    An event may come again (delivery is at least once), but never before an earlier one of its
    dataset came for the first time. Returns how many were repeats."""
    seen = collections.defaultdict(list)
    repeats = 0
    for event in events:
        require(isinstance(event["lastModifiedDate"], int)
                and began * 1000 - 1000 <= event["lastModifiedDate"] <= ended * 1000 + 1000,
                f"an event's lastModifiedDate is {event['lastModifiedDate']}")
        of_dataset = seen[event["identityId"], event["datasetName"]]
        comparable = seen_event(event)
        if comparable in of_dataset:
            repeats += 1
        else:
            of_dataset.append(comparable)
    for journey in journeys:
        for dataset in dict.fromkeys(accepted.dataset for accepted in journey.accepted):
            wanted = [expected_event(pool, accepted) for accepted in journey.accepted
                      if accepted.dataset == dataset]
            came = seen.pop((journey.identity, dataset), [])
            if came != wanted:
                raise Difference(f"{journey.identity} {dataset}: {difference(wanted, came)}")
    require(not seen, f"the stream has events of datasets nobody wrote: {list(seen)}")
    return repeats
