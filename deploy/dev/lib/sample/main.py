"""The main job, end to end, on real input: devices sync, changes commit, events come out in order.

Reads the stack's addresses from the environment (.dev/env) and uses the public API only. Each run
has identities of its own, so it can be repeated. Exit status 1 if anything differs.
"""

import concurrent.futures
import os
import sys
import time
import uuid

import boto3
import botocore.config

from device import Push
from events import StreamReader, compare
from journey import Difference, require, travel
from schemas import DIRECTORY, read_schemas, share_out

IDENTITIES, DATASETS_PER_IDENTITY = 3, 20
# An idle stack delivers in milliseconds; one that starts up, or shares a busy machine, in seconds.
PATIENCE_SECONDS = 30


def run(pool, stream, region):
    schemas = read_schemas()
    require(schemas, f"no schemas in {DIRECTORY}; is gsettings-desktop-schemas installed?")
    shares = {f"{region}:{uuid.uuid4()}": share
              for share in share_out(schemas, IDENTITIES, DATASETS_PER_IDENTITY)}
    sync = boto3.client("cognito-sync", config=botocore.config.Config(max_pool_connections=20))
    reader = StreamReader(boto3.client("kinesis"), stream)

    began = time.time()
    with concurrent.futures.ThreadPoolExecutor(len(shares)) as workers:
        journeys = list(workers.map(lambda share: travel(sync, pool, *share), shares.items()))
    synced = time.time()
    accepted = sum(len(journey.accepted) for journey in journeys)
    events = reader.read(accepted, set(shares), PATIENCE_SECONDS)
    ended = time.time()
    repeats = compare(pool, journeys, events, began, ended)
    summarize(schemas, journeys, repeats, stream, (began, synced, ended))


def summarize(schemas, journeys, repeats, stream, times):
    began, synced, ended = times
    accepted = [change for journey in journeys for change in journey.accepted]
    pushes = [change for change in accepted if isinstance(change, Push)]
    conflicts = sum(journey.conflicts for journey in journeys)
    rows = {
        "datasets": f"{len(schemas)}, of {len(journeys)} identities with two devices each",
        "records": f"{sum(len(schema.defaults) for schema in schemas)}, "
                   f"{sum(len(push.patches) for push in pushes)} record changes",
        "syncs": f"{sum(journey.synced for journey in journeys)}, {len(pushes)} of them pushed; "
                 f"{len(accepted) - len(pushes)} deletions",
        "conflicts": f"{conflicts} refused with 409, then merged",
        "events": f"{len(accepted)} read back from {stream}, each compared: equal and in order"
                  + (f" ({repeats} came again)" if repeats else ""),
        "time": f"{synced - began:.1f} s syncing, {ended - synced:.1f} s more until the last event",
    }
    for name, text in rows.items():
        print(f"    {name:10} {text}")


def main():
    try:
        run(os.environ["TIDEMARK_POOL_ID"], os.environ["TIDEMARK_STREAM_NAME"],
            os.environ["AWS_REGION"])
    except Difference as difference:
        sys.exit(f"sample: {difference}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
