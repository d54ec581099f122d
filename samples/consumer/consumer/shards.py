"""Which stream shards may be read when. Pure.

Resharding closes shards and opens others in their place. A key's records then go on in another
shard, so the order of a dataset holds only if the parents are read to their end first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Places in a shard, as they are stored.
OLDEST = "oldest"  # what the stream still has
ENDED = "ended"  # read to the end of a closed shard
SINCE = "since:"  # with seconds since the epoch: what arrives from then on
AFTER = "after:"  # with a sequence number: read up to and with this record


@dataclass(frozen=True)
class Shard:
    id: str
    parents: tuple[str, ...] = ()  # one after a split, two after a merge


def describe(shard: Mapping) -> Shard:
    """A shard as ListShards tells of it."""
    parents = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
    return Shard(shard["ShardId"], tuple(parent for parent in parents if parent))


def readable(shards: Iterable[Shard], places: Mapping[str, str]) -> list[Shard]:
    """Shards that have something to read and whose parents were read to their end, or are forgotten
    by the stream."""
    shards = list(shards)
    unfinished = {shard.id for shard in shards if places.get(shard.id) != ENDED}
    return [shard for shard in shards
            if shard.id in unfinished and unfinished.isdisjoint(shard.parents)]
