"""Stream shards, read so that keys keep their order."""

import pytest
from botocore.exceptions import ClientError

from consumer.shards import AFTER, ENDED, OLDEST, SINCE, Shard, describe, readable
from consumer.stream import StreamReader, WrongPlace


class Kinesis:
    """Shards as lists of records; iterators are (shard, index), and may expire."""

    def __init__(self, **shards):
        self.shards = shards  # name: [parents, closed, records]
        self.asked = []
        self.expired = set()

    def list_shards(self, StreamName=None, NextToken=None):
        names = sorted(self.shards)
        at = int(NextToken or 0)
        page = [{"ShardId": names[at], "SequenceNumberRange": {}} | dict(zip(
            ("ParentShardId", "AdjacentParentShardId"), self.shards[names[at]][0]))]
        more = {"NextToken": str(at + 1)} if at + 1 < len(names) else {}
        return {"Shards": page} | more

    def get_shard_iterator(self, StreamName, ShardId, ShardIteratorType, **where):
        self.asked.append((ShardId, ShardIteratorType))
        at = int(where.get("StartingSequenceNumber", -1)) + 1
        if at > len(self.shards[ShardId][2]):
            raise ClientError({"Error": {"Code": "InvalidArgumentException"}}, "GetShardIterator")
        return {"ShardIterator": f"{ShardId}/{at}"}

    def get_records(self, ShardIterator, Limit):
        if ShardIterator in self.expired:
            self.expired.remove(ShardIterator)
            raise ClientError({"Error": {"Code": "ExpiredIteratorException"}}, "GetRecords")
        shard, at = ShardIterator.split("/")
        _, closed, records = self.shards[shard]
        end = min(int(at) + Limit, len(records))
        answer = {"Records": [{"SequenceNumber": str(n), "Data": records[n]}
                              for n in range(int(at), end)]}
        if not (closed and end == len(records)):
            answer["NextShardIterator"] = f"{shard}/{end}"
        return answer


def read(reader, polls=1):
    return [(batch.shard, record["Data"]) for _ in range(polls) for batch in reader.poll()
            for record in batch.records]


def test_parents_come_before_children():
    kinesis = Kinesis(a=[(), True, [b"1", b"2", b"3"]], b=[(), True, [b"4"]],
                      c=[("a",), True, [b"5"]], d=[("c", "b"), False, [b"6"]])
    reader = StreamReader(kinesis, "s", {}, limit=2)
    assert [data for _, data in read(reader, 5)] == [b"1", b"2", b"4", b"3", b"5", b"6"]
    assert reader.places == {"a": ENDED, "b": ENDED, "c": ENDED, "d": AFTER + "0"}


def test_a_reader_goes_on_where_it_was():
    kinesis = Kinesis(a=[(), False, [b"1", b"2", b"3"]])
    reader = StreamReader(kinesis, "s", {}, limit=2)
    assert read(reader) == [("a", b"1"), ("a", b"2")]
    again = StreamReader(kinesis, "s", reader.places)
    assert read(again) == [("a", b"3")]


def test_a_place_that_the_stream_does_not_know_is_told_from_other_faults():
    kinesis = Kinesis(a=[(), False, [b"1"]])
    with pytest.raises(WrongPlace, match="shard a knows no record 7"):
        read(StreamReader(kinesis, "s", {"a": AFTER + "7"}))


def test_an_iterator_that_expired_is_renewed():
    kinesis = Kinesis(a=[(), False, [b"1", b"2", b"3"]])
    reader = StreamReader(kinesis, "s", {}, limit=2)
    read(reader)
    kinesis.expired.add("a/2")
    assert read(reader) == [("a", b"3")]


def test_shards_made_since_the_first_run_are_read_from_their_beginning():
    kinesis = Kinesis(a=[(), True, []])
    reader = StreamReader(kinesis, "s", {}, start=f"{SINCE}1700000000.5")
    kinesis.shards["b"] = [("a",), False, [b"1"]]
    assert read(reader, 2) == [("b", b"1")]
    assert kinesis.asked == [("a", "AT_TIMESTAMP"), ("b", "TRIM_HORIZON")]


def test_a_new_shard_without_records_has_its_beginning_for_a_place():
    kinesis = Kinesis(a=[(), True, []])
    reader = StreamReader(kinesis, "s", {})
    list(reader.poll())
    kinesis.shards["b"] = [("a",), False, []]
    reader = StreamReader(kinesis, "s", reader.places)
    batch, = reader.poll()
    assert (batch.shard, batch.place, batch.records) == ("b", OLDEST, [])


@pytest.mark.parametrize("places, wanted", [
    ({}, ["a", "b"]),
    ({"a": ENDED}, ["b"]),
    ({"a": ENDED, "b": AFTER + "1"}, ["b"]),
    ({"a": ENDED, "b": ENDED}, ["c"]),
    ({"a": ENDED, "b": ENDED, "c": OLDEST}, ["c"])])
def test_a_child_of_a_merge_waits_for_both_parents(places, wanted):
    shards = [Shard("a"), Shard("b"), Shard("c", ("a", "b"))]
    assert [shard.id for shard in readable(shards, places)] == wanted


def test_a_parent_that_the_stream_forgot_is_not_waited_for():
    assert readable([Shard("c", ("gone",))], {}) == [Shard("c", ("gone",))]


def test_shards_are_described():
    assert describe({"ShardId": "c", "ParentShardId": "a", "AdjacentParentShardId": "b",
                     "SequenceNumberRange": {}}) == Shard("c", ("a", "b"))
    assert describe({"ShardId": "a", "SequenceNumberRange": {}}) == Shard("a")
