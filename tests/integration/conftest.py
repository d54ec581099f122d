"""The gateway over real services, for suites that call it with AWS's own client."""

import functools

import pytest

from gateway_stack import gateway_stack, make_client


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    with gateway_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def connect(stack):
    """Makes clients that check nothing themselves and try once."""
    return functools.partial(make_client, stack.endpoint, parameter_validation=False)
