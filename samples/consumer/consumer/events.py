"""The wire format: one stream record is one event, a JSON object."""

import json
from dataclasses import dataclass


class EventError(Exception):
    """A stream record is no event of Cognito Streams. The text names the field, never a value."""


@dataclass(slots=True)
class Record:
    """A record of a dataset, as it is since its sync count."""

    key: str
    value: str | None  # None: removed
    sync_count: int
    last_modified: int  # ms since the epoch, by the server's clock
    device_last_modified: int  # the same by the device's


@dataclass(slots=True)
class Event:
    """What happened to a dataset, or a copy of what it holds."""

    pool: str
    identity: str
    dataset: str
    removal: bool  # the dataset was deleted: no records
    sync_count: int  # the dataset's
    last_modified: int  # ms since the epoch
    records: list[Record] | None  # None: they lie at `url`
    url: str | None = None

    @property
    def name(self) -> str:
        """For messages."""
        return f"{self.pool}/{self.identity}/{self.dataset} at sync count {self.sync_count}"

    @property
    def whole(self) -> bool:
        """Whether it surely tells all that the dataset holds at its count: a deletion, or a copy. An
        update has at least one record, and all of its records bear the count of the event; a copy
        may look so, too, if everything in it was written last."""
        if self.records is None:
            raise ValueError("the records lie in S3: fetch them first")
        return not self.records or any(r.sync_count != self.sync_count for r in self.records)


def parse_event(data: bytes) -> Event:
    """The event that a stream record holds."""
    try:
        body = json.loads(data)
    except ValueError:
        raise EventError("a stream record is not JSON") from None
    if not isinstance(body, dict):
        raise EventError("a stream record is not a JSON object")
    removal = _operation(body) == "remove"
    records, url = None, None
    if removal:
        records = []
    elif body.get("payloadType") == "S3Url":
        url = _field(body, "kinesisSyncRecordsURL", str)
    else:
        records = parse_records(_field(body, "kinesisSyncRecords", list))
    return Event(
        _field(body, "identityPoolId", str), _field(body, "identityId", str),
        # Amazon's guide spells it dataSetName, its own consumer reads datasetName: both are sent.
        _field(body, "datasetName" if "datasetName" in body else "dataSetName", str),
        removal, _field(body, "syncCount", int), _field(body, "lastModifiedDate", int), records, url)


def parse_records(records: object) -> list[Record]:
    """The records of an event, or the JSON value that lies at its URL: a bare array of them."""
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise EventError("the records are not an array of objects")
    return [Record(_field(r, "key", str),
                   None if _operation(r, "op") == "remove" else _field(r, "value", str),
                   _field(r, "syncCount", int), _field(r, "lastModifiedDate", int),
                   _field(r, "deviceLastModifiedDate", int)) for r in records]


def _operation(body: dict, field: str = "operation") -> str:
    operation = body.get(field)
    if operation not in ("replace", "remove"):
        raise EventError(f"{field} is neither replace nor remove")
    return operation


def _field(body: dict, field: str, kind: type):
    value = body.get(field)
    if type(value) is not kind:
        raise EventError(f"{field} is {'missing' if value is None else 'of another type'}")
    return value
