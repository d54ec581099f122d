"""A gateway over real services, for the suites that call it with Amazon's clients."""

import contextlib
import os
import secrets

import boto3
from botocore.config import Config

from stack import ACCESS_KEY, SECRET_KEY, Stack

REGION = "us-east-1"


@contextlib.contextmanager
def gateway_stack(directory):
    """A Stack with a dataset service and a gateway, as attributes."""
    with Stack(directory, os.environ["TIDEMARK_TEST_DSN"],
               f"gateway_{secrets.token_hex(4)}") as running:
        running.dataset = running.start_dataset()
        running.gateway = running.start_gateway(running.dataset)
        running.endpoint = f"http://{running.gateway.addresses['http']}"
        yield running


def make_client(endpoint, access_key=ACCESS_KEY, secret_key=SECRET_KEY, region=REGION,
                **config):
    """boto3, trying once unless `config` says otherwise."""
    return boto3.client(
        "cognito-sync", endpoint_url=endpoint, region_name=region, aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(**{"retries": {"total_max_attempts": 1}, **config}))
