"""A short ledger: all that goes wrong in a long one, once at least."""

import ledger_run
from plan import BLOWS


def test_nothing_is_lost_or_reordered_and_repeats_keep_to_their_bound(tmp_path):
    outcome = ledger_run.run(ledger_run.Settings(changes=20_000, seconds=15, seed=1, publishers=2,
                                                 directory=tmp_path))
    print(outcome)
    assert outcome.good, outcome
    assert outcome.verdict.committed == outcome.verdict.arrived == 20_000
    assert set(BLOWS) <= outcome.done.keys() and outcome.by_url > 0
