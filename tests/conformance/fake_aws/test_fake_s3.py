"""What only the fake's S3 does, seen by Amazon's own clients; for the rest see
test_s3_backends.py."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
import uuid

import botocore.exceptions
import pytest

from verifying_fake import ACCESS_KEY, SECRET_KEY


@pytest.fixture
def s3(fake):
    return fake.client("s3")


@pytest.fixture
def bucket(s3):
    name = f"b-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    return name


def code_of(error):
    return error.value.response["Error"]["Code"]


def fetch(url):
    """Status and body, as any HTTP client gets them."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


KEYS = ["plain", "a/b//c", "sp ace+plus%25", "caf\u00e9/\u2603", "us-east-1:id/d=1&x;y"]


@pytest.mark.parametrize("key", KEYS)
def test_a_url_that_boto3_presigns_is_good_for_any_client(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"event")
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key}, ExpiresIn=60)
    assert fetch(url) == (200, b"event")
    status, body = fetch(url.replace("X-Amz-Expires=60", "X-Amz-Expires=61"))
    assert (status, b"SignatureDoesNotMatch" in body) == (403, True)
    status, body = fetch(url.split("?")[0])
    assert (status, b"AccessDenied" in body) == (403, True)


def test_a_presigned_url_ends_with_its_time_and_a_clock_may_be_off_by_15_minutes(fake, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"event")
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"}, ExpiresIn=3600)
    try:
        fake.ask("POST", "clock", {"skewSeconds": 3540})
        assert fetch(url) == (200, b"event")
        with pytest.raises(botocore.exceptions.ClientError) as error:
            s3.get_object(Bucket=bucket, Key="k")
        assert code_of(error) == "RequestTimeTooSkewed"
        fake.ask("POST", "clock", {"skewSeconds": 3660})
        status, body = fetch(url)
        assert (status, b"Request has expired" in body) == (403, True)
    finally:
        fake.ask("POST", "clock", {"skewSeconds": 0})
    assert fetch(url) == (200, b"event")


def test_a_url_of_a_session_dies_with_it(fake, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"event")
    arn = "arn:aws:iam::123456789012:role/urls"
    fake.ask("PUT", "sts/role", {"arn": arn, "actions": ["s3:GetObject"]})
    session = fake.client("sts").assume_role(RoleArn=arn, RoleSessionName="urls")["Credentials"]
    client = fake.client("s3", session=session)
    url = client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"},
                                        ExpiresIn=86400)
    assert fetch(url) == (200, b"event")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        client.put_object(Bucket=bucket, Key="k", Body=b"other")
    assert code_of(error) == "AccessDenied"
    assert fake.ask("POST", "sts/expire", {"arn": arn}) == {"ended": 1}
    status, body = fetch(url)
    assert (status, b"ExpiredToken" in body) == (400, True)


@pytest.mark.parametrize("fault,code", [
    ({"kind": "error", "status": 503, "code": "SlowDown"}, "SlowDown"),
    ({"kind": "error", "status": 500, "code": "InternalError"}, "InternalError"),
    ({"kind": "error", "status": 403, "code": "AccessDenied"}, "AccessDenied"),
])
def test_a_scripted_fault_reaches_boto3(fake, s3, bucket, fault, code):
    fake.add_faults({"service": "s3", "operation": "PutObject", "resource": bucket, **fault})
    with pytest.raises(botocore.exceptions.ClientError) as error:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert code_of(error) == code
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")


def test_a_lost_answer_leaves_the_object(fake, s3, bucket):
    fake.add_faults({"service": "s3", "operation": "PutObject", "resource": f"{bucket}/k",
                     "kind": "loseAnswer"})
    with pytest.raises(botocore.exceptions.HTTPClientError):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_awscli_understands_it(fake, bucket, tmp_path):
    (tmp_path / "in").write_bytes(b"event")
    environment = os.environ | {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_DEFAULT_REGION": "us-east-1",
                                "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    for source, target in (("in", f"s3://{bucket}/a/k"), (f"s3://{bucket}/a/k", "out")):
        subprocess.run([sys.executable, "-m", "awscli", "--endpoint-url", fake.url, "s3", "cp",
                        source, target], env=environment, cwd=tmp_path, check=True)
    assert (tmp_path / "out").read_bytes() == b"event"
