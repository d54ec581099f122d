"""python -m consumer: see --help."""

import argparse
import json
import logging
import signal
import sys
import threading
import time
from datetime import datetime, timezone

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .payloads import PayloadError, Payloads
from .rebuild import Rebuilder
from .shards import OLDEST, SINCE
from .store import Store
from .stream import StreamReader, WrongPlace, created

# Of one shard five reads a second are allowed.
PAUSE_SECONDS = 0.25


def main() -> int:
    arguments = parse_arguments()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr,
                        format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    store = Store(arguments.store)
    try:
        if arguments.show is not None:
            show(store, arguments.show)
        elif arguments.report:
            report(store)
        else:
            consume(store, arguments)
        return 0
    except PayloadError as error:
        logging.error("%s", error)
    except WrongPlace as error:
        logging.error("%s: the stream was created anew under its name. Run again with --new-stream to "
                      "read it from its beginning, then ask for a bulk publish: what was not read "
                      "of the old one is lost", error)
    except (ClientError, BotoCoreError) as error:
        logging.error("Kinesis: %s", error)
    finally:
        store.close()
    return 1


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m consumer", description=(
        "Rebuilds the datasets of a Cognito Streams stream in SQLite, until it is interrupted. Run "
        "again, it goes on where it was. AWS credentials are found as boto3 finds them."))
    parser.add_argument("--stream", help="the Kinesis stream")
    parser.add_argument("--endpoint", help="Kinesis's URL; AWS's own if absent")
    parser.add_argument("--region", help="AWS region; the environment's if absent")
    parser.add_argument("--store", default="consumer.db", help="the SQLite file; %(default)s")
    parser.add_argument("--from", dest="start", type=start_of, default=OLDEST, metavar="WHERE",
                        help="where a first run begins: oldest (what the stream still has, the "
                        "default), now, or a time such as 2026-11-26T12:00:00Z")
    parser.add_argument("--new-stream", action="store_true",
                        help="the stream was created anew under its name: forget how far the old "
                        "one was read, and begin as a first run does; what was rebuilt stays")
    parser.add_argument("--until-idle", type=float, metavar="SECONDS",
                        help="end when no records came for so long")
    parser.add_argument("--skip-missing-payloads", action="store_true",
                        help="note an event whose S3 URL has expired as missed, and go on")
    parser.add_argument("--report", action="store_true",
                        help="read nothing: list the datasets with gaps, and the totals")
    parser.add_argument("--show", metavar="IDENTITY",
                        help="read nothing: print an identity's live datasets as JSON")
    arguments = parser.parse_args()
    if not arguments.stream and not arguments.report and arguments.show is None:
        parser.error("--stream: which stream?")
    return arguments


def start_of(text: str) -> str:
    """The place that --from names."""
    if text == "oldest":
        return OLDEST
    if text == "now":
        return f"{SINCE}{time.time()}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is neither oldest, now nor an ISO time") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return f"{SINCE}{moment.timestamp()}"


def consume(store: Store, arguments: argparse.Namespace) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    kinesis = boto3.client("kinesis", endpoint_url=arguments.endpoint,
                           region_name=arguments.region,
                           config=Config(retries={"mode": "standard", "max_attempts": 10}))
    stream = arguments.stream
    if arguments.new_stream:
        with store.transaction():
            store.forget_places(stream)
    reader = StreamReader(kinesis, stream, store.places(stream), arguments.start)
    now, before = created(kinesis, stream), store.created(stream)
    if now and before and now != before:
        raise WrongPlace(f"the stream {stream} was created at {now}, the one that was read so far at "
                         f"{before}")
    with store.transaction():
        if now:
            store.set_created(stream, now)
        for shard, place in reader.places.items():
            store.set_place(stream, shard, place)
    rebuilder = Rebuilder(store, Payloads(), arguments.skip_missing_payloads)
    heard = time.monotonic()
    while not stop.is_set():
        for batch in reader.poll():
            rebuilder.take(stream, batch)
            if batch.records:
                heard = time.monotonic()
        idle = time.monotonic() - heard
        if arguments.until_idle is not None and idle > arguments.until_idle:
            break
        if idle > 0.01:
            stop.wait(PAUSE_SECONDS)
    print(json.dumps({"records": dict(rebuilder.outcomes), "store": store.totals()}))


def report(store: Store) -> None:
    for pool, identity, name, known in store.datasets():
        if known.gaps:
            print(json.dumps({"pool": pool, "identity": identity, "dataset": name,
                              "count": known.count, "missed": known.gaps}))
    print(json.dumps(store.totals()))


def show(store: Store, identity: str) -> None:
    for pool, owner, name, known in store.datasets():
        if owner == identity and known.live:
            records = {r.key: r.value for r in store.records(pool, owner, name)}
            print(json.dumps({"pool": pool, "dataset": name, "count": known.count,
                              "records": records}, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())
