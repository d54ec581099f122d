"""The main job, end to end, on real input: devices sync, changes commit, events come out in order;
then a push from one device to another, and a sync that a trigger tidies.

Reads the stack's addresses from the environment (.dev/env) and uses the public API only. Each run
has identities of its own, so it can be repeated. Exit status 1 if anything differs.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import sys
import time
import urllib.request
import uuid

import boto3
import botocore.config

import backend
from device import Push
from events import StreamReader, compare
from journey import Difference, require, travel
from pushes import Endpoints, wake_the_other_device
from schemas import DIRECTORY, read_schemas, share_out
from triggers import tidy_a_profile

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


def run_beside(pool, region):
    """The other two ways a change leaves: pushes to devices, and the trigger before it is stored."""
    sync = boto3.client("cognito-sync")
    push = backend.Service(os.environ["TIDEMARK_PUSH_ADDR"], "push", "PushService")
    endpoints = Endpoints(get_json, os.environ["AWS_ENDPOINT_URL_SNS"])
    told = wake_the_other_device(push, sync, endpoints, pool, region, PATIENCE_SECONDS)
    dataset = backend.Service(os.environ["TIDEMARK_DATASET_ADDR"], "dataset", "DatasetService")
    address = tidy_a_profile(dataset, pool, region)
    show({
        "push": f"{told.pushes} read back from SNS: each device was told what the other did, "
                f"one {told.milliseconds} ms after the sync",
        "trigger": f"the function normalise refused what is no address, and stored another as "
                   f"{address}",
    })


def get_json(url):
    with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 (our moto)
        return json.load(answer)


def summarize(schemas, journeys, repeats, stream, times):
    began, synced, ended = times
    accepted = [change for journey in journeys for change in journey.accepted]
    pushes = [change for change in accepted if isinstance(change, Push)]
    conflicts = sum(journey.conflicts for journey in journeys)
    show({
        "datasets": f"{len(schemas)}, of {len(journeys)} identities with two devices each",
        "records": f"{sum(len(schema.defaults) for schema in schemas)}, "
                   f"{sum(len(push.patches) for push in pushes)} record changes",
        "syncs": f"{sum(journey.synced for journey in journeys)}, {len(pushes)} of them pushed; "
                 f"{len(accepted) - len(pushes)} deletions",
        "conflicts": f"{conflicts} refused with 409, then merged",
        "events": f"{len(accepted)} read back from {stream}, each compared: equal and in order"
                  + (f" ({repeats} came again)" if repeats else ""),
        "time": f"{synced - began:.1f} s syncing, {ended - synced:.1f} s more until the last event",
    })


def show(rows):
    for name, text in rows.items():
        print(f"    {name:10} {text}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--generated", type=pathlib.Path, required=True)
    backend.generate(parser.parse_args().generated)
    pool, region = os.environ["TIDEMARK_POOL_ID"], os.environ["AWS_REGION"]
    try:
        run(pool, os.environ["TIDEMARK_STREAM_NAME"], region)
        run_beside(pool, region)
    except Difference as difference:
        sys.exit(f"sample: {difference}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
