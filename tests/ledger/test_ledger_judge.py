"""What the ledger relies on: a judge that sees each kind of fault, a bound, a plan, digests."""

import struct

import pytest
from bound import Arrivals, Interruption
from consumer.events import Event, Record
from journal import digest_of, number_of, read_journal
from judge import Judge, Verdict
from plan import BLOWS, plan

COMMITTED = [(0, 1, 11), (7, 1, 71), (0, 2, 12), (0, 3, 13), (7, 2, 72)]
FINE = dict(committed=5, arrived=5, lost=0, reordered=0, altered=0, unknown=0, repeated=0, parked=0)


def judge(*arrivals, parked=()):
    judging = Judge()
    for arrival in arrivals:
        judging.note(*arrival)
    return judging.judge(COMMITTED, set(parked))


def without(*missing):
    return [change for change in COMMITTED if change not in missing]


def test_what_is_complete_and_in_order_is_fine():
    verdict = judge(*COMMITTED)
    assert verdict == Verdict(**FINE) and verdict.good


def test_repeats_are_counted():
    verdict = judge(*COMMITTED, *COMMITTED[1:3])
    assert verdict == Verdict(**FINE | {"repeated": 2}) and verdict.good


@pytest.mark.parametrize("arrivals, seen", [
    (without((0, 2, 12)), {"lost": 1, "arrived": 4}),
    (without((0, 3, 13)), {"lost": 1, "arrived": 4}),
    (without((7, 1, 71), (7, 2, 72)), {"lost": 2, "arrived": 3}),
    ([*without((0, 2, 12)), (0, 2, 12)], {"reordered": 1}),
    ([*without((0, 1, 11)), (0, 1, 11), (0, 1, 11)], {"reordered": 1, "repeated": 1}),
    ([*without((0, 2, 12)), (0, 2, 99)], {"reordered": 1, "altered": 1}),
    ([*COMMITTED[:-1], (7, 2, 99)], {"altered": 1}),
    ([*COMMITTED, (0, 2, 99)], {"altered": 1, "repeated": 1}),
    ([*COMMITTED, (0, 4, 14)], {"unknown": 1, "arrived": 6}),
    ([*COMMITTED, (8, 1, 81)], {"unknown": 1, "arrived": 6})],
    ids=["lost", "last one lost", "dataset lost", "reordered", "reordered and repeated",
         "reordered and altered", "altered", "repeat altered", "never committed",
         "dataset never committed"])
def test_every_fault_is_seen(arrivals, seen):
    verdict = judge(*arrivals)
    assert verdict == Verdict(**FINE | seen) and not verdict.good


def test_parked_changes_are_declared_and_not_lost():
    verdict = judge(*without((0, 2, 12)), parked=[(0, 2)])
    assert verdict == Verdict(**FINE | {"arrived": 4, "parked": 1}) and verdict.good


def test_counts_that_were_not_given_one_by_one_are_an_error():
    with pytest.raises(ValueError, match="count 3 was given after 1"):
        Judge().judge([(0, 1, 11), (0, 3, 13)])


@pytest.mark.parametrize("interruptions, lost_answers, allowed", [
    ([], 0, 0),
    ([], 2, 1000),
    ([Interruption(1010, 0)], 0, 12),
    ([Interruption(1010, 3)], 0, 40),
    ([Interruption(1010, 0), Interruption(1020, 0)], 0, 24)])
def test_repeats_are_bounded_by_what_arrived_before_each_blow(interruptions, lost_answers, allowed):
    arrivals = Arrivals()
    for tenth in range(10_000, 10_300):
        arrivals.note(tenth / 10 + 0.01)
    assert arrivals.repeats_allowed(interruptions, lost_answers) == pytest.approx(allowed, abs=2)


def test_a_plan_is_its_seeds_and_has_every_blow():
    assert plan(5, 60) == plan(5, 60) != plan(6, 60)
    for seconds in (10, 60, 300):
        steps = plan(5, seconds)
        assert set(BLOWS) | {"storm"} == {step.what for step in steps}
        assert steps == sorted(steps, key=lambda step: step.at) and steps[-1].at <= 1


def event(*records, removal=False):
    return Event("p", "us-east-1:00000001-0000-0000-0000-000000000010", "d1", removal, 7, 1000,
                 [Record(key, value, count, modified, 5) for key, value, count, modified in records])


def test_digests_tell_events_apart():
    events = [event(("a", "x", 7, 1000)), event(("a", "", 7, 1000)), event(("a", None, 7, 1000)),
              event(("a", "x", 7, 1000), ("b", "y", 7, 1000)), event(removal=True)]
    digests = {digest_of(each) for each in events}
    assert len(digests) == len(events) and 0 not in digests


@pytest.mark.parametrize("record", [("a", "x", 6, 1000), ("a", "x", 7, 999)])
def test_records_with_other_counts_or_times_than_the_event_are_altered(record):
    assert digest_of(event(record)) == 0


def test_datasets_have_numbers():
    assert number_of("us-east-1:0000abcd-0000-4000-8000-000000000010", "d1") == 33


def test_journals_are_read(tmp_path):
    file = tmp_path / "journal"
    entries = [(n, n + 1, 2 ** 64 - n - 1) for n in range(70_000)]
    file.write_bytes(b"".join(struct.pack("<IIQ", *entry) for entry in entries))
    assert list(read_journal(file)) == entries
