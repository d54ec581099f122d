"""What a store holds after events, in whatever order deliveries allow."""

import random

import pytest
from histories import PLACE, History, change, copy, removal

from consumer.fold import Known
from consumer.store import Store


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "store.db")
    yield opened
    opened.close()


def held(store):
    return {r.key: (r.value, r.sync_count) for r in store.records(*PLACE)}


def known(store):
    (*place, what), = store.datasets()
    assert tuple(place) == PLACE
    return what


def take(store, *events):
    """Of each, whether it was a repeat."""
    outcomes = [store.apply(event) for event in events]
    return [before == after for before, after in outcomes]


def test_a_repeat_changes_nothing(store):
    events = [change(1, ("a", "x"), ("b", "x")), change(2, ("a", None)), change(3, ("b", "y"))]
    take(store, *events)
    before = held(store), known(store)
    assert take(store, *events) == [True] * 3
    assert (held(store), known(store)) == before == ({"b": ("y", 3)}, Known(3))


def test_counts_go_on_after_a_deletion(store):
    take(store, change(1, ("a", "x")), removal(2))
    assert held(store) == {} and not known(store).live
    take(store, change(3, ("b", "y")), removal(2), change(1, ("a", "x")))
    assert held(store) == {"b": ("y", 3)}
    assert known(store) == Known(3, whole=2, deleted=2) and known(store).live


def test_a_copy_that_comes_early_is_not_undone_by_the_changes_it_holds(store):
    take(store, change(1, ("a", "x"), ("b", "x")), copy(3, a=("x", 1), c=("z", 3)))
    assert held(store) == {"a": ("x", 1), "c": ("z", 3)}
    assert take(store, change(2, ("b", None), ("c", "y")), change(3, ("c", "z"))) == (
        [True, True])
    assert held(store) == {"a": ("x", 1), "c": ("z", 3)}


def test_a_copy_that_looks_like_an_update_is_not_undone_and_hides_nothing(store):
    take(store, change(1, ("a", "x"), ("b", "x")), copy(3, c=("z", 3)))
    assert known(store).gaps == ((2, 2),)
    take(store, change(2, ("a", None), ("b", None), ("c", "y")), change(3, ("c", "z")))
    assert held(store) == {"c": ("z", 3)}
    assert known(store) == Known(3)


def test_a_change_is_not_taken_for_the_copy_that_bore_its_count(store):
    take(store, change(1, ("a", "x"), ("b", "x")), copy(2, a=("y", 2)))
    assert take(store, change(2, ("a", "y"), ("b", None))) == [True]
    assert held(store) == {"a": ("y", 2)}


def test_missed_counts_are_reported_until_a_whole_event_makes_them_good(store):
    take(store, change(1, ("a", "x"), ("b", "x")), change(4, ("a", "y")), change(7, ("a", "z")))
    assert known(store).gaps == ((2, 3), (5, 6))
    assert store.totals() == {"datasets": 1, "records": 2, "partial datasets": 0,
                              "datasets with gaps": 1, "missed changes": 4}
    take(store, copy(5, a=("y", 4), c=("n", 5)))
    assert known(store).gaps == ((6, 6),)
    assert held(store) == {"a": ("z", 7), "c": ("n", 5)}
    take(store, removal(8))
    assert known(store) == Known(8, whole=8, deleted=8)


def test_what_was_there_before_the_first_event_is_not_known(store):
    take(store, change(5, ("a", "x")))
    assert known(store) == Known(5, since=5)
    assert store.totals()["partial datasets"] == 1
    take(store, copy(5, a=("x", 5), b=("old", 2)))
    assert known(store) == Known(5, whole=5)
    assert held(store) == {"a": ("x", 5), "b": ("old", 2)}


def test_a_missing_payload_is_a_gap(store):
    take(store, change(1, ("a", "x")))
    store.miss(change(2))
    store.miss(change(1))
    assert known(store) == Known(2, gaps=((2, 2),))
    take(store, change(3, ("a", "y")))
    assert known(store) == Known(3, gaps=((2, 2),))


def deliveries(history, random):
    """First deliveries in order; repeats of what was delivered; copies, each at least as new as the
    last delivery."""
    sent, top = [], 0
    while top < len(history.events):
        chance = random.random()
        if chance < 0.2 and sent:
            yield random.choice(sent)
            continue
        if chance < 0.35:
            event = history.copy_at(min(len(history.events), top + random.randint(0, 3)))
            if event is None:
                continue
        else:
            event = history.events[top]
            top += 1
        sent.append(event)
        yield event


@pytest.mark.parametrize("seed", range(200))
def test_every_order_that_deliveries_may_have_rebuilds_the_dataset(store, seed):
    chances = random.Random(seed)
    history = History(chances, 30)
    take(store, *deliveries(history, chances))
    assert held(store) == history.states[-1]
    assert known(store).count == 30 and not known(store).gaps


@pytest.mark.parametrize("seed", range(100))
def test_after_losses_a_copy_at_the_end_mends_all(store, seed):
    chances = random.Random(seed)
    history = History(chances, 30)
    lost = set(chances.sample(range(2, 30), 8))
    come = [event for event in history.events if event.sync_count not in lost]
    take(store, *come)
    last = history.copy_at(30)
    take(store, *([last] if last else []), *come)
    # One that can't be told from the last update leaves the gaps on the list.
    assert held(store) == history.states[-1] or known(store).gaps
    if last is None or last.whole:
        assert not known(store).gaps


def test_a_transaction_that_fails_leaves_no_trace(store):
    with pytest.raises(ZeroDivisionError), store.transaction():
        take(store, change(1, ("a", "x")))
        store.set_place("s", "shard", "after:1")
        1 / 0
    assert not list(store.datasets()) and not store.places("s")
