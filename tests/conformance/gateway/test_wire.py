"""The exact wire form: contract sections 1 and 3, and what happens to input that no SDK sends."""

import http.client
import json
import re
import socket

import pytest
from wire import Wire, dataset_path, error_of, read


@pytest.fixture
def wire(endpoint, region):
    return Wire(endpoint, region)


@pytest.fixture
def path(pool, identity):
    return dataset_path(pool, identity)


@pytest.fixture
def token(wire, path):
    return json.loads(wire.call("GET", path + "/records")[2])["SyncSessionToken"]


def update(token, *patches, **more):
    return {"SyncSessionToken": token, "RecordPatches": list(patches), **more}


PATCH = {"Op": "replace", "Key": "color", "Value": "red", "SyncCount": 0}
SECONDS = r"\d{10}\.\d{3}"


def test_members_are_all_there(wire, path, token):
    status, headers, body = wire.call("GET", path + "/records")
    assert status == 200 and headers["content-type"] == "application/json"
    assert re.fullmatch(
        r'\{"Records":\[\],"NextToken":null,"Count":0,"DatasetSyncCount":0,"LastModifiedBy":null,'
        r'"MergedDatasetNames":null,"DatasetExists":false,'
        r'"DatasetDeletedAfterRequestedSyncCount":false,"SyncSessionToken":"[^"]+"\}', body.decode())
    body = wire.call("POST", path, update(token, PATCH, DeviceId="d"))[2]
    assert re.fullmatch(
        r'\{"Records":\[\{"Key":"color","Value":"red","SyncCount":1,"LastModifiedDate":' + SECONDS +
        r',"LastModifiedBy":"d","DeviceLastModifiedDate":' + SECONDS + r'\}\]\}', body.decode())
    body = wire.call("POST", path, update(token, {"Op": "remove", "Key": "color", "SyncCount": 1}))[2]
    assert b'"Value":null,"SyncCount":2' in body


@pytest.mark.parametrize("written", ["1413231134.115", "1.413231134115E9", "1413231134115e-3"])
def test_times_are_numbers_in_any_form(wire, path, token, written):
    body = json.dumps(update(token, PATCH | {"DeviceLastModifiedDate": 0}))
    answer = wire.call("POST", path, body.replace('Date": 0', f'Date": {written}').encode())[2]
    assert b'"DeviceLastModifiedDate":1413231134.115' in answer


def test_what_a_client_adds_is_ignored(wire, path, token):
    body = update(token, PATCH | {"Novel": [1, {"a": None}]}, Novel={}, IdentityId="us-east-1:0")
    assert wire.call("POST", path + "?novel=1&novel=2", body)[0] == 200
    assert wire.call("DELETE", path, b"{}")[0] == 200


@pytest.mark.parametrize("change", [
    {"DeviceLastModifiedDate": "2014-10-13T20:12:14Z"}, {"DeviceLastModifiedDate": "1413231134"},
    {"DeviceLastModifiedDate": 1e300}, {"SyncCount": "0"}, {"SyncCount": 0.5}, {"SyncCount": True},
    {"SyncCount": 2 ** 63}, {"Key": 1}, {"Value": 1}, {"Value": {}}, {"Op": 1}])
def test_other_types(wire, path, token, change):
    message = error_of(wire.call("POST", path, update(token, PATCH | change)), 400,
                       "SerializationException")
    assert message.startswith(f"RecordPatches[0].{next(iter(change))}: ")
    assert b'"DatasetExists":false' in wire.call("GET", path + "/records")[2]


@pytest.mark.parametrize("body", [
    b"{", b"[]", b'"text"', b"nonsense", b"\xff", b'{"SyncSessionToken":"\\ud800"}', b"{}x",
    b'{"SyncSessionToken":"a","SyncSessionToken":"b"}', b"[" * 100_000, b'{"a":' * 100_000,
    b'{"SyncSessionToken":"\xed\xa0\x80"}', b'{"RecordPatches":[null]}'])
def test_what_is_no_body(wire, path, body):
    error_of(wire.call("POST", path, body), 400, "SerializationException")


@pytest.mark.parametrize("query", ["lastSyncCount=x", "lastSyncCount=1.5", "lastSyncCount=",
                                   "lastSyncCount=9223372036854775808", "maxResults=2147483648",
                                   "lastSyncCount=1&lastSyncCount=2"])
def test_what_is_no_query(wire, path, query):
    message = error_of(wire.call("GET", f"{path}/records?{query}"), 400, "SerializationException")
    assert message.startswith(query[0].upper() + query[1:].partition("=")[0] + ": ")


def test_paths(wire, path):
    error_of(wire.call("GET", "/"), 404, "UnknownOperationException")
    error_of(wire.call("POST", "/identitypools/p/novel"), 404, "UnknownOperationException")
    error_of(wire.call("PUT", path), 405, "MethodNotAllowedException")
    assert wire.call("HEAD", path)[0] == 405
    for escape in ("%zz", "%ff", "%", "%00"):
        request = wire.sign("GET", path + escape)
        error_of(wire.send(request), 400, "InvalidParameterException")


def test_ids_without_escapes(wire, pool, identity):
    assert wire.call("GET", f"/identitypools/{pool}/identities/{identity}/datasets")[0] == 200


def test_bodies_at_and_over_the_cap(wire, path, token):
    cap = 8 * 1024 * 1024
    body = json.dumps(update(token, PATCH)).encode()
    assert wire.call("POST", path, body + b" " * (cap - len(body)))[0] == 200
    message = error_of(wire.call("POST", path, body + b" " * (cap + 1 - len(body))), 413,
                       "RequestEntityTooLarge")
    assert "8388608 bytes (--max-body-bytes is 8MiB)" in message


def test_chunked_bodies(wire, path, token):
    request = wire.sign("POST", path, json.dumps(update(token, PATCH)).encode())
    connection = http.client.HTTPConnection(wire.address, timeout=30)
    headers = dict(request.headers) | {"Transfer-Encoding": "chunked"}
    del headers["Content-Length"]
    connection.request("POST", path, iter([request.body[:10], request.body[10:]]), headers,
                       encode_chunked=True)
    assert read(connection.getresponse())[0] == 200
    connection.close()


def raw(wire, data, finish=False):
    """What comes back for bytes that no HTTP library would send."""
    host, port = wire.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(data)
        if finish:
            connection.shutdown(socket.SHUT_WR)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return read(response)


def test_broken_http(wire):
    malformed = "MalformedHttpRequestException"
    error_of(raw(wire, b"nonsense\r\n\r\n"), 400, malformed)
    assert "no Host" in error_of(raw(wire, b"GET / HTTP/1.1\r\n\r\n"), 400, malformed)
    cut = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"
    error_of(raw(wire, cut, finish=True), 400, malformed)
    error_of(raw(wire, b"GET /" + b"a" * 100_000), 431, "RequestHeaderFieldsTooLargeException")


def test_connections_are_kept(wire, path):
    connection = http.client.HTTPConnection(wire.address, timeout=30)
    connection.connect()
    sock = connection.sock
    for _ in range(5):
        request = wire.sign("GET", path + "/records")
        connection.request("GET", path + "/records", headers=dict(request.headers))
        assert read(connection.getresponse())[0] == 200
        assert connection.sock is sock
    connection.close()
