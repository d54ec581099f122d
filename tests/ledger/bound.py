"""How many repeats the publishers' promise allows.

A publisher stores its progress every 250 ms. What it delivered since arrives again when another one
goes on from what is stored: after a kill, a freeze beyond its lease, an outage of the database. A
change that waits for its retry holds the stored progress of its log shard back, and while the
database is away nothing is stored. So an interruption may repeat what arrived in the 250 ms before
it, or since the commit of the oldest change that waited then, or since the database went away; and
what was in flight then and arrived in spite of it. A request of which the answer was lost may repeat
its records, which are 500 at most."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

STORE_SECONDS = 0.25
RECORDS_PER_REQUEST = 500
# What a blow and its note, or two processes' clocks, are apart on a busy machine; and how long what
# was in flight takes to arrive.
SLACK_SECONDS = 0.5


@dataclass(frozen=True)
class Interruption:
    """Of a publisher, or of all."""

    at: float  # seconds since the epoch
    held: float  # for how long before that progress may not have been stored


class Arrivals:
    """How many records arrived when, by 50 ms."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def note(self, at: float) -> None:
        self._counts[int(at * 20)] += 1

    def repeats_allowed(self, interruptions: Iterable[Interruption], lost_answers: int) -> int:
        allowed = lost_answers * RECORDS_PER_REQUEST
        for blow in interruptions:
            begin = blow.at - max(STORE_SECONDS, blow.held) - SLACK_SECONDS
            allowed += sum(self._counts[slot] for slot in range(
                int(begin * 20), int((blow.at + SLACK_SECONDS) * 20) + 1))
        return allowed
