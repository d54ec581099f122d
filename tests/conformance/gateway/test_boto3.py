"""What devices do, through boto3: contract sections 3 and 4 as clients see them."""

import datetime
import re
import time

import pytest
from datasets import Dataset, remove, replace

UTC = datetime.timezone.utc


@pytest.fixture
def dataset(client, pool, identity):
    return Dataset(client, pool, identity)


def eventually(read, expected):
    """Usage of a pool is folded about every second."""
    deadline = time.monotonic() + 30
    while (value := read()) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    assert value == expected


def test_a_dataset_never_written(dataset):
    listed = dataset.list()
    assert listed["SyncSessionToken"]
    del listed["SyncSessionToken"], listed["ResponseMetadata"]
    assert listed == {"Records": [], "Count": 0, "DatasetSyncCount": 0, "DatasetExists": False,
                      "DatasetDeletedAfterRequestedSyncCount": False}
    with pytest.raises(dataset.client.exceptions.ResourceNotFoundException):
        dataset.describe()


def test_a_written_dataset(dataset):
    before = datetime.datetime.now(UTC) - datetime.timedelta(minutes=5)
    device_date = datetime.datetime(2014, 10, 13, 20, 12, 14, tzinfo=UTC)
    updated = dataset.update(replace("color", "red", DeviceLastModifiedDate=device_date),
                             replace("größe", ""))["Records"]
    assert [record["Key"] for record in updated] == ["color", "größe"]
    assert {record["SyncCount"] for record in updated} == {1}
    assert updated[0]["Value"] == "red" and updated[1]["Value"] == ""
    assert updated[0]["DeviceLastModifiedDate"] == device_date
    assert re.fullmatch(r"\d{12}", updated[0]["LastModifiedBy"])

    listed = dataset.list()
    assert listed["Records"] == updated
    assert (listed["Count"], listed["DatasetSyncCount"]) == (2, 1)
    assert listed["DatasetExists"] is True
    assert listed["LastModifiedBy"] == updated[0]["LastModifiedBy"]

    described = dataset.describe()
    assert described["DatasetName"] == "prefs"
    assert described["IdentityId"] == dataset.name["IdentityId"]
    assert (described["NumRecords"], described["DataStorage"]) == (2, len("colorredgröße".encode()))
    assert before < described["CreationDate"] <= described["LastModifiedDate"]


def test_counts_rise_by_one_for_each_update(dataset):
    for count in range(5):
        records = dataset.update(replace("a", str(count), count), replace(f"b{count}", ""))["Records"]
        assert [record["SyncCount"] for record in records] == [count + 1] * 2
    assert dataset.list()["DatasetSyncCount"] == 5


def test_only_what_changed_since_is_listed(dataset):
    dataset.update(replace("a", "1"), replace("b", "1"))
    dataset.update(replace("b", "2", 1))
    listed = dataset.list(LastSyncCount=1)
    assert [record["Key"] for record in listed["Records"]] == ["b"]
    assert dataset.list(LastSyncCount=2)["Records"] == []


def test_removed_records_stay_listed_without_value(dataset):
    dataset.update(replace("a", "1"))
    removed = dataset.update(remove("a", 1))["Records"]
    assert removed[0]["SyncCount"] == 2 and "Value" not in removed[0]
    assert "Value" not in dataset.list()["Records"][0]
    assert dataset.describe()["NumRecords"] == 0
    with pytest.raises(dataset.client.exceptions.ResourceConflictException):
        dataset.update(replace("a", "again"))
    assert dataset.update(replace("a", "again", 2))["Records"][0]["SyncCount"] == 3


def test_removing_an_unknown_key_leaves_a_tombstone(dataset):
    assert dataset.update(remove("never", Value=""))["Records"][0]["SyncCount"] == 1


def test_nothing_to_change_changes_nothing(dataset):
    assert dataset.update()["Records"] == []
    assert dataset.list()["DatasetExists"] is False


def test_the_device_is_the_writer(dataset):
    record = dataset.update(replace("a", "1"), DeviceId="device-1")["Records"][0]
    assert record["LastModifiedBy"] == "device-1"
    assert dataset.list()["LastModifiedBy"] == "device-1"
    assert dataset.describe()["LastModifiedBy"] == "device-1"


@pytest.mark.parametrize("value", ["", "\0", "a\0b", "\u20ac\U0001F600", '"\\/\n\t\r\b\f', "\x7f\u2028",
                                   "x" * 100_000])
def test_any_text_is_a_value(dataset, value):
    dataset.update(replace("k", value))
    assert dataset.list()["Records"][0]["Value"] == value


def test_tokens_serve_many_times(dataset):
    token = dataset.token()
    for count in range(3):
        dataset.update(replace("a", "x", count), token=token)
        token = dataset.list(SyncSessionToken=token)["SyncSessionToken"]


def test_a_deleted_dataset(dataset):
    dataset.update(replace("a", "1"))
    dataset.update(replace("a", "2", 1))
    deleted = dataset.delete()
    assert deleted["DatasetName"] == "prefs" and deleted["NumRecords"] == 1
    for gone in (dataset.describe, dataset.delete):
        with pytest.raises(dataset.client.exceptions.ResourceNotFoundException):
            gone()
    old_device, new_device = dataset.list(LastSyncCount=2), dataset.list()
    assert old_device["DatasetExists"] is False and new_device["DatasetExists"] is False
    assert old_device["DatasetDeletedAfterRequestedSyncCount"] is True
    assert new_device["DatasetDeletedAfterRequestedSyncCount"] is False

    # A new life goes on above the old one, and old devices still learn of the deletion.
    assert dataset.update(replace("a", "3"))["Records"][0]["SyncCount"] == 4
    assert dataset.list(LastSyncCount=2)["DatasetDeletedAfterRequestedSyncCount"] is True
    assert dataset.list(LastSyncCount=4)["DatasetDeletedAfterRequestedSyncCount"] is False


def test_pages_of_records_show_one_moment(dataset):
    dataset.update(*(replace(f"key-{i:02}", "1") for i in range(25)))
    page = dataset.list(MaxResults=10)
    keys = [record["Key"] for record in page["Records"]]
    dataset.update(replace("key-20", "later", 1), replace("new", "later"))
    while "NextToken" in page:
        assert page["Count"] == len(page["Records"]) <= 10
        page = dataset.list(MaxResults=10, NextToken=page["NextToken"])
        assert page["DatasetSyncCount"] == 1
        keys += [record["Key"] for record in page["Records"]]
    assert sorted(keys) == [f"key-{i:02}" for i in range(25) if i != 20]
    changed = dataset.list(LastSyncCount=1)["Records"]
    assert {record["Key"] for record in changed} == {"key-20", "new"}


def test_without_max_results_everything_comes_at_once(dataset):
    dataset.update(*(replace(f"key-{i}", "x" * 100) for i in range(1024)))
    listed = dataset.list()
    assert listed["Count"] == 1024 and "NextToken" not in listed


def test_datasets_of_an_identity(client, pool, identity):
    names = [f"data.set:{i:02}-_" for i in range(7)]
    for name in names:
        Dataset(client, pool, identity, name).update(replace("a", "1"))
    whose = {"IdentityPoolId": pool, "IdentityId": identity}
    listed = client.list_datasets(**whose)
    assert listed["Count"] == 7 and "NextToken" not in listed
    assert [dataset["DatasetName"] for dataset in listed["Datasets"]] == names
    found, token = [], {}
    while token is not None:
        page = client.list_datasets(**whose, MaxResults=3, **token)
        found += [dataset["DatasetName"] for dataset in page["Datasets"]]
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    assert found == names

    usage = client.describe_identity_usage(**whose)["IdentityUsage"]
    assert (usage["DatasetCount"], usage["DataStorage"]) == (7, 14)
    assert (usage["IdentityId"], usage["IdentityPoolId"]) == (identity, pool)
    assert usage["LastModifiedDate"]


def test_an_identity_without_data(client, pool, identity):
    whose = {"IdentityPoolId": pool, "IdentityId": identity}
    assert client.list_datasets(**whose)["Datasets"] == []
    usage = client.describe_identity_usage(**whose)["IdentityUsage"]
    assert (usage["DatasetCount"], usage["DataStorage"]) == (0, 0)
    assert "LastModifiedDate" not in usage


def test_usage_of_a_pool(client, make_pool, identity):
    pool = make_pool()
    dataset = Dataset(client, pool, identity)
    dataset.update(replace("key", "value"))

    def usage():
        return client.describe_identity_pool_usage(IdentityPoolId=pool)["IdentityPoolUsage"]

    eventually(lambda: usage()["DataStorage"], 8)
    eventually(lambda: usage()["SyncSessionsCount"], 1)
    assert usage()["LastModifiedDate"]

    listed, token = {}, {}
    while token is not None:
        page = client.list_identity_pool_usage(MaxResults=2, **token)
        assert page["MaxResults"] == 2 and page["Count"] == len(page["IdentityPoolUsages"]) <= 2
        listed |= {item["IdentityPoolId"]: item for item in page["IdentityPoolUsages"]}
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    assert listed[pool]["DataStorage"] == 8


def test_an_unknown_pool(client, region, identity):
    nowhere = f"{region}:00000000-dead-4bad-8bad-000000000000"
    dataset = Dataset(client, nowhere, identity)
    assert client.list_datasets(IdentityPoolId=nowhere, IdentityId=identity)["Datasets"] == []
    assert dataset.list()["DatasetExists"] is False
    for call in (dataset.describe, dataset.delete, lambda: dataset.update(replace("a", "1")),
                 lambda: client.describe_identity_pool_usage(IdentityPoolId=nowhere),
                 lambda: client.describe_identity_usage(IdentityPoolId=nowhere,
                                                        IdentityId=identity),
                 lambda: client.get_identity_pool_configuration(IdentityPoolId=nowhere),
                 lambda: client.bulk_publish(IdentityPoolId=nowhere),
                 lambda: client.get_bulk_publish_details(IdentityPoolId=nowhere)):
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            call()


def test_bulk_publishing(client, make_pool, stack):
    pool = make_pool()

    def details():
        answer = client.get_bulk_publish_details(IdentityPoolId=pool)
        del answer["ResponseMetadata"]
        assert answer.pop("IdentityPoolId") == pool
        return answer

    def refused(error, words):
        with pytest.raises(error) as caught:
            client.bulk_publish(IdentityPoolId=pool)
        assert words in caught.value.response["Error"]["Message"]
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400

    def switch(status):
        client.set_identity_pool_configuration(IdentityPoolId=pool, CognitoStreams={
            "StreamName": "s", "RoleArn": "arn:aws:iam::123456789012:role/r",
            "StreamingStatus": status})

    assert details() == {"BulkPublishStatus": "NOT_STARTED"}
    refused(client.exceptions.InvalidParameterException, "no stream")
    switch("DISABLED")
    refused(client.exceptions.InvalidParameterException, "enable it")
    switch("ENABLED")
    begun = client.bulk_publish(IdentityPoolId=pool)
    assert begun["IdentityPoolId"] == pool
    running = details()
    assert running == {"BulkPublishStatus": "IN_PROGRESS",
                       "BulkPublishStartTime": running["BulkPublishStartTime"]}
    refused(client.exceptions.DuplicateRequestException, "in progress")

    stack.end_bulk_publish(pool, job=1, failure_message="2 datasets were refused")
    assert details() == running | {"BulkPublishStatus": "FAILED",
                                   "FailureMessage": "2 datasets were refused"}
    client.bulk_publish(IdentityPoolId=pool)
    stack.end_bulk_publish(pool, job=2)
    done = details()
    assert done["BulkPublishStatus"] == "SUCCEEDED" and "FailureMessage" not in done
    assert done["BulkPublishCompleteTime"] >= done["BulkPublishStartTime"]
    refused(client.exceptions.AlreadyStreamedException, "24 hours")


def test_turning_streaming_off_fails_a_bulk_publish(client, make_pool):
    pool = make_pool()
    streams = {"StreamName": "s", "RoleArn": "arn:aws:iam::123456789012:role/r"}
    for status in ("ENABLED", "DISABLED"):
        client.set_identity_pool_configuration(
            IdentityPoolId=pool, CognitoStreams=streams | {"StreamingStatus": status})
        if status == "ENABLED":
            client.bulk_publish(IdentityPoolId=pool)
    details = client.get_bulk_publish_details(IdentityPoolId=pool)
    assert details["BulkPublishStatus"] == "FAILED"
    assert "turned off" in details["FailureMessage"]


def test_configuration_of_a_pool(client, make_pool):
    pool = make_pool()
    role = "arn:aws:iam::123456789012:role/CognitoRole"
    application = "arn:aws:sns:us-east-1:123456789012:app/GCM/app"

    def configure(**settings):
        answer = client.set_identity_pool_configuration(IdentityPoolId=pool, **settings)
        read = client.get_identity_pool_configuration(IdentityPoolId=pool)
        for response in (answer, read):
            assert response.pop("IdentityPoolId") == pool
            del response["ResponseMetadata"]
        assert answer == read
        return read

    assert configure() == {}
    push = {"ApplicationArns": [application], "RoleArn": role}
    assert configure(PushSync=push) == {"PushSync": push}
    streams = {"StreamName": "stream", "RoleArn": role, "StreamingStatus": "DISABLED"}
    assert configure(CognitoStreams=streams) == {"PushSync": push, "CognitoStreams": streams}
    enabled = streams | {"StreamingStatus": "ENABLED"}
    assert configure(CognitoStreams={"StreamingStatus": "ENABLED"})["CognitoStreams"] == enabled
    assert configure(PushSync={}) == {"CognitoStreams": enabled}
    off = configure(CognitoStreams={"StreamingStatus": "DISABLED"})
    assert off == {"CognitoStreams": streams}
