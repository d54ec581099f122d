"""What only the fake's STS does, seen by boto3, and what its sessions may do elsewhere; for the
rest see test_sts_backends.py."""

import botocore.exceptions
import pytest

OTHER_ACCOUNT = "210987654321"


@pytest.fixture
def sts(fake):
    return fake.client("sts")


@pytest.fixture
def role(fake, request):
    """Makes a role of the test's own in an account; its ARN."""
    def make(account="123456789012", **settings):
        arn = f"arn:aws:iam::{account}:role/{request.node.name}"
        fake.ask("PUT", "sts/role", {"arn": arn, **settings})
        return arn
    return make


def code_of(error):
    return error.value.response["Error"]["Code"]


def assume(sts, arn, **parameters):
    return sts.assume_role(RoleArn=arn, RoleSessionName="tidemark", **parameters)["Credentials"]


def test_a_wrong_secret_is_refused(fake):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        fake.client("sts", secret="wrong").get_caller_identity()
    assert code_of(error) == "SignatureDoesNotMatch"


def test_a_role_wants_its_external_id(sts, role):
    arn = role(externalId="of/the:pool@1")
    assert assume(sts, arn, ExternalId="of/the:pool@1")["Expiration"]
    for parameters in ({}, {"ExternalId": "other"}):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            assume(sts, arn, **parameters)
        assert code_of(error) == "AccessDenied"


def test_an_unknown_or_deleted_role_is_denied(fake, sts, role):
    arn = role()
    session = assume(sts, arn)
    kinesis = fake.client("kinesis", session=session)
    kinesis.list_streams()
    fake.ask("DELETE", f"sts/role?arn={arn}")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        assume(sts, arn)
    assert code_of(error) == "AccessDenied"
    with pytest.raises(botocore.exceptions.ClientError) as error:
        kinesis.list_streams()
    assert code_of(error) == "UnrecognizedClientException"


def test_a_session_of_another_account_sees_that_accounts_streams(fake, sts, role, request):
    stream = request.node.name
    fake.ask("POST", "kinesis/stream", {"stream": f"{OTHER_ACCOUNT}/{stream}"})
    kinesis = fake.client("kinesis", session=assume(sts, role(OTHER_ACCOUNT)))
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    kinesis.put_record(StreamName=stream, Data=b"x", PartitionKey="k")
    summary = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    arn = summary["StreamARN"]
    assert f":{OTHER_ACCOUNT}:" in arn
    with pytest.raises(botocore.exceptions.ClientError) as error:
        fake.client("kinesis").put_record(StreamName=stream, Data=b"x", PartitionKey="k")
    assert code_of(error) == "ResourceNotFoundException"
    with pytest.raises(botocore.exceptions.ClientError) as error:
        fake.client("kinesis").put_record(StreamARN=arn, Data=b"x", PartitionKey="k")
    assert code_of(error) == "AccessDeniedException"


def test_a_session_may_do_what_its_role_may(fake, sts, role):
    kinesis = fake.client("kinesis", session=assume(sts, role(actions=["kinesis:List*"])))
    kinesis.list_streams()
    with pytest.raises(botocore.exceptions.ClientError) as error:
        kinesis.put_record(StreamName="s", Data=b"x", PartitionKey="k")
    assert code_of(error) == "AccessDeniedException"


def test_a_session_ends(fake, sts, role):
    arn = role()
    kinesis = fake.client("kinesis", session=assume(sts, arn))
    kinesis.list_streams()
    fake.ask("POST", "sts/expire", {"arn": arn})
    with pytest.raises(botocore.exceptions.ClientError) as error:
        kinesis.list_streams()
    assert code_of(error) == "ExpiredTokenException"


def test_a_session_without_its_token_is_nobodys(fake, sts, role):
    session = assume(sts, role()) | {"SessionToken": ""}
    with pytest.raises(botocore.exceptions.ClientError) as error:
        fake.client("kinesis", session=session).list_streams()
    assert code_of(error) == "UnrecognizedClientException"


def test_a_web_identity_needs_no_key(fake, role):
    arn = role(webIdentityToken="a.jwt.token")
    sts = fake.client("sts", secret="not looked at")

    def assume_with(token):
        return sts.assume_role_with_web_identity(RoleArn=arn, RoleSessionName="tidemark",
                                                 WebIdentityToken=token)["Credentials"]

    fake.client("kinesis", session=assume_with("a.jwt.token")).list_streams()
    with pytest.raises(sts.exceptions.InvalidIdentityTokenException):
        assume_with("an.old.token")


@pytest.mark.parametrize("parameters", [{"DurationSeconds": 900 - 1}, {"DurationSeconds": 3601},
                                        {"RoleSessionName": "x"}, {"RoleSessionName": "a b"}])
def test_bad_parameters_are_named(fake, role, parameters):
    sts = fake.client("sts", parameter_validation=False)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        sts.assume_role(**{"RoleArn": role(), "RoleSessionName": "tidemark", **parameters})
    assert code_of(error) == "ValidationError"


def test_a_clock_that_is_off_is_told(fake, sts):
    fake.ask("POST", "clock", {"skewSeconds": 1000})
    try:
        with pytest.raises(botocore.exceptions.ClientError) as error:
            sts.get_caller_identity()
        assert code_of(error) == "SignatureDoesNotMatch"
        assert "Signature expired" in str(error.value)
    finally:
        fake.ask("POST", "clock", {"skewSeconds": 0})


def test_a_scripted_fault_is_aimed_at_a_role(fake, sts, role):
    arn = role()
    fake.add_faults({"service": "sts", "operation": "AssumeRole", "resource": arn,
                     "kind": "error", "code": "Throttling", "message": "Rate exceeded"})
    sts.get_caller_identity()
    with pytest.raises(botocore.exceptions.ClientError) as error:
        assume(sts, arn)
    assert code_of(error) == "Throttling"
    assume(sts, arn)
