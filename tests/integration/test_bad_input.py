"""What the services refuse, from AWS's client through the gateway to the database: the documented
error, and nothing changed. Each codec's and each field's own tests stand beside the code."""

import itertools
import uuid

import pytest
from botocore.exceptions import ClientError

from stack import POOL

MIB = 1024 * 1024
PLACE = ("IdentityPoolId", "IdentityId", "DatasetName")


def patch(key, value="v", count=0, op="replace"):
    return {"Op": op, "Key": key, "Value": value, "SyncCount": count}


class Device:
    """A dataset of its own with three records at counts 1, 2 and 3."""

    def __init__(self, client):
        self.client = client
        self.place = dict(zip(PLACE, (POOL, f"us-east-1:{uuid.uuid4()}", "d")))
        for count, key in enumerate("abc"):
            written = self.update([patch(key)])
            assert written["Records"][0]["SyncCount"] == count + 1

    def list(self, **more):
        return self.client.list_records(**{**self.place, **more})

    def update(self, patches, **more):
        token = more.pop("SyncSessionToken", None) or self.list()["SyncSessionToken"]
        return self.client.update_records(
            **{**self.place, "SyncSessionToken": token, "RecordPatches": patches, **more})


@pytest.fixture
def device(connect):
    return Device(connect())


@pytest.fixture
def refused(stack):
    """Calls, expects the error, and that the database holds what it held. The error's message."""
    def held():
        return stack.sql("""
            SELECT (SELECT json_agg(d ORDER BY d) FROM (SELECT identity_id, name, sync_count, live,
                       live_records, keys, bytes FROM dataset.dataset) AS d),
                   -- Records of deleted datasets are purged in the background.
                   (SELECT json_agg(r ORDER BY r) FROM (SELECT r.owner, r.dataset_id, r.key,
                       encode(r.value, 'hex') AS value, r.sync_count FROM dataset.record AS r
                       JOIN dataset.dataset AS d USING (owner, dataset_id) WHERE d.live) AS r),
                   (SELECT json_agg(i ORDER BY i) FROM (SELECT * FROM dataset.identity) AS i),
                   (SELECT count(*) FROM dataset.change_log)""")

    def call(name, method, *arguments, **named):
        before = held()
        with pytest.raises(ClientError) as error:
            method(*arguments, **named)
        assert error.value.response["Error"]["Code"] == name, error.value
        assert held() == before
        return error.value.response["Error"]["Message"]
    return call


@pytest.mark.parametrize("count", [0, 1, 3, 4, 2**62], ids="absent old other next future".split())
def test_a_count_that_the_record_does_not_have_is_a_conflict(device, refused, count):
    patches = [patch("a", count=1), patch("b", value="new", count=count)]
    message = refused("ResourceConflictException", device.update, patches)
    assert "b" in message, "the key in question is named"


def test_a_count_for_a_record_that_is_not_there_is_a_conflict(device, refused):
    refused("ResourceConflictException", device.update, [patch("z", count=3)])
    refused("ResourceConflictException", device.update, [patch("z", count=3, op="remove")])


def test_counts_of_before_a_deletion_conflict_after_it(device, refused):
    device.client.delete_dataset(**device.place)
    refused("ResourceConflictException", device.update, [patch("a", count=1)])
    assert device.update([patch("a")])["Records"][0]["SyncCount"] == 5


@pytest.mark.parametrize("count", [-1, -(2**63)])
def test_negative_counts_are_out_of_bounds(device, refused, count):
    assert "SyncCount" in refused("InvalidParameterException", device.update,
                                  [patch("a", count=count)])
    assert "LastSyncCount" in refused("InvalidParameterException", device.list,
                                      LastSyncCount=count)


def test_a_count_beyond_64_bits_is_not_understood(device, refused):
    refused("SerializationException", device.update, [patch("a", count=2**63)])


@pytest.mark.parametrize("count", [4, 2**62])
def test_listing_from_a_count_not_yet_reached_fails_in_amazons_words(device, refused, count):
    message = refused("InvalidParameterException", device.list, LastSyncCount=count)
    assert f"No such SyncCount: {count} exists for this Dataset" in message


def altered(token):
    return token[:-2] + ("AA" if token[-2:] != "AA" else "BB")


def test_tokens_of_others_and_altered_ones_open_nothing(device, connect, refused):
    stranger = Device(connect())
    foreign = {"another identity's": stranger.list()["SyncSessionToken"],
               "another dataset's": device.list(DatasetName="e")["SyncSessionToken"],
               "altered": altered(device.list()["SyncSessionToken"]),
               "made up": "token",
               "a page token": device.list(MaxResults=1)["NextToken"]}
    for kind, token in foreign.items():
        message = refused("InvalidParameterException", device.update, [patch("a", count=1)],
                          SyncSessionToken=token)
        assert "SyncSessionToken" in message or "session token" in message, kind


def test_page_tokens_serve_their_own_list_alone(device, connect, refused):
    token = device.list(MaxResults=1)["NextToken"]
    assert [r["Key"] for r in device.list(MaxResults=1, NextToken=token)["Records"]] == ["b"]
    for name, call in {"another's list": lambda: Device(connect()).list(NextToken=token),
                       "from another count": lambda: device.list(LastSyncCount=1, NextToken=token),
                       "altered": lambda: device.list(NextToken=altered(token)),
                       "of records": lambda: device.client.list_datasets(
                           **{k: device.place[k] for k in PLACE[:2]}, NextToken=token)}.items():
        with pytest.raises(ClientError) as error:
            call()
        assert error.value.response["Error"]["Code"] == "InvalidParameterException", name


@pytest.mark.parametrize("field, value", [
    ("IdentityPoolId", "US-EAST-1:0A"), ("IdentityPoolId", "us-east-1:" + "0" * 60),
    ("IdentityId", "us-east-1:0G"), ("IdentityId", "nowhere"), ("DatasetName", "n" * 129),
    ("DatasetName", "a b"), ("DatasetName", "a\0b"), ("DatasetName", "é")])
def test_names_out_of_bounds_are_refused_by_every_operation(device, refused, field, value):
    token = device.list()["SyncSessionToken"]
    wrong = {**device.place, field: value}
    for method, more in ((device.client.list_records, {}), (device.client.describe_dataset, {}),
                         (device.client.delete_dataset, {}),
                         (device.client.update_records, {"SyncSessionToken": token,
                                                         "RecordPatches": [patch("a", count=1)]})):
        assert field in refused("InvalidParameterException", method, **wrong, **more)


@pytest.mark.parametrize("key", ["", "k" * 1025, "a\0b"], ids=["empty", "long", "zero"])
def test_keys_out_of_bounds_are_refused(device, refused, key):
    assert "Key" in refused("InvalidParameterException", device.update, [patch(key)])


def test_keys_and_values_at_their_bounds_are_data(device):
    device.update([patch("k" * 1024, value="a\0b"), patch("é" * 512, value="")])
    records = {r["Key"]: r.get("Value") for r in device.list(LastSyncCount=3)["Records"]}
    assert records == {"k" * 1024: "a\0b", "é" * 512: ""}


def test_a_key_twice_in_one_request_is_refused(device, refused):
    refused("InvalidParameterException", device.update, [patch("x"), patch("x")])


def test_record_1025_passes_the_limit(device, refused):
    names = (f"r{n}" for n in itertools.count())
    device.update([patch(name) for name in itertools.islice(names, 1021)])
    message = refused("LimitExceededException", device.update, [patch(next(names))])
    assert "1025" in message and "1024" in message
    # Room is made by removing.
    device.update([patch("a", count=1, op="remove"), patch(next(names))])


def test_a_byte_above_1_mib_passes_the_limit(device, refused):
    held = 3 * len("av")
    fits = MIB - held - len("big")
    refused("LimitExceededException", device.update, [patch("big", value="v" * (fits + 1))])
    device.update([patch("big", value="v" * fits)])
    usage = device.client.describe_dataset(**device.place)["Dataset"]
    assert usage["DataStorage"] == MIB
    refused("LimitExceededException", device.update, [patch("x")])


def test_dataset_21_passes_the_limit_until_one_is_deleted(device, refused):
    for number in range(19):
        device.update([patch("k")], DatasetName=f"d{number}",
                      SyncSessionToken=device.list(DatasetName=f"d{number}")["SyncSessionToken"])
    token = device.list(DatasetName="last")["SyncSessionToken"]
    last = {"DatasetName": "last", "SyncSessionToken": token}
    message = refused("LimitExceededException", device.update, [patch("k")], **last)
    assert "20" in message
    device.client.delete_dataset(**{**device.place, "DatasetName": "d0"})
    assert device.update([patch("k")], **last)["Records"][0]["SyncCount"] == 1


def test_an_unknown_pool_takes_no_writes(device, refused):
    unknown = "us-east-1:00000000-0000-0000-0000-000000000bad"
    token = device.list(IdentityPoolId=unknown)["SyncSessionToken"]
    refused("ResourceNotFoundException", device.update, [patch("a")], IdentityPoolId=unknown,
            SyncSessionToken=token)


@pytest.mark.parametrize("error, who", [
    ("UnrecognizedClientException", {"access_key": "AKIDNOBODY"}),
    ("InvalidSignatureException", {"secret_key": "guessed"}),
    ("InvalidSignatureException", {"region": "eu-west-1"})])
def test_strangers_change_nothing(device, connect, refused, error, who):
    token = device.list()["SyncSessionToken"]
    refused(error, connect(**who).update_records, **device.place, SyncSessionToken=token,
            RecordPatches=[patch("a", count=1)])
