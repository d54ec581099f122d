"""From stream records to datasets."""

import collections
import logging
from collections.abc import Callable

from .events import Event, EventError, parse_event
from .fold import Known
from .payloads import PayloadGone, Payloads
from .store import Store
from .stream import Batch

log = logging.getLogger("consumer")

MISSED = ("what they did is missing until the dataset is deleted or sent as a whole. Operators see "
          "with PublisherService.ListParkedChanges whether the publisher set them aside and can have "
          "them sent again; if the stream was GAPPED, a bulk publish of the pool sends everything.")


class Rebuilder:
    """Applies batches to a store. `outcomes` counts what became of their records: "change",
    "whole" (a deletion or a copy), "repeat", "unreadable", "skipped" (no payload any more)."""

    def __init__(self, store: Store, payloads: Payloads, skip_missing_payloads: bool = False,
                 observe: Callable[[dict, Event], None] | None = None):
        """`observe`: called with each record and its event."""
        self.outcomes: collections.Counter[str] = collections.Counter()
        self._store = store
        self._payloads = payloads
        self._skip = skip_missing_payloads
        self._observe = observe

    def take(self, stream: str, batch: Batch) -> None:
        """All of the batch, and its place, in one transaction."""
        with self._store.transaction():
            for record in batch.records:
                self.outcomes[self._take(record)] += 1
            self._store.set_place(stream, batch.shard, batch.place)

    def _take(self, record: dict) -> str:
        try:
            event = parse_event(record["Data"])
            if event.records is None:
                event.records = self._payloads.fetch(event)
        except EventError as error:  # Somebody else's: streams may be shared.
            log.warning("record %s: %s; it is left out", record["SequenceNumber"], error)
            return "unreadable"
        except PayloadGone:
            if self._store.has(event):
                return "repeat"
            if not self._skip:
                raise
            log.warning("%s: its records can't be had any more", event.name)
            self._store.miss(event)
            return "skipped"
        if self._observe is not None:
            self._observe(record, event)
        before, after = self._store.apply(event)
        _report_gap(event, before, after)
        return "repeat" if after == before else "whole" if event.whole else "change"


def _report_gap(event: Event, before: Known | None, after: Known) -> None:
    if before is not None and after.count > before.count + 1 and after.gaps[-1:] != before.gaps[-1:]:
        first, last = after.gaps[-1]
        log.warning("%s: counts %d to %d did not come: %s", event.name, first, last, MISSED)
