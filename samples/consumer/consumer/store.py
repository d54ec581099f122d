"""What was rebuilt, in SQLite: datasets, their records, what was missed, and how far each stream
shard was read. An event's effect and the place after it are stored in one transaction, so that a
crash makes nothing be applied twice."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from .events import Event, Record
from .fold import Effect, Known, fold

_SCHEMA = """
CREATE TABLE IF NOT EXISTS dataset (
  id INTEGER PRIMARY KEY,
  pool TEXT NOT NULL, identity TEXT NOT NULL, name TEXT NOT NULL,
  -- As in fold.Known. It is live while count is above deleted.
  count INTEGER NOT NULL, whole INTEGER NOT NULL, deleted INTEGER NOT NULL, since INTEGER NOT NULL,
  has_gaps INTEGER NOT NULL,
  UNIQUE (pool, identity, name));
CREATE TABLE IF NOT EXISTS record (
  dataset INTEGER NOT NULL REFERENCES dataset, key TEXT NOT NULL,
  value TEXT,                   -- NULL: removed
  count INTEGER NOT NULL,
  last_modified INTEGER NOT NULL, device_last_modified INTEGER NOT NULL,
  PRIMARY KEY (dataset, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gap (
  dataset INTEGER NOT NULL REFERENCES dataset, first INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (dataset, first)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoint (
  stream TEXT NOT NULL, shard TEXT NOT NULL, place TEXT NOT NULL,
  PRIMARY KEY (stream, shard)) WITHOUT ROWID;
-- When the stream was created that the places are of: another one of its name has other shards.
CREATE TABLE IF NOT EXISTS stream (name TEXT PRIMARY KEY, created TEXT NOT NULL) WITHOUT ROWID;
"""

# An older change never undoes a newer one, whatever order they come in.
_UPSERT = """
INSERT INTO record VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
   SET value = excluded.value, count = excluded.count, last_modified = excluded.last_modified,
       device_last_modified = excluded.device_last_modified
 WHERE excluded.count > record.count"""


class Store:
    """One file, one writer."""

    def __init__(self, path: Path | str):
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + _SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything within is stored, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Events.

    def apply(self, event: Event) -> tuple[Known | None, Known]:
        """Takes an event: what was known of its dataset before, and is now. The same: a repeat."""
        dataset, known = self._find(event)
        after, effect = fold(known, event)
        if after != known:
            dataset = self._keep(dataset, event, known, after)
        if effect is not Effect.NOTHING:
            self._put(dataset, event.records or [], after.deleted)
        if effect is Effect.REPLACE and known is not None:
            self._drop_others(dataset, event)
        return known, after

    def has(self, event: Event) -> bool:
        """Whether an event of its count came, so that it is most likely a repeat."""
        _, known = self._find(event)
        return known is not None and known.has(event.sync_count)

    def miss(self, event: Event) -> None:
        """Notes that an event came whose records can't be had: its count is missed."""
        dataset, known = self._find(event)
        if known is None:
            self._keep(None, event, None, Known(event.sync_count, since=event.sync_count + 1))
        elif event.sync_count > known.count:
            gap = (known.count + 1, event.sync_count)
            self._keep(dataset, event, known, replace(known, count=event.sync_count,
                                                      gaps=known.gaps + (gap,)))

    def _find(self, event: Event) -> tuple[int | None, Known | None]:
        row = self._db.execute(
            "SELECT id, count, whole, deleted, since, has_gaps FROM dataset"
            " WHERE pool = ? AND identity = ? AND name = ?",
            (event.pool, event.identity, event.dataset)).fetchone()
        if row is None:
            return None, None
        dataset, *counts, has_gaps = row
        gaps = () if not has_gaps else tuple(self._db.execute(
            "SELECT first, last FROM gap WHERE dataset = ? ORDER BY first", (dataset,)))
        return dataset, Known(*counts, gaps)

    def _keep(self, dataset: int | None, event: Event, before: Known | None, known: Known) -> int:
        state = (known.count, known.whole, known.deleted, known.since, bool(known.gaps))
        if dataset is None:
            dataset = self._db.execute(
                "INSERT INTO dataset (pool, identity, name, count, whole, deleted, since, has_gaps)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (event.pool, event.identity, event.dataset, *state)).lastrowid
        else:
            self._db.execute("UPDATE dataset SET count = ?, whole = ?, deleted = ?, since = ?,"
                             " has_gaps = ? WHERE id = ?", (*state, dataset))
        if known.gaps != (before.gaps if before else ()):
            self._db.execute("DELETE FROM gap WHERE dataset = ?", (dataset,))
            self._db.executemany("INSERT INTO gap VALUES (?, ?, ?)",
                                 [(dataset, first, last) for first, last in known.gaps])
        return dataset

    def _put(self, dataset: int, records: list[Record], deleted: int) -> None:
        self._db.executemany(_UPSERT, [
            (dataset, r.key, r.value, r.sync_count, r.last_modified, r.device_last_modified)
            for r in records if r.sync_count > deleted])

    def _drop_others(self, dataset: int, event: Event) -> None:
        named = {record.key for record in event.records or []}
        held = self._db.execute("SELECT key FROM record WHERE dataset = ? AND count <= ?",
                                (dataset, event.sync_count))
        self._db.executemany("DELETE FROM record WHERE dataset = ? AND key = ?",
                             [(dataset, key) for key, in held.fetchall() if key not in named])

    # Places in streams.

    def places(self, stream: str) -> dict[str, str]:
        """How far each stream shard was read."""
        return dict(self._db.execute("SELECT shard, place FROM checkpoint WHERE stream = ?",
                                     (stream,)))

    def set_place(self, stream: str, shard: str, place: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)",
                         (stream, shard, place))

    def created(self, stream: str) -> str | None:
        """When the stream was created that was read so far; None if that was not noted."""
        row = self._db.execute("SELECT created FROM stream WHERE name = ?", (stream,)).fetchone()
        return row and row[0]

    def set_created(self, stream: str, created: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO stream VALUES (?, ?)", (stream, created))

    def forget_places(self, stream: str) -> None:
        self._db.execute("DELETE FROM checkpoint WHERE stream = ?", (stream,))
        self._db.execute("DELETE FROM stream WHERE name = ?", (stream,))

    # Reading.

    def datasets(self) -> Iterator[tuple[str, str, str, Known]]:
        """(pool, identity, name, what is known) in order of the first three, bytewise."""
        rows = self._db.execute("SELECT id, pool, identity, name, count, whole, deleted, since"
                                " FROM dataset ORDER BY pool, identity, name")
        for dataset, pool, identity, name, *counts in rows:
            gaps = tuple(self._db.execute("SELECT first, last FROM gap WHERE dataset = ?"
                                          " ORDER BY first", (dataset,)))
            yield pool, identity, name, Known(*counts, gaps)

    def records(self, pool: str, identity: str, name: str) -> Iterator[Record]:
        """The live records of a dataset, in order of their keys, bytewise."""
        rows = self._db.execute(
            "SELECT r.key, r.value, r.count, r.last_modified, r.device_last_modified"
            "  FROM dataset AS d JOIN record AS r ON r.dataset = d.id"
            " WHERE d.pool = ? AND d.identity = ? AND d.name = ? AND r.value IS NOT NULL"
            " ORDER BY r.key", (pool, identity, name))
        return (Record(*row) for row in rows)

    def totals(self) -> dict[str, int]:
        """Live datasets and records, and what is not known of them: see docs/guide/consumers.md."""
        live, partial = self._db.execute(
            "SELECT count(*), coalesce(sum(since > 0), 0) FROM dataset WHERE count > deleted"
        ).fetchone()
        records, = self._db.execute("SELECT count(*) FROM record WHERE value IS NOT NULL").fetchone()
        gapped, missed = self._db.execute(
            "SELECT count(DISTINCT dataset), coalesce(sum(last - first + 1), 0) FROM gap").fetchone()
        return {"datasets": live, "records": records, "partial datasets": partial,
                "datasets with gaps": gapped, "missed changes": missed}
