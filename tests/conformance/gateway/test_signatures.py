"""Who gets through: signatures made by botocore, then broken one way at a time."""

import botocore.auth
import pytest
from wire import Wire, dataset_path, error_of

INVALID = "InvalidSignatureException"


@pytest.fixture
def wire(endpoint, region):
    return Wire(endpoint, region)


@pytest.fixture
def path(pool, identity):
    return dataset_path(pool, identity)


def test_good_signatures(wire, path):
    for skew in (0, -14 * 60, 14 * 60):
        assert wire.call("GET", path + "/records", skew=skew)[0] == 200
    header = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "anything"}
    assert wire.call("GET", path + "/records", headers=header)[0] == 200


def test_the_body_must_be_signed(wire, path):
    header = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    error_of(wire.call("GET", path + "/records", headers=header), 403, INVALID)


def test_query_parameters_in_any_order(wire, path):
    query = "/records?syncSessionToken=&maxResults=5&lastSyncCount=0"
    assert wire.call("GET", path + query)[0] == 200


@pytest.mark.parametrize("how, status, name", [
    ({"secret": "wrong"}, 403, INVALID),
    ({"key": "AKIDNOBODY"}, 403, "UnrecognizedClientException"),
    ({"token": "stray"}, 403, "UnrecognizedClientException"),
    ({"region": "eu-west-1"}, 403, INVALID),
    ({"service": "cognito-identity"}, 403, INVALID),
    ({"skew": -16 * 60}, 403, INVALID),
    ({"skew": 16 * 60}, 403, INVALID),
])
def test_wrong_signers(wire, path, how, status, name):
    error_of(wire.call("GET", path, **how), status, name)


def test_no_signature(wire, path):
    request = wire.sign("GET", path)
    del request.headers["Authorization"]
    error_of(wire.send(request), 403, "MissingAuthenticationTokenException")
    request.headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=test"
    error_of(wire.send(request), 400, "IncompleteSignatureException")
    request.headers["Authorization"] = "Bearer token"
    error_of(wire.send(request), 400, "IncompleteSignatureException")


def test_presigned_urls(wire, path):
    request = wire.sign("GET", path, signer=botocore.auth.SigV4QueryAuth)
    assert "X-Amz-Signature" in request.url
    message = error_of(wire.send(request), 403, "MissingAuthenticationTokenException")
    assert "presigned" in message


def changed_body(request):
    request.body = request.body.replace(b"red", b"bad")


def changed_path(request):
    request.url = request.url.replace("/prefs", "/others")


def changed_query(request):
    request.url += "?a=b"


def changed_method(request):
    request.method = "DELETE"


def changed_header(request):
    request.headers["Content-Type"] = "text/plain"


@pytest.mark.parametrize("change", [changed_body, changed_path, changed_query, changed_method,
                                    changed_header])
def test_changes_on_the_way(wire, path, change):
    body = (b'{"SyncSessionToken":"t","RecordPatches":'
            b'[{"Op":"replace","Key":"color","Value":"red","SyncCount":0}]}')
    request = wire.sign("POST", path, body, headers={"Content-Type": "application/json"})
    change(request)
    error_of(wire.send(request), 403, INVALID)
