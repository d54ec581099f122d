"""What ledger-load acknowledged: names of datasets, the journal's entries, digests of events."""

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path

from consumer.events import Event

DATASETS_PER_IDENTITY = 2
_ENTRY = struct.Struct("<IIQ")
_PAGE = 65_536


def read_journal(path: Path) -> Iterator[tuple[int, int, int]]:
    """(dataset number, sync count, digest) of each acknowledged change, each dataset's in order."""
    with path.open("rb") as file:
        while page := file.read(_ENTRY.size * _PAGE):
            yield from _ENTRY.iter_unpack(page)


def number_of(identity: str, dataset: str) -> int:
    """As ledger-load names its datasets: us-east-1:<seed>-0000-4000-8000-<identity's number>."""
    return int(identity[-12:], 16) * DATASETS_PER_IDENTITY + int(dataset.removeprefix("d"))


def digest_of(event: Event) -> int:
    """What the journal holds of the change that the event should tell of (see workload.h), or 0 if
    its records bear other counts and times than the event itself."""
    if event.removal:
        text = "deletion"
    else:
        text = "".join(
            f"{r.key}\x1f{r.device_last_modified}\x1f{'-' if r.value is None else '=' + r.value}\x1e"
            for r in event.records)
        if any(r.sync_count != event.sync_count or r.last_modified != event.last_modified
               for r in event.records):
            return 0
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
