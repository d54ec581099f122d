"""What the conformance suites share: a running stack, as .dev/env names it, and Amazon's clients.

Without a stack these tests fail; they are never skipped.
"""

import os
import time
import uuid

import boto3
import botocore.config
import grpc
import pytest


def from_environment(name):
    value = os.environ.get(name)
    if not value:
        pytest.fail(f"{name} is not set; start a stack with deploy/dev/up, then: source .dev/env",
                    pytrace=False)
    return value


@pytest.fixture(scope="session")
def endpoint():
    """The gateway's base URL."""
    return from_environment("TIDEMARK_ENDPOINT").rstrip("/")


@pytest.fixture(scope="session")
def region():
    return from_environment("AWS_REGION")


@pytest.fixture(scope="session")
def make_pool(region):
    """Creates an identity pool over the stream configuration service's API."""
    address = from_environment("TIDEMARK_STREAM_CONFIG_ADDR")

    def make():
        pool = f"{region}:{uuid.uuid4()}"
        # CreatePoolRequest{identity_pool_id}: field 1, text.
        request = b"\x0a" + bytes([len(pool)]) + pool.encode()
        with grpc.insecure_channel(address) as channel:
            channel.unary_unary("/tidemark.stream_config.v1.StreamConfigService/CreatePool")(
                request, timeout=30)
        wait_for_pool(pool)
        return pool

    def wait_for_pool(pool):
        """The dataset service hears of new pools a moment later."""
        client = make_client(from_environment("TIDEMARK_ENDPOINT"), region)
        for _ in range(400):
            try:
                client.describe_identity_pool_usage(IdentityPoolId=pool)
                return
            except client.exceptions.ResourceNotFoundException:
                time.sleep(0.02)
        pytest.fail(f"the dataset service never heard of pool {pool}")

    return make


@pytest.fixture(scope="session")
def pool(make_pool):
    """A pool for tests that leave its settings alone."""
    return make_pool()


@pytest.fixture
def identity(region):
    """An identity of the test's own."""
    return f"{region}:{uuid.uuid4()}"


def make_client(endpoint, region, **config):
    return boto3.client(
        "cognito-sync", endpoint_url=endpoint, region_name=region,
        config=botocore.config.Config(**{"retries": {"total_max_attempts": 1}, **config}))


@pytest.fixture
def client(endpoint, region):
    """boto3 without retries."""
    return make_client(endpoint, region)


@pytest.fixture
def bold_client(endpoint, region):
    """boto3 without retries that leaves checking parameters to the service."""
    return make_client(endpoint, region, parameter_validation=False)


@pytest.fixture
def stubborn_client(endpoint, region):
    """boto3 with its usual retries."""
    return make_client(endpoint, region, retries={"mode": "standard", "total_max_attempts": 3})
