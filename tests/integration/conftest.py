"""The gateway over real services, for suites that call it with AWS's own client."""

import os
import secrets

import boto3
import pytest
from botocore.config import Config

from stack import ACCESS_KEY, SECRET_KEY, Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """With a dataset service and a gateway, as attributes."""
    with Stack(tmp_path_factory.mktemp("stack"), os.environ["TIDEMARK_TEST_DSN"],
               f"integration_{secrets.token_hex(4)}") as running:
        running.dataset = running.start_dataset()
        running.gateway = running.start_gateway(running.dataset)
        yield running


@pytest.fixture(scope="session")
def connect(stack):
    """Makes clients that check nothing themselves and try once."""
    def client(access_key=ACCESS_KEY, secret_key=SECRET_KEY, region="us-east-1"):
        return boto3.client(
            "cognito-sync", endpoint_url=f"http://{stack.gateway.addresses['http']}",
            region_name=region, aws_access_key_id=access_key, aws_secret_access_key=secret_key,
            config=Config(parameter_validation=False, retries={"total_max_attempts": 1}))
    return client
