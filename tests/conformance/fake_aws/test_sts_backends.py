"""STS of the fake and of moto, seen by boto3: what holds of one holds of the other."""

import datetime

import botocore.exceptions
import pytest

from backends import having

OTHER_ACCOUNT = "210987654321"
ROLE = f"arn:aws:iam::{OTHER_ACCOUNT}:role/streams"

pytestmark = pytest.mark.parametrize("backend", having("sts"), indirect=True)


@pytest.fixture
def sts(backend):
    backend.make_role(ROLE)
    return backend.client("sts")


def test_tells_whose_a_key_is(sts):
    assert sts.get_caller_identity()["Account"] == "123456789012"


def test_a_session_acts_in_its_roles_account(backend, sts):
    answer = sts.assume_role(RoleArn=ROLE, RoleSessionName="tidemark", DurationSeconds=900)
    assert answer["AssumedRoleUser"]["Arn"].endswith(":assumed-role/streams/tidemark")
    session = answer["Credentials"]
    lasts = session["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(minutes=10) < lasts <= datetime.timedelta(minutes=15)
    identity = backend.client("sts", session).get_caller_identity()
    assert identity["Account"] == OTHER_ACCOUNT
    assert identity["Arn"] == answer["AssumedRoleUser"]["Arn"]


def test_a_session_sees_its_accounts_streams_alone(backend, sts):
    session = sts.assume_role(RoleArn=ROLE, RoleSessionName="tidemark")["Credentials"]
    theirs, ours = backend.client("kinesis", session), backend.client("kinesis")
    stream = f"of-{backend.name}"
    theirs.create_stream(StreamName=stream, ShardCount=1)
    summary = theirs.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert f":{OTHER_ACCOUNT}:stream/" in summary["StreamARN"]
    with pytest.raises(ours.exceptions.ResourceNotFoundException):
        ours.describe_stream_summary(StreamName=stream)
    theirs.delete_stream(StreamName=stream)


def test_a_session_name_has_at_most_64_characters(sts):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        sts.assume_role(RoleArn=ROLE, RoleSessionName="x" * 65)
    assert error.value.response["Error"]["Code"] == "ValidationError"
