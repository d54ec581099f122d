"""What goes wrong in a run, and when: decided by a seed, before it begins."""

import random
from dataclasses import dataclass, field

THROTTLED = "ProvisionedThroughputExceededException"

# What happens to processes and streams; each is in every run.
BLOWS = ("kill", "freeze", "stop", "add", "database", "reshard")
# Seconds of load for each further blow.
SECONDS_PER_BLOW = 6
SECONDS_PER_STORM = 1.5

# Faults of PutRecords, of which a storm has a few. Those in LOSING apply a request without saying so.
_STORMS = (
    lambda chance: {"kind": "error", "code": THROTTLED, "times": chance.randint(1, 5)},
    lambda chance: {"kind": "error", "status": 500, "code": "InternalFailure"},
    lambda chance: {"kind": "error", "status": 503, "code": "ServiceUnavailable"},
    lambda chance: {"kind": "records", "code": THROTTLED, "times": chance.randint(1, 10),
                    "fraction": round(chance.uniform(0.05, 0.7), 2)},
    lambda chance: {"kind": "records", "code": "InternalFailure", "times": chance.randint(1, 5),
                    "fraction": round(chance.uniform(0.05, 0.7), 2)},
    lambda chance: {"kind": "reset", "times": chance.randint(1, 3)},
    lambda chance: {"kind": "garbage"},
    lambda chance: {"kind": "hang"},
    lambda chance: {"kind": "delay", "delay": round(chance.uniform(0.05, 0.5), 2),
                    "times": chance.randint(1, 10)},
    lambda chance: {"kind": "cut"},
    lambda chance: {"kind": "loseAnswer", "times": chance.randint(1, 2)},
    # Of the uploads of events too large for their stream: few, so that these wait for one.
    lambda chance: {"service": "s3", "operation": "PutObject", **chance.choice(_UPLOAD_FAULTS)},
    # Of the roles' sessions, which are few, too.
    lambda chance: {"service": "sts", "operation": "AssumeRole",
                    **chance.choice(_UPLOAD_FAULTS[1:3])},
)
_UPLOAD_FAULTS = (
    {"kind": "error", "status": 503, "code": "SlowDown"}, {"kind": "error", "status": 500},
    {"kind": "reset"}, {"kind": "hang"}, {"kind": "cut"}, {"kind": "loseAnswer"})
LOSING = ("cut", "loseAnswer")


@dataclass(frozen=True)
class Step:
    """`at`: the share of the changes that is committed by then."""

    at: float
    what: str  # of BLOWS, or "storm"
    faults: list[dict] = field(default_factory=list)  # of a storm
    seconds: float = 0  # until a killed one is started again; beyond the lease, of a freeze


def plan(seed: int, seconds: float) -> list[Step]:
    """For a load that takes so long at least. Blows stand in the first nine tenths, in random order,
    after some quiet."""
    chance = random.Random(seed)
    blows = list(BLOWS)
    further = int(seconds / SECONDS_PER_BLOW) - len(blows)
    blows += [chance.choice(("kill", "freeze", "stop", "reshard")) for _ in range(further)]
    if seconds > 120:
        blows.append("database")
    chance.shuffle(blows)
    steps = [Step(0.05 + 0.85 * turn / len(blows), what, seconds=round(chance.uniform(0.2, 2), 2))
             for turn, what in enumerate(blows)]
    storms = max(8, int(seconds / SECONDS_PER_STORM))
    for turn in range(storms):
        faults = [chance.choice(_STORMS)(chance) for _ in range(chance.randint(1, 3))]
        steps.append(Step(turn / storms, "storm", faults))
    return sorted(steps, key=lambda step: step.at)
