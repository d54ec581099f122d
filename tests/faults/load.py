"""Writers who never give up: load under which services are killed."""

import collections
import itertools
import threading
import time
import uuid

import grpc

from api import Api
from stack import POOL
from waiting import eventually

# What a client may send again; with the same request id, as the API promises.
# gRPC gives CANCELLED to calls that meet a stopping server.
TRANSIENT = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED,
             grpc.StatusCode.CANCELLED}
DATASETS = ("first", "second")
KEYS = ("a", "b", "c")

# One acknowledged update: where, its count, and {key: value}.
Acknowledged = collections.namedtuple("Acknowledged", "identity dataset count values")


class Load:
    """`writers` threads over the dataset services at `addresses`, from __enter__ until finish().
    Each owns one identity, so that it knows the count of each of its updates beforehand."""

    def __init__(self, addresses, writers=16, pool=POOL):
        self.addresses = addresses
        self.pool = pool
        self.acknowledged = []  # appending is atomic
        self.retries = 0  # a lower bound
        self._stop = threading.Event()
        self._failures = []
        self._threads = [threading.Thread(target=self._write, args=(n,), daemon=True)
                         for n in range(writers)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *unused):
        self._stop.set()

    def wait_for(self, more):
        """Until so many further updates are acknowledged."""
        goal = len(self.acknowledged) + more
        self._wait(lambda: len(self.acknowledged) >= goal, f"{more} further updates")

    def meet(self, fault):
        """Calls `fault`, and waits until a writer has met it."""
        before = self.retries
        fault()
        self._wait(lambda: self.retries > before, "a writer meets the fault")

    def finish(self):
        """Ends every writer after the answer to its last update. All that was acknowledged."""
        self._stop.set()
        self._wait(lambda: not any(thread.is_alive() for thread in self._threads), "writers end")
        return self.acknowledged

    def _wait(self, condition, what):
        def fine_and():
            assert not self._failures, self._failures[0]
            return condition()
        eventually(fine_and, what, seconds=120)
        assert not self._failures, self._failures[0]

    def _write(self, number):
        try:
            with Api(self.addresses[number % len(self.addresses)], "dataset",
                     "DatasetService") as api:
                self._write_with(api, f"us-east-1:{uuid.uuid4()}")
        except Exception as failure:
            self._failures.append(f"writer {number}: {failure!r}")

    def _write_with(self, api, identity):
        messages = api.messages
        tokens = {}
        counts = collections.Counter()  # by dataset
        held = collections.Counter()  # counts of records, by (dataset, key)
        for turn in itertools.count():
            dataset = DATASETS[turn % len(DATASETS)]
            where = {"identity_pool_id": self.pool, "identity_id": identity, "dataset_name": dataset}
            if dataset not in tokens:
                listed = self._settle(api.ListRecords, messages.ListRecordsRequest(**where))
                tokens[dataset] = listed.sync_session_token
            request = messages.UpdateRecordsRequest(
                **where, sync_session_token=tokens[dataset], request_id=str(uuid.uuid4()))
            values = {key: f"{turn}.{key}" for key in KEYS if turn % 3 or key == KEYS[0]}
            for key, value in values.items():
                request.record_patches.add(op="OP_REPLACE", key=key, value=value,
                                           sync_count=held[dataset, key])
            answer = self._settle(api.UpdateRecords, request)
            counts[dataset] += 1
            assert {record.sync_count for record in answer.records} == {counts[dataset]}, answer
            for key in values:
                held[dataset, key] = counts[dataset]
            self.acknowledged.append(Acknowledged(identity, dataset, counts[dataset], values))
            if self._stop.is_set():
                return

    def _settle(self, method, request):
        """The answer, however often it takes."""
        again = False
        while True:
            try:
                # Python's gRPC connects again only while a call waits for it.
                return method(request, timeout=10, wait_for_ready=again)
            except grpc.RpcError as error:
                if error.code() not in TRANSIENT:
                    raise
                self.retries += 1
                again = True
                time.sleep(0.05)  # As a client backs off.
