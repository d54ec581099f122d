"""The gateway over a database that is killed: errors at once, and service that resumes by itself."""

import botocore.exceptions
import pytest

from gateway_stack import make_client
from stack import POOL
from waiting import eventually

IDENTITY = "us-east-1:00000000-0000-0000-0000-0000000000fa"


def test_a_killed_database_is_an_error_at_once_and_service_resumes(stack, server):
    # Who waited for the timeout would outlast the client's patience.
    gateway = stack.start_gateway(stack.start_dataset(), "--call-timeout", "5m")
    client = make_client(f"http://{gateway.addresses['http']}", read_timeout=60)

    def read():
        return client.list_datasets(IdentityPoolId=POOL, IdentityId=IDENTITY)

    def serves():
        try:
            return read()["Count"] == 0
        except botocore.exceptions.ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 500
            return False

    read()
    server.kill()
    for _ in range(5):
        with pytest.raises(botocore.exceptions.ClientError) as raised:
            read()
        assert raised.value.response["Error"]["Code"] == "InternalErrorException"
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    server.start()
    eventually(serves, "the gateway serves again")
