"""The ledger: commits N changes while publishers, Kinesis and the database fail, and compares every
committed change with what arrived. Prints a summary; exit status 0 only if all is as promised.
Run by tests/run --ledger N."""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass

import paths  # noqa: F401
from api import Api
from chaos import BUCKET, Chaos
from consumer.store import Store
from fake_aws import FakeAws
from journal import number_of, read_journal
from judge import Verdict
from plan import plan
from postgres import PrivatePostgres
from reader import Reader
from service import program
from stack import Stack
from truth import differences

POOLS = [f"us-east-1:00000000-0000-0000-0000-00000000000{n}" for n in (1, 2, 3)]
STREAMS = ["one", "two", "three"]
MIB = 1024 * 1024
# Events too large for their stream, about, in a short run.
OVERSIZED = 10
# So long nothing comes before what is missing is given up as lost: longer than any pause between
# attempts.
PATIENCE_SECONDS = 60
# So long nothing came once all has come: repeats would follow soon.
QUIET_SECONDS = 2


@dataclass(frozen=True)
class Settings:
    changes: int
    seconds: float  # of load, at least
    seed: int
    publishers: int
    directory: pathlib.Path


@dataclass(frozen=True)
class Outcome:
    settings: Settings
    verdict: Verdict
    allowed: int  # repeats
    differing: list[str]  # datasets that were rebuilt otherwise than they are
    datasets: int
    done: dict[str, int]
    peaks: dict[str, int]
    by_url: int  # deliveries of which the records lay in S3
    duration: float  # seconds

    @property
    def good(self) -> bool:
        return (self.verdict.good and not self.differing
                and self.verdict.repeated <= self.allowed)

    def __str__(self) -> str:
        v, s = self.verdict, self.settings
        lines = [
            f"ledger: {v.committed} committed, {v.arrived} arrived, {v.lost} lost, {v.reordered} "
            f"reordered (first deliveries), {v.repeated} repeated, {v.parked} parked",
            f"    {v.altered} altered, {v.unknown} never committed; {self.allowed} repeats allowed",
            f"    datasets    {self.datasets}, {len(self.differing)} rebuilt otherwise than stored",
            f"    seed        {s.seed}, {s.publishers} publishers and one added",
            "    done        " + ", ".join(f"{n} {what}" for what, n in sorted(self.done.items())),
            f"    time        {self.duration:.0f} s",
            f"    from S3     {self.by_url} deliveries",
            "    peak memory " + ", ".join(f"{label} {peak / MIB:.0f} MiB"
                                           for label, peak in sorted(self.peaks.items()))]
        return "\n".join(lines + [f"    DIFFERS     {what}" for what in self.differing[:20]])


class Load:
    """ledger-load, and how much of it is acknowledged."""

    def __init__(self, settings: Settings, address: str):
        self.journal = settings.directory / "journal"
        self.acknowledged = 0
        identities = max(100, min(20_000, settings.changes // 50))
        self._process = subprocess.Popen(
            [program("ledger-load"), "--address", address,
             *(word for pool in POOLS for word in ("--pool", pool)), "--journal", self.journal,
             "--changes", str(settings.changes), "--seed", str(settings.seed), "--identities",
             str(identities), "--rate", str(settings.changes / settings.seconds), "--near-limit",
             "0.0002", "--oversized", str(max(0.00005, OVERSIZED / settings.changes))],
            stdout=subprocess.PIPE, text=True)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def running(self) -> bool:
        return self._process.poll() is None

    def finish(self) -> None:
        self._thread.join()
        assert self._process.wait() == 0, "ledger-load failed"

    def close(self) -> None:
        if self.running():
            self._process.kill()
            self._process.wait()

    def _follow(self) -> None:
        for line in self._process.stdout:
            self.acknowledged = int(line.removeprefix("acknowledged "))


def run(settings: Settings) -> Outcome:
    # Not under a directory that the user postgres may not enter.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="tidemark-ledger-"))
    server = PrivatePostgres(directory)
    fake = FakeAws(STREAMS[0], "--forget-read",
                   *(word for name in STREAMS[1:] for word in ("--stream", f"{name}:2")))
    try:
        fake.create_bucket(BUCKET)
        with Stack(settings.directory, server.dsn()) as stack:
            return run_with(settings, stack, server, fake)
    finally:
        fake.close()
        server.kill()  # Nobody needs its data.
        shutil.rmtree(directory)


def run_with(settings: Settings, stack: Stack, server: PrivatePostgres, fake: FakeAws) -> Outcome:
    began = time.monotonic()
    dataset = stack.start_dataset()
    for pool, stream in zip(POOLS, STREAMS):
        stack.create_pool(pool)
        stack.enable_stream(stream, pool)
    # Processes die with the thread that started them: so this one strikes, and another reads.
    chaos = Chaos(stack, server, fake, settings.publishers)
    with Reader(fake.url, STREAMS, settings.directory / "rebuilt.db") as reader:
        load = Load(settings, dataset.addresses["grpc"])
        try:
            strike(settings, chaos, load, reader)
            load.finish()
        finally:
            load.close()
        chaos.end()
        parked = await_rest(settings, reader, chaos)
    chaos.note_peaks()
    verdict = reader.judge.judge(read_journal(load.journal), parked)
    store = Store(settings.directory / "rebuilt.db")
    datasets, differing = differences(stack.dsn, store)
    store.close()
    allowed = reader.arrivals.repeats_allowed(chaos.interruptions, chaos.lost_answers)
    return Outcome(settings, verdict, allowed, differing, datasets, chaos.done, chaos.peaks,
                   reader.by_url, time.monotonic() - began)


def strike(settings: Settings, chaos: Chaos, load: Load, reader: Reader) -> None:
    """Each step of the plan once its share of the changes is committed; until the load ends."""
    steps = plan(settings.seed, settings.seconds)
    while steps or load.running():
        reader.check()
        if steps and (load.acknowledged >= steps[0].at * settings.changes or not load.running()):
            chaos.perform(steps.pop(0))
        else:
            time.sleep(0.01)


def await_rest(settings: Settings, reader: Reader, chaos: Chaos) -> set[tuple[int, int]]:
    """Until all has come, and a little on, for repeats; or until nothing comes any more. Returns
    what is parked."""
    parked: set[tuple[int, int]] = set()
    while reader.quiet_seconds() < PATIENCE_SECONDS:
        reader.check()
        complete = reader.judge.arrived + len(parked) >= settings.changes
        if complete and reader.quiet_seconds() > QUIET_SECONDS:
            break
        if reader.quiet_seconds() > QUIET_SECONDS:
            parked = parked_changes(chaos.any_publisher())
        time.sleep(0.05)
    return parked


def parked_changes(publisher) -> set[tuple[int, int]]:
    """(dataset number, count) of what the publishers set aside."""
    parked, token = set(), ""
    with Api(publisher.addresses["grpc"], "publisher", "PublisherService") as api:
        while True:
            page = api.ListParkedChanges(
                api.messages.ListParkedChangesRequest(page_token=token), timeout=30)
            parked |= {(number_of(p.change.identity_id, p.change.dataset_name), p.change.sync_count)
                       for p in page.parked_changes}
            token = page.next_page_token
            if not token:
                return parked


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("changes", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int, default=int(time.time()) & 0xFFFF)
    parser.add_argument("--publishers", type=int, default=2)
    parser.add_argument("--directory", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    settings = Settings(arguments.changes, arguments.seconds or max(20, arguments.changes / 5000),
                        arguments.seed, arguments.publishers, arguments.directory)
    outcome = run(settings)
    print(outcome)
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
