"""Answers that get lost: the SDK tries again under the same id, and gets the first answer."""

import json
import uuid

import botocore.awsrequest
import pytest
from datasets import Dataset, replace
from wire import Wire, dataset_path, error_of


class NoBody:
    def stream(self):
        return iter(())


def lose_first_answer(client, operation):
    """Makes boto3 see a failure in place of the first answer; the answers that came."""
    answers = []

    def send(request, **_):
        session = client._endpoint.http_session
        answer = session.send(request)
        answers.append((request.headers["amz-sdk-invocation-id"], answer.status_code,
                        answer.content))
        if len(answers) > 1:
            return answer
        return botocore.awsrequest.AWSResponse(request.url, 503, {}, NoBody())

    client.meta.events.register(f"before-send.cognito-sync.{operation}", send)
    return answers


def test_an_update_whose_answer_was_lost(stubborn_client, client, pool, identity):
    answers = lose_first_answer(stubborn_client, "UpdateRecords")
    records = Dataset(stubborn_client, pool, identity).update(replace("a", "1"))["Records"]
    assert [status for _, status, _ in answers] == [200, 200]
    assert answers[0] == answers[1]  # id and body alike
    assert records[0]["SyncCount"] == 1
    assert Dataset(client, pool, identity).list()["DatasetSyncCount"] == 1


def test_a_deletion_whose_answer_was_lost(stubborn_client, client, pool, identity):
    Dataset(client, pool, identity).update(replace("a", "1"))
    answers = lose_first_answer(stubborn_client, "DeleteDataset")
    assert Dataset(stubborn_client, pool, identity).delete()["DatasetName"] == "prefs"
    assert [status for _, status, _ in answers] == [200, 200]
    assert answers[0] == answers[1]


@pytest.fixture
def wire(endpoint, region):
    return Wire(endpoint, region)


def test_the_same_id_for_something_else(wire, pool, identity):
    path = dataset_path(pool, identity)
    token = json.loads(wire.call("GET", path + "/records")[2])["SyncSessionToken"]

    def update(value, count, invocation):
        patch = {"Op": "replace", "Key": "a", "Value": value, "SyncCount": count}
        return wire.call("POST", path, {"SyncSessionToken": token, "RecordPatches": [patch]},
                         headers={"amz-sdk-invocation-id": invocation})

    first = str(uuid.uuid4())
    answer = update("1", 0, first)
    assert answer[0] == 200
    assert update("1", 0, first)[2] == answer[2]
    error_of(update("2", 1, first), 400, "InvalidParameterException")
    assert update("2", 1, str(uuid.uuid4()))[0] == 200
    assert update("1", 0, first)[2] == answer[2]  # still, though the record has moved on


def test_without_an_id_equal_content_is_a_repeat(wire, pool, identity):
    path = dataset_path(pool, identity)
    token = json.loads(wire.call("GET", path + "/records")[2])["SyncSessionToken"]
    body = {"SyncSessionToken": token,
            "RecordPatches": [{"Op": "replace", "Key": "a", "Value": "1", "SyncCount": 0}]}
    answer = wire.call("POST", path, body)
    assert answer[0] == 200
    assert wire.call("POST", path, body)[2] == answer[2]
