"""A publisher between the dataset service and a stream of the fake AWS."""

import re

from api import Api
from ledger import assert_delivered, assert_exactly_once
from stack import ACCESS_KEY, SECRET_KEY
from waiting import eventually

STREAM = "changes"
THROTTLED = "ProvisionedThroughputExceededException"


def keys_file(directory):
    """The publisher's keys, for a fake that verifies what is signed with them."""
    keys = directory / "aws-keys"
    keys.write_text(f"[default]\naws_access_key_id = {ACCESS_KEY}\n"
                    f"aws_secret_access_key = {SECRET_KEY}\n")
    return keys


def start_publisher(stack, fake, *arguments, **more):
    return stack.start_publisher(fake.url, "--kinesis-timeout", "2s", *arguments, **more)


def shards(publisher):
    """How many log shards it holds."""
    found = re.search(r"^tidemark_publisher_log_shards_held (\d+)", publisher.metrics(), re.M)
    return int(found[1])


def start_two(stack, fake):
    """Publishers that share the log shards."""
    first = start_publisher(stack, fake, label="first")
    first.wait_ready()
    second = start_publisher(stack, fake, label="second")
    eventually(lambda: shards(first) == shards(second) == 128, "they share", seconds=10)
    return first, second


def status_of(publisher, pool):
    """Of the pool's destination."""
    with Api(publisher.addresses["grpc"], "publisher", "PublisherService") as api:
        found, = api.GetStatus(
            api.messages.GetStatusRequest(identity_pool_id=pool), timeout=30).destinations
        return found


def finish(stack, fake, load):
    """All that was acknowledged is stored, and arrives."""
    acknowledged = load.finish()
    assert_exactly_once(stack.dsn, acknowledged)
    assert_delivered(fake, acknowledged)
