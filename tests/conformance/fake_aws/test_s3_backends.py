"""S3 of the fake and of moto, seen by boto3: what holds of one holds of the other."""

import urllib.request
import uuid

import botocore.exceptions
import pytest

from backends import having

pytestmark = pytest.mark.parametrize("backend", having("s3"), indirect=True)


@pytest.fixture
def s3(backend):
    return backend.client("s3")


@pytest.fixture
def bucket(s3):
    name = f"b-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    return name


def code_of(error):
    return error.value.response["Error"]["Code"]


KEYS = ["plain", "a/b//c", "sp ace+plus%25", "caf\u00e9/\u2603", "us-east-1:id/d=1&x;y"]


@pytest.mark.parametrize("key", KEYS)
def test_what_boto3_puts_it_gets_back(s3, bucket, key):
    body = bytes(range(256)) * 10
    put = s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json",
                        Metadata={"count": "7"}, ServerSideEncryption="aws:kms",
                        SSEKMSKeyId="alias/events")
    assert put["ServerSideEncryption"] == "aws:kms"
    got = s3.get_object(Bucket=bucket, Key=key)
    assert got["Body"].read() == body
    head = s3.head_object(Bucket=bucket, Key=key)
    for answer in (got, head):
        assert answer["ContentLength"] == len(body)
        assert answer["ContentType"] == "application/json"
        assert answer["Metadata"] == {"count": "7"}
        assert answer["SSEKMSKeyId"] == "alias/events"
        assert answer["ETag"] == put["ETag"]
    s3.delete_object(Bucket=bucket, Key=key)
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key=key)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        s3.head_object(Bucket=bucket, Key=key)
    assert code_of(error) == "404"


@pytest.mark.parametrize("key", KEYS)
def test_a_presigned_url_gives_the_object(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"event")
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key}, ExpiresIn=60)
    with urllib.request.urlopen(url, timeout=60) as answer:
        assert answer.read() == b"event"


def test_what_is_not_there_is_named(s3):
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.put_object(Bucket="no-such-bucket", Key="k", Body=b"x")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        s3.head_bucket(Bucket="no-such-bucket")
    assert code_of(error) == "404"


def test_boto3_lists_page_by_page(s3, bucket):
    keys = sorted(f"p/{number} +&\u00e9" for number in range(5))
    for key in [*keys, "other"]:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    pages = list(s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix="p/", PaginationConfig={"PageSize": 2}))
    assert [item["Key"] for page in pages for item in page["Contents"]] == keys
    assert len(pages) == 3


def test_an_object_can_be_kept_from_being_replaced(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"first", IfNoneMatch="*")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        s3.put_object(Bucket=bucket, Key="k", Body=b"second", IfNoneMatch="*")
    assert code_of(error) == "PreconditionFailed"
