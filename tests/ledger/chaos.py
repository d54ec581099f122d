"""Does what a plan says, to a running stack."""

import re
import signal
import time
from collections import Counter

from bound import Interruption
from plan import LOSING, Step

LEASE_SECONDS = 3.0
BUCKET = "ledger"
_PUBLISHER = ("--lease-ttl", f"{LEASE_SECONDS:g}s", "--kinesis-timeout", "2s", "--s3-bucket", BUCKET,
              "--s3-timeout", "2s")


class Chaos:
    """Keeps the publishers running and struck. `interruptions` and `lost_answers` are what the bound
    of repeats needs; `done` counts what was done."""

    def __init__(self, stack, server, fake, publishers: int):
        self.interruptions: list[Interruption] = []
        self.lost_answers = 0
        self.done: Counter[str] = Counter()
        self.peaks: dict[str, int] = {}  # bytes of memory, by publisher
        self._stack = stack
        self._server = server
        self._fake = fake
        self._publishers: list = []
        self._shards = 2  # of the first stream
        for _ in range(publishers):
            self._add()

    def perform(self, step: Step) -> None:
        """Returns when the blow is over: what it struck runs again."""
        if step.what == "storm":
            self.lost_answers += sum(fault.get("times", 1) for fault in step.faults
                                     if fault["kind"] in LOSING and "service" not in fault)
            self._fake.add_faults(*step.faults)
            return
        self.note_peaks()
        self.done[step.what] += 1
        if step.what == "add":
            self._add()
        elif step.what == "database":
            self._strike_database()
        elif step.what == "reshard":
            self._reshard()
        else:
            getattr(self, f"_{step.what}")(self._victim(), step.seconds)

    def note_peaks(self) -> None:
        """Of the memory of publishers, before they end."""
        for publisher in self._publishers:
            self.peaks[publisher.label] = max(self.peaks.get(publisher.label, 0),
                                              publisher.peak_memory_bytes())

    def end(self) -> None:
        """No further faults of Kinesis."""
        self.done["faults"] = self._fake.faults_struck()
        self._fake.forget_faults()

    def any_publisher(self):
        """One that runs."""
        return self._publishers[0]

    def _add(self) -> None:
        label = f"publisher-{len(self._publishers) + 1}"
        self._publishers.append(self._stack.start_publisher(
            self._fake.url, *_PUBLISHER, "--s3-endpoint", self._fake.url, label=label))

    def _victim(self):
        """The publisher that holds the most log shards: a blow to another says little."""
        return max(self._publishers, key=lambda publisher: gauge(publisher, "log_shards_held"))

    def _waiting(self) -> float:
        """The age of the oldest change that waits, at most: metrics are a second old."""
        return max(gauge(publisher, "lag_seconds") for publisher in self._publishers)

    def _interrupted(self, held: float) -> None:
        self.interruptions.append(Interruption(time.time(), held))

    def _kill(self, victim, seconds: float) -> None:
        held = self._waiting()
        victim.kill()
        self._interrupted(held)
        time.sleep(seconds)  # A part of the plan: who is away for how long.
        victim.start()

    def _freeze(self, victim, seconds: float) -> None:
        held = self._waiting()
        victim.process.send_signal(signal.SIGSTOP)
        self._interrupted(held)
        time.sleep(LEASE_SECONDS + seconds)
        victim.process.send_signal(signal.SIGCONT)

    def _stop(self, victim, seconds: float) -> None:
        held = self._waiting()
        self._interrupted(held)
        assert victim.stop() == 0, "a publisher that is told to stop ends with 0"
        self._interrupted(held)
        time.sleep(seconds)
        victim.start()

    def _reshard(self) -> None:
        """The first stream: to twice as many stream shards and back again, in turn."""
        self._shards = 6 - self._shards
        self._fake.reshard(self._shards)

    def _strike_database(self) -> None:
        held = self._waiting()
        began = time.time()
        self._server.kill()
        self._server.start()
        # They went on sending until their leases ended.
        away = min(time.time() - began, LEASE_SECONDS)
        self.interruptions.append(Interruption(began + away, held + away))


def gauge(publisher, name: str) -> float:
    """0 while it can't be asked."""
    try:
        found = re.search(rf"^tidemark_publisher_{name} (\S+)$", publisher.metrics(), re.MULTILINE)
    except OSError:
        return 0
    return float(found[1]) if found else 0
