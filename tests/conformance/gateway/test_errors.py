"""Every error that a client of Amazon's can meet, and that it changes nothing: contract sections 1
and 2. boto3 leaves checking to the service here."""

import re

import pytest
from botocore.exceptions import ClientError
from datasets import Dataset, remove, replace


@pytest.fixture
def dataset(bold_client, pool, identity):
    return Dataset(bold_client, pool, identity)


def refusal(call, name, status):
    """The message of the error that `call` gets."""
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    assert response["Error"]["Code"] == name, response["Error"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
                        response["ResponseMetadata"]["RequestId"])
    assert response["Error"]["Message"]
    return response["Error"]["Message"]


def invalid(call):
    return refusal(call, "InvalidParameterException", 400)


def other(dataset, **changed):
    """The same with other parts of the name."""
    name = dataset.name | changed
    return Dataset(dataset.client, name["IdentityPoolId"], name["IdentityId"], name["DatasetName"])


# Contract section 2: every constraint of a path field.
BAD_IDS = ["x", "us-east-1:", ":abc", "us-east-1:ABCDEF", "us-east-1:g", "us east:abc",
           "us-east-1:" + "a" * 46, "us-east-1:\u00e9", "us-east-1:a/b", "us-east-1:a\nb"]


@pytest.mark.parametrize("bad", BAD_IDS)
def test_ids(dataset, bad):
    for field in ("IdentityPoolId", "IdentityId"):
        broken = other(dataset, **{field: bad})
        for call in (broken.list, broken.describe, broken.delete,
                     lambda: broken.update(replace("a", ""), token="t")):
            assert f"{field}: " in invalid(call)
    for call in (dataset.client.describe_identity_pool_usage,
                 dataset.client.get_identity_pool_configuration,
                 dataset.client.set_identity_pool_configuration):
        assert "IdentityPoolId: " in invalid(lambda: call(IdentityPoolId=bad))


@pytest.mark.parametrize("bad", ["a" * 129, "a b", "a/b", "\u00e9", "a\0", "a%", "a?b", "a*"])
def test_dataset_names(dataset, bad):
    broken = other(dataset, DatasetName=bad)
    for call in (broken.list, broken.describe, broken.delete,
                 lambda: broken.update(replace("a", ""), token="t")):
        assert "DatasetName: " in invalid(call)
    whole = other(dataset, DatasetName="a" * 128)
    whole.update(replace("a", ""))
    assert whole.describe()["DatasetName"] == "a" * 128


@pytest.mark.parametrize("patch, field", [
    (replace("", "v"), "RecordPatches[0].Key"),
    (replace("k" * 1025, "v"), "RecordPatches[0].Key"),
    (replace("\u20ac" * 342, "v"), "RecordPatches[0].Key"),  # 1026 bytes
    (replace("a\0b", "v"), "RecordPatches[0].Key"),
    (replace("k", "v" * 1_048_576), "RecordPatches[0].Value"),
    (replace("k", "v", -1), "RecordPatches[0].SyncCount"),
    ({"Op": "replace", "Key": "k", "SyncCount": 0}, "RecordPatches[0].Value"),
    ({"Op": "merge", "Key": "k", "Value": "v", "SyncCount": 0}, "RecordPatches[0].Op"),
    ({"Key": "k", "Value": "v", "SyncCount": 0}, "RecordPatches[0].Op"),
    ({"Op": "replace", "Value": "v", "SyncCount": 0}, "RecordPatches[0].Key"),
    ({"Op": "replace", "Key": "k", "Value": "v"}, "RecordPatches[0].SyncCount"),
])
def test_patches(dataset, patch, field):
    token = dataset.token()
    assert f"{field}: " in invalid(lambda: dataset.update(patch, token=token))
    assert dataset.list()["DatasetExists"] is False


def test_one_bad_patch_spoils_all(dataset):
    assert "RecordPatches[1].Key" in invalid(
        lambda: dataset.update(replace("good", "v"), replace("", "v")))
    assert "RecordPatches[1].Key" in invalid(
        lambda: dataset.update(replace("twice", "v"), remove("twice")))
    assert dataset.list()["DatasetExists"] is False


def test_keys_and_values_at_their_bounds(dataset):
    dataset.update(replace("k" * 1024, "v"))
    other(dataset, DatasetName="large").update(replace("k", "v" * 1_048_575))


def test_device_ids(dataset):
    for bad in ("", "d" * 257, "d\0"):
        assert "DeviceId: " in invalid(lambda: dataset.update(replace("a", ""), DeviceId=bad))
    dataset.update(replace("a", ""), DeviceId="d" * 256)


def test_counts_and_pages_of_lists(dataset):
    dataset.update(replace("a", ""))
    assert "LastSyncCount: " in invalid(lambda: dataset.list(LastSyncCount=-1))
    assert re.search(r"No such SyncCount: 2 exists for this Dataset",
                     invalid(lambda: dataset.list(LastSyncCount=2)))
    whose = {key: dataset.name[key] for key in ("IdentityPoolId", "IdentityId")}
    for call in (dataset.list, lambda **more: dataset.client.list_datasets(**whose, **more),
                 dataset.client.list_identity_pool_usage):
        assert "MaxResults: " in invalid(lambda: call(MaxResults=-1))
        for token in ("garbage", "\u00e9", "A" * 100):
            invalid(lambda: call(NextToken=token))


def test_session_tokens(dataset, pool):
    dataset.update(replace("a", ""))
    token = dataset.token()
    wrong = [other(dataset, DatasetName="foreign").token(),
             other(dataset, IdentityId="us-east-1:abc").token(),
             token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), token + "A", "", "garbage"]
    for bad in wrong:
        message = invalid(lambda: dataset.client.update_records(
            **dataset.name, SyncSessionToken=bad, RecordPatches=[replace("a", "", 1)]))
        assert "SyncSessionToken not valid for these inputs" in message
    for bad in wrong[:4]:
        invalid(lambda: dataset.list(SyncSessionToken=bad))
    assert "SyncSessionToken: " in invalid(
        lambda: dataset.client.update_records(**dataset.name, RecordPatches=[]))
    assert dataset.list()["DatasetSyncCount"] == 1


def test_stale_counts(dataset):
    dataset.update(replace("a", "1"), replace("b", "1"))
    for count in (0, 2):
        message = refusal(lambda: dataset.update(replace("b", "2", 1), replace("a", "1", count)),
                          "ResourceConflictException", 409)
        assert message == f"Current SyncCount for: a is: 1 not: {count}"
    message = refusal(lambda: dataset.update(remove("a"), remove("b"), remove("c", 5)),
                      "ResourceConflictException", 409)
    assert message.startswith("Current SyncCount for: a is: 1 not: 0")
    assert dataset.list()["DatasetSyncCount"] == 1


def test_limits(dataset, bold_client, pool, identity):
    def exceeded(call):
        return refusal(call, "LimitExceededException", 400)

    assert "1024" in exceeded(
        lambda: dataset.update(*(replace(f"k{i}", "") for i in range(1025))))
    half = "v" * (512 * 1024 - 1)
    dataset.update(replace("a", half), replace("b", half))  # 1 MiB with the keys
    assert "1048576" in exceeded(lambda: dataset.update(replace("c", "")))
    assert dataset.describe()["DataStorage"] == 1024 * 1024
    for i in range(19):
        other(dataset, DatasetName=f"set-{i}").update(replace("a", ""))
    assert "20" in exceeded(lambda: other(dataset, DatasetName="one-more").update(replace("a", "")))
    assert other(dataset, DatasetName="one-more").list()["DatasetExists"] is False
    other(dataset, DatasetName="set-0").delete()
    other(dataset, DatasetName="one-more").update(replace("a", ""))


def test_settings(bold_client, make_pool):
    pool = make_pool()
    role = "arn:aws:iam::123456789012:role/r"

    def configure(**settings):
        return invalid(lambda: bold_client.set_identity_pool_configuration(IdentityPoolId=pool,
                                                                           **settings))

    for bad in ("", "arn:aws:iam::1:rol/e" + "x" * 20, "short", role + "x" * 2048,
                "arn:aws:iam::account:role/r"):
        assert "CognitoStreams.RoleArn: " in configure(CognitoStreams={"RoleArn": bad})
        assert "PushSync.RoleArn: " in configure(PushSync={"RoleArn": bad})
    for bad in ("", "s" * 129):
        assert "CognitoStreams.StreamName: " in configure(CognitoStreams={"StreamName": bad})
    assert "CognitoStreams.StreamingStatus: " in configure(
        CognitoStreams={"StreamingStatus": "enabled"})
    for bad in ("", "x", "arn:aws:sns:us-east-1:123456789012:app/gcm/a",
                "arn:aws:sns:us-east-1:account:app/GCM/a"):
        assert "PushSync.ApplicationArns[0]: " in configure(PushSync={"ApplicationArns": [bad]})
    configure(CognitoStreams={"StreamingStatus": "ENABLED"})  # which stream, with which role?
    after = bold_client.get_identity_pool_configuration(IdentityPoolId=pool)
    assert "PushSync" not in after and "CognitoStreams" not in after


def test_what_only_devices_may_do(bold_client, pool, identity):
    whose = {"IdentityPoolId": pool, "IdentityId": identity}
    subscription = {**whose, "DatasetName": "d", "DeviceId": "v"}
    for call in (lambda: bold_client.register_device(**whose, Platform="GCM", Token="t"),
                 lambda: bold_client.subscribe_to_dataset(**subscription),
                 lambda: bold_client.unsubscribe_from_dataset(**subscription)):
        assert refusal(call, "NotAuthorizedException", 403) == (
            "These credentials are not valid for accessing this resource")


def test_what_is_not_there_yet(bold_client, pool):
    for call in (bold_client.get_cognito_events,
                 lambda **whose: bold_client.set_cognito_events(**whose, Events={})):
        refusal(lambda: call(IdentityPoolId=pool), "UnsupportedOperationException", 400)
