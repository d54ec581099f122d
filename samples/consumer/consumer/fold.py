"""What an event means for a dataset of which something is known already. Pure.

Deliveries are at least once, a dataset's first deliveries come in the order of their counts, and
copies (bulk publish, replays of parked changes) come in between: perhaps ahead of changes that they
hold already. Some copies can't be told from updates (Event.whole). So one rule serves all: a record
is taken if its count is above the held one's. What surely tells the whole dataset at its count goes
further: older events are of no use any more, and what it does not hold was removed."""

import enum
from dataclasses import dataclass, replace

from .events import Event

Gaps = tuple[tuple[int, int], ...]  # (first, last) of counts that did not come, ascending


class Effect(enum.Enum):
    """What to do with the records of an event."""

    NOTHING = enum.auto()
    MERGE = enum.auto()  # take each record whose count is above the held one's
    REPLACE = enum.auto()  # and drop what is held at or below the event's count and not in it


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a dataset."""

    count: int  # the highest seen
    whole: int = 0  # the highest at which it was told as a whole; 0: none
    deleted: int = 0  # of the last deletion; 0: none
    since: int = 0  # the first that is known, if what the dataset held before is not; else 0
    gaps: Gaps = ()

    @property
    def live(self) -> bool:
        return self.count > self.deleted

    def has(self, count: int) -> bool:
        """Whether an event of this count came, or one that makes it needless."""
        return count <= self.count and not any(first <= count <= last for first, last in self.gaps)


def fold(known: Known | None, event: Event) -> tuple[Known, Effect]:
    """What is known then (the same: the event is a repeat), and what becomes of its records."""
    count = event.sync_count
    if event.whole:
        return _fold_whole(known, count, event.removal)
    if known is None:
        return Known(count, since=0 if count == 1 else count), Effect.MERGE
    if count <= known.whole:
        return known, Effect.NOTHING
    gaps = _without(known.gaps, count)
    if count > known.count + 1:
        gaps += ((known.count + 1, count - 1),)
    # Also what seems to be a repeat: the one of this count may have been a copy that came early.
    return replace(known, count=max(count, known.count), gaps=gaps), Effect.MERGE


def _fold_whole(known: Known | None, count: int, removal: bool) -> tuple[Known, Effect]:
    if known is None:
        return Known(count, whole=count, deleted=count if removal else 0), Effect.REPLACE
    if count <= known.whole or count < known.since:
        return known, Effect.NOTHING
    gaps = tuple((max(first, count + 1), last) for first, last in known.gaps if last > count)
    return Known(max(known.count, count), count, count if removal else known.deleted, 0,
                 gaps), Effect.REPLACE


def _without(gaps: Gaps, count: int) -> Gaps:
    """The gaps, once `count` came."""
    left = []
    for first, last in gaps:
        if first <= count <= last:
            left += [(a, b) for a, b in ((first, count - 1), (count + 1, last)) if a <= b]
        else:
            left.append((first, last))
    return tuple(left)
