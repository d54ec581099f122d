"""Reads the streams with the sample consumer, and tells the judge."""

import pathlib
import threading
import time

import boto3
from botocore.config import Config
from bound import Arrivals
from consumer.payloads import Payloads
from consumer.rebuild import Rebuilder
from consumer.store import Store
from consumer.stream import StreamReader
from journal import digest_of, number_of
from judge import Judge


FULL_ROUND = 1000


class Reader:
    """A thread that reads all streams of the fake at `url`, and rebuilds the datasets in the file
    `store`, from __enter__ to __exit__. `judge` and `arrivals` may be asked for more than a number
    afterwards only."""

    def __init__(self, url: str, streams: list[str], store: pathlib.Path):
        self.judge = Judge()
        self.arrivals = Arrivals()
        self.by_url = 0  # events of which the records lay in S3
        self._url = url
        self._streams = streams
        self._store = store
        self._heard = time.monotonic()
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(self, *unused) -> None:
        self._stop.set()
        self._thread.join()

    def check(self) -> None:
        """Raises what ended the thread."""
        if self._failure is not None:
            raise self._failure

    def quiet_seconds(self) -> float:
        """Since something came."""
        return time.monotonic() - self._heard

    def _run(self) -> None:
        store = Store(self._store)
        try:
            self._read(store)
        except BaseException as failure:
            self._failure = failure
        finally:
            store.close()

    def _read(self, store: Store) -> None:
        kinesis = boto3.client("kinesis", endpoint_url=self._url, region_name="us-east-1",
                               aws_access_key_id="test", aws_secret_access_key="test",
                               config=Config(retries={"mode": "standard", "max_attempts": 5}))
        readers = [StreamReader(kinesis, stream, {}) for stream in self._streams]
        rebuilder = Rebuilder(store, Payloads(), observe=self._observe)
        while not self._stop.is_set():
            came = 0
            for reader in readers:
                for batch in reader.poll():
                    rebuilder.take(reader.stream, batch)
                    came += len(batch.records)
            if rebuilder.outcomes["unreadable"]:
                raise AssertionError("a stream record is no event")
            if came:
                self._heard = time.monotonic()
            if came < FULL_ROUND:  # Many small rounds would cost the machine what the others need.
                self._stop.wait(0.1)

    def _observe(self, record: dict, event) -> None:
        self.arrivals.note(record["ApproximateArrivalTimestamp"].timestamp())
        self.by_url += event.url is not None
        number = number_of(event.identity, event.dataset)
        # What came under another key than its identity's could come in another order.
        right = record["PartitionKey"] == event.identity
        self.judge.note(number, event.sync_count, digest_of(event) if right else 0)
