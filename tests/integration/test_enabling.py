"""Enabling a stream over Amazon's API, with a publisher that looks first whether it can be written."""

import os
import secrets
import uuid

import pytest

from fake_aws import ROLE, FakeAws
from gateway_stack import REGION, make_client
from stack import ACCESS_KEY, POOL, SECRET_KEY, Stack
from waiting import eventually

STREAM = "changes"


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    keys = tmp_path_factory.mktemp("aws") / "keys"
    keys.write_text(f"[default]\naws_access_key_id = {ACCESS_KEY}\n"
                    f"aws_secret_access_key = {SECRET_KEY}\n")
    running = FakeAws(STREAM, "--keys", keys)
    yield running
    running.close()


@pytest.fixture(scope="module")
def stack(tmp_path_factory, fake):
    with Stack(tmp_path_factory.mktemp("stack"), os.environ["TIDEMARK_TEST_DSN"],
               f"enabling_{secrets.token_hex(4)}", check_streams=True) as running:
        running.dataset = running.start_dataset()
        running.publisher = running.start_publisher(fake.url)
        running.publisher.wait_ready()
        running.gateway = running.start_gateway(running.dataset)
        yield running


@pytest.fixture(scope="module")
def client(stack):
    return make_client(f"http://{stack.gateway.addresses['http']}")


@pytest.fixture
def configure(client, fake, stack):
    """Sets members of the pool's CognitoStreams, which is off, under a role that trusts Tidemark
    with the pool's external id."""
    def set_members(**members):
        return client.set_identity_pool_configuration(
            IdentityPoolId=POOL, CognitoStreams=members)["CognitoStreams"]

    with stack.pools() as api:
        pool = api.GetPool(api.messages.GetPoolRequest(identity_pool_id=POOL), timeout=30).pool
    fake.put_role(externalId=pool.role_external_id)
    fake.hold_status("")
    set_members(StreamName=STREAM, RoleArn=ROLE, StreamingStatus="DISABLED")
    return set_members


def write(client, name):
    whose = {"IdentityPoolId": POOL, "IdentityId": f"{REGION}:{uuid.uuid4()}", "DatasetName": name}
    token = client.list_records(**whose)["SyncSessionToken"]
    client.update_records(**whose, SyncSessionToken=token, RecordPatches=[
        {"Op": "replace", "Key": "k", "Value": "v", "SyncCount": 0}])


def arrives(fake, name):
    eventually(lambda: any(name.encode() in data for _, data in fake.records()), f"{name} arrives")


def refused(client, call, *words):
    with pytest.raises(client.exceptions.InvalidParameterException) as caught:
        call()
    message = caught.value.response["Error"]["Message"]
    assert all(word in message for word in words), message


def test_a_good_stream_is_enabled_and_takes_what_follows(client, configure, fake):
    assert configure(StreamingStatus="ENABLED")["StreamingStatus"] == "ENABLED"
    write(client, "after-enabling")
    arrives(fake, "after-enabling")


def test_what_can_not_be_written_is_said_at_once_and_changes_nothing(client, configure, fake):
    def status():
        configuration = client.get_identity_pool_configuration(IdentityPoolId=POOL)
        return configuration["CognitoStreams"]["StreamingStatus"]

    refused(client, lambda: configure(StreamName="no-such", StreamingStatus="ENABLED"), "no-such")
    fake.hold_status("CREATING")
    refused(client, lambda: configure(StreamingStatus="ENABLED"), STREAM)
    fake.hold_status("")
    fake.put_role(externalId="another")
    refused(client, lambda: configure(StreamingStatus="ENABLED"), ROLE)
    assert status() == "DISABLED"


def test_a_stream_that_is_on_is_not_changed_into_a_bad_one(client, configure):
    configure(StreamingStatus="ENABLED")
    refused(client, lambda: configure(StreamName="no-such"), "no-such")
    refused(client, lambda: configure(RoleArn=ROLE + "-unknown"), "-unknown")
    configuration = client.get_identity_pool_configuration(IdentityPoolId=POOL)["CognitoStreams"]
    assert configuration == {"StreamName": STREAM, "RoleArn": ROLE, "StreamingStatus": "ENABLED"}


def test_a_resumed_stream_gets_what_was_written_while_it_was_off(client, configure, fake, stack):
    configure(StreamingStatus="ENABLED")
    write(client, "before-the-pause")
    arrives(fake, "before-the-pause")
    configure(StreamingStatus="DISABLED")
    write(client, "during-the-pause")
    with stack.pools() as api:
        request = api.messages.UpdatePoolRequest(resume_stream=True)
        request.pool.identity_pool_id = POOL
        request.pool.stream.status = 1
        request.update_mask.paths.append("stream.status")
        api.UpdatePool(request, timeout=30)
    arrives(fake, "during-the-pause")


def test_without_a_publisher_streams_can_be_turned_off_but_not_on(client, configure, stack):
    configure(StreamingStatus="ENABLED")
    stack.publisher.kill()
    try:
        assert configure(StreamingStatus="DISABLED")["StreamingStatus"] == "DISABLED"
        with pytest.raises(client.exceptions.InternalErrorException):
            configure(StreamingStatus="ENABLED")
    finally:
        stack.publisher.start()

    def enabled():
        try:
            return configure(StreamingStatus="ENABLED")["StreamingStatus"] == "ENABLED"
        except client.exceptions.InternalErrorException:
            return False

    eventually(enabled, "the publisher is found again")
