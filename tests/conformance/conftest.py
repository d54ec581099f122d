"""The gateway over real services, and Amazon's clients of it."""

import uuid

import pytest

from gateway_stack import REGION, gateway_stack, make_client
from waiting import eventually


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    with gateway_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def endpoint(stack):
    """The gateway's base URL."""
    return stack.endpoint


@pytest.fixture(scope="session")
def region():
    return REGION


@pytest.fixture(scope="session")
def make_pool(stack, region):
    """Creates an identity pool over the stream configuration service's API."""
    client = make_client(stack.endpoint)

    def known(pool):
        try:
            return client.describe_identity_pool_usage(IdentityPoolId=pool)
        except client.exceptions.ResourceNotFoundException:
            return None

    def make():
        pool = f"{region}:{uuid.uuid4()}"
        stack.create_pool(pool)
        eventually(lambda: known(pool), f"the dataset service hears of pool {pool}")
        return pool

    return make


@pytest.fixture(scope="session")
def pool(make_pool):
    """A pool for tests that leave its settings alone."""
    return make_pool()


@pytest.fixture
def identity(region):
    """An identity of the test's own."""
    return f"{region}:{uuid.uuid4()}"


@pytest.fixture
def client(endpoint):
    """boto3 without retries."""
    return make_client(endpoint)


@pytest.fixture
def bold_client(endpoint):
    """boto3 without retries that leaves checking parameters to the service."""
    return make_client(endpoint, parameter_validation=False)


@pytest.fixture
def stubborn_client(endpoint):
    """boto3 with its usual retries."""
    return make_client(endpoint, retries={"mode": "standard", "total_max_attempts": 3})
