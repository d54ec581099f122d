"""Requests byte by byte: signed by botocore, sent and answered without an SDK in between."""

import datetime
import http.client
import json
import urllib.parse
import uuid

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


class Wire:
    def __init__(self, endpoint, region):
        self.endpoint = endpoint
        self.region = region
        self.address = urllib.parse.urlsplit(endpoint).netloc

    def sign(self, method, path, body=b"", headers=(), key="test", secret="test", token=None,
             region=None, service="cognito-sync", skew=0, signer=botocore.auth.SigV4Auth):
        """The request with its signature, to be sent as it is or changed before."""
        request = AWSRequest(method, self.endpoint + path, data=body, headers=dict(headers))
        moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=skew)
        auth = signer(Credentials(key, secret, token), service, region or self.region)
        original = botocore.auth.get_current_datetime
        botocore.auth.get_current_datetime = lambda *_, **__: moment.replace(tzinfo=None)
        try:
            auth.add_auth(request)
        finally:
            botocore.auth.get_current_datetime = original
        return request.prepare()

    def send(self, request, timeout=30):
        """(status, headers in lower case, body)."""
        connection = http.client.HTTPConnection(self.address, timeout=timeout)
        try:
            path = request.url.removeprefix(self.endpoint)
            headers = {name: value if isinstance(value, str) else value.decode()
                       for name, value in request.headers.items()}
            connection.request(request.method, path, request.body or None, headers)
            return read(connection.getresponse())
        finally:
            connection.close()

    def call(self, method, path, body=b"", **how):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        return self.send(self.sign(method, path, body, **how))


def read(response):
    headers = {name.lower(): value for name, value in response.getheaders()}
    return response.status, headers, response.read()


def error_of(answer, status, name):
    """Expects an error as all of Amazon's clients can read it; its message."""
    got, headers, body = answer
    parsed = json.loads(body)
    assert (got, parsed["__type"], headers["x-amzn-errortype"]) == (status, name, name), parsed
    assert headers["content-type"] == "application/json"
    uuid.UUID(headers["x-amzn-requestid"])
    assert headers["date"].endswith(" GMT")
    assert parsed["message"]
    return parsed["message"]


def dataset_path(pool, identity, name="prefs"):
    parts = [urllib.parse.quote(part, safe="") for part in (pool, identity, name)]
    return "/identitypools/{}/identities/{}/datasets/{}".format(*parts)
