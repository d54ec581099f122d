"""Histories of one dataset, as the service makes them, and the events that tell of them."""

import json

from consumer.events import Event, Record

PLACE = ("us-east-1:p", "us-east-1:i", "d")


def change(count, *records):
    """An update; records are (key, value)."""
    return Event(*PLACE, False, count, count,
                 [Record(key, value, count, count, count) for key, value in records])


def removal(count):
    return Event(*PLACE, True, count, count, [])


def copy(count, **records):
    """A copy of the dataset at `count`; records are key=(value, count)."""
    return Event(*PLACE, False, count, count,
                 [Record(key, value, at, at, at) for key, (value, at) in records.items()])


def encode(event):
    """The stream record's data, as the publisher writes it."""
    body = {"identityPoolId": event.pool, "identityId": event.identity,
            "dataSetName": event.dataset, "datasetName": event.dataset,
            "operation": "remove" if event.removal else "replace"}
    if event.url is not None:
        body["kinesisSyncRecordsURL"] = event.url
    elif not event.removal:
        body["kinesisSyncRecords"] = encode_records(event.records)
    body |= {"lastModifiedDate": event.last_modified,
             "payloadType": "S3Url" if event.url else "Inline", "syncCount": event.sync_count}
    return json.dumps(body).encode()


def encode_records(records):
    return [{"key": r.key, "value": r.value, "syncCount": r.sync_count,
             "lastModifiedDate": r.last_modified,
             "deviceLastModifiedDate": r.device_last_modified,
             "op": "remove" if r.value is None else "replace"} for r in records]


class History:
    """Random changes of a dataset; `events` tells of them, `states` is what it held after each."""

    def __init__(self, random, changes):
        self.events, self.states = [], [{}]
        live = False
        for count in range(1, changes + 1):
            held = dict(self.states[-1])
            if live and random.random() < 0.1:
                held, live = {}, False
                self.events.append(removal(count))
            else:
                keys = random.sample("abcdef", random.randint(1, 3))
                patches = [(key, None if random.random() < 0.3 else f"{key}{count}")
                           for key in keys]
                for key, value in patches:
                    held.pop(key, None)
                    if value is not None:
                        held[key] = (value, count)
                live = True
                self.events.append(change(count, *patches))
            self.states.append(held)

    def copy_at(self, count):
        """What a bulk publish sends of it then; None if the dataset is deleted."""
        if count == 0 or self.events[count - 1].removal:
            return None
        return copy(count, **self.states[count])
