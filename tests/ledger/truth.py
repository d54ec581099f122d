"""What was rebuilt from the streams against what the database holds."""

import hashlib
import subprocess
from collections.abc import Iterator

import postgres

_STATES = """
SELECT d.pool_id, d.identity_id, d.name, d.sync_count, d.live,
       coalesce((SELECT md5(string_agg(md5(convert_to(r.key, 'UTF8')) || md5(r.value)
                                       || r.sync_count, '' ORDER BY r.key COLLATE "C"))
                   FROM dataset.record AS r
                  WHERE r.owner = d.owner AND r.dataset_id = d.dataset_id
                    AND r.value IS NOT NULL), '')
  FROM dataset.dataset AS d"""


def stored(dsn: str) -> Iterator[tuple[str, str, str, int, bool, str]]:
    """(pool, identity, name, count, live, digest) of each dataset that was ever written."""
    with subprocess.Popen([postgres.BIN / "psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1",
                           "-v", "FETCH_COUNT=1000", "-d", dsn, "-c", _STATES],
                          stdout=subprocess.PIPE, text=True) as psql:
        for line in psql.stdout:
            pool, identity, name, count, live, digest = line.rstrip("\n").split("\t")
            yield pool, identity, name, int(count), live == "t", digest
    assert psql.returncode == 0


def rebuilt_digest(records) -> str:
    """Of the live records of a dataset, as the database computes it."""
    text = "".join(f"{_md5(r.key)}{_md5(r.value)}{r.sync_count}" for r in records)
    return _md5(text) if text else ""


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def differences(dsn: str, store) -> tuple[int, list[str]]:
    """How many datasets the database has, and which are not the same in the consumer's store.
    Those with gaps are left out: what was parked may be missing."""
    total, wrong = 0, []
    known = {(pool, identity, name): known for pool, identity, name, known in store.datasets()}
    for pool, identity, name, count, live, digest in stored(dsn):
        total += 1
        ours = known.pop((pool, identity, name), None)
        if ours is None or ours.count != count or ours.live != live:
            wrong.append(f"{pool}/{identity}/{name}: {ours} instead of count {count}")
        elif not ours.gaps and rebuilt_digest(store.records(pool, identity, name)) != digest:
            wrong.append(f"{pool}/{identity}/{name}: other records at count {count}")
    wrong += [f"{'/'.join(place)}: not in the database" for place in known]
    return total, wrong
