"""Reading a Kinesis stream: all its shards, in an order that keeps a key's records in order."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from botocore.exceptions import ClientError

from .shards import AFTER, ENDED, OLDEST, SINCE, Shard, describe, readable


@dataclass(slots=True)
class Batch:
    """What one GetRecords brought. Store `place` with what becomes of the records."""

    shard: str
    records: list[dict]  # Data, PartitionKey, SequenceNumber, ApproximateArrivalTimestamp
    place: str
    behind_millis: int  # how far the newest record of the shard is ahead


class WrongPlace(Exception):
    """A place that was stored is of another stream: one that had this name before."""


def created(kinesis, stream: str) -> str | None:
    """When the stream was created, as text to compare; None if Kinesis does not tell (it takes
    kinesis:DescribeStreamSummary)."""
    try:
        summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    except ClientError as error:
        logging.warning("can't tell whether the stream is the one that was read before: %s", error)
        return None
    moment = summary.get("StreamCreationTimestamp")
    return moment and moment.astimezone(timezone.utc).isoformat()


class StreamReader:
    """Goes through a stream from the places it is given: of a shard without a place, from `start`
    if it has no place for any, and from its beginning if it was made since (by resharding)."""

    def __init__(self, kinesis, stream: str, places: Mapping[str, str], start: str = OLDEST,
                 limit: int = 10_000):
        self.stream = stream
        self._kinesis = kinesis
        self._limit = limit
        self._places = dict(places)
        self._iterators: dict[str, str] = {}
        self._shards = self._list()
        if not self._places:
            self._places = {shard.id: start for shard in self._shards}

    @property
    def places(self) -> dict[str, str]:
        """How far each shard was handed out. To be stored before the first poll: else a consumer
        that begins with what comes from now on would, if it dies at once, begin later."""
        return dict(self._places)

    def poll(self) -> Iterator[Batch]:
        """One GetRecords of each shard that may be read; also batches without records, which may
        still move the shard's place on: at its end."""
        ended = False
        for shard in readable(self._shards, self._places):
            batch = self._read(shard.id)
            ended = ended or batch.place == ENDED
            yield batch
        if ended:  # Its children may be read now.
            self._shards = self._list()

    def _list(self) -> list[Shard]:
        shards, more = [], {"StreamName": self.stream}
        while more:
            answer = self._kinesis.list_shards(**more)
            shards += map(describe, answer["Shards"])
            more = {"NextToken": answer["NextToken"]} if answer.get("NextToken") else None
        return shards

    def _read(self, shard: str) -> Batch:
        iterator = self._iterators.get(shard) or self._iterator(shard)
        try:
            answer = self._kinesis.get_records(ShardIterator=iterator, Limit=self._limit)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExpiredIteratorException":
                raise
            # After five minutes without a read.
            answer = self._kinesis.get_records(ShardIterator=self._iterator(shard),
                                               Limit=self._limit)
        records = answer["Records"]
        following = answer.get("NextShardIterator")
        if following is None:
            self._places[shard] = ENDED
            self._iterators.pop(shard, None)
        else:
            self._iterators[shard] = following
            if records:
                self._places[shard] = AFTER + records[-1]["SequenceNumber"]
        return Batch(shard, records, self._places.get(shard, OLDEST),
                     answer.get("MillisBehindLatest") or 0)

    def _iterator(self, shard: str) -> str:
        place = self._places.get(shard, OLDEST)
        where: dict = {"ShardIteratorType": "TRIM_HORIZON"}
        if place.startswith(AFTER):
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER",
                     "StartingSequenceNumber": place.removeprefix(AFTER)}
        elif place.startswith(SINCE):
            seconds = float(place.removeprefix(SINCE))
            where = {"ShardIteratorType": "AT_TIMESTAMP",
                     "Timestamp": datetime.fromtimestamp(seconds, timezone.utc)}
        try:
            return self._kinesis.get_shard_iterator(StreamName=self.stream, ShardId=shard,
                                                    **where)["ShardIterator"]
        except ClientError as error:
            if (not place.startswith(AFTER)
                    or error.response["Error"]["Code"] != "InvalidArgumentException"):
                raise
            raise WrongPlace(f"the shard {shard} knows no record {place.removeprefix(AFTER)}, after "
                             f"which it was to be read") from error
