#!/usr/bin/env python3
"""Writes requests signed by botocore, one JSON object a line, for sigv4_conformance_test.

Usage: generate.py COUNT SEED. The same arguments give the same requests, dates included.
"""
import base64
import datetime
import hashlib
import json
import random
import sys
import urllib.parse
from unittest import mock

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

# What ids, dataset names, record keys and object keys may hold, and what encoders get wrong.
SEGMENTS = [
    "identitypools", "us-east-1:0b7c", "us-east-1%3A0b7c", "datasets", "my.ds", "a b", "~t_i-l.de",
    "caf\u00e9", "\u65e5\u672c", "\U0001f30a", "a+b", "a=b", "a&b", "*!'()", "100%", "%41", "q?m",
    "semi;colon", "at@", "comma,", "[x]", "\"quoted\"", "back\\slash", "#", "$", "<>", "^`{|}",
]
REGIONS = ["us-east-1", "eu-central-1", "ap-southeast-2", "us-gov-west-1"]
SERVICES = ["cognito-sync", "kinesis", "lambda", "sns", "sts", "s3"]
METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD"]
NAMES = ["lastSyncCount", "nextToken", "maxResults", "syncSessionToken", "Action", "A", "a-b", "a_b",
         "a.b", "caf\u00e9", "x y", "", "prefix", "list-type", "uploads"]
HEADERS = ["Content-Type", "X-Amz-Client-Context", "x-amz-target", "amz-sdk-invocation-id",
           "Amz-Sdk-Request", "X-Amz-Meta-A", "X-Amz-Meta-A-B", "User-Agent", "Expect", "Range"]
VALUES = ["", "application/json", "  two  spaces ", "a,b", "tab\tinside", "attempt=1; max=3", "a:b;c",
          "\"quoted   text\"", "=?+/"]


def path(rng, service):
    segments = [rng.choice(SEGMENTS) for _ in range(rng.randint(0, 6))]
    safe = "/~" if service == "s3" else rng.choice(["", ":", ":@$!*'(),=+", "~"])
    segments = [urllib.parse.quote(segment, safe=safe) for segment in segments]
    if service != "s3" and rng.random() < 0.1:
        segments.insert(rng.randint(0, len(segments)), rng.choice([".", "..", "", "..."]))
    if service == "s3" and rng.random() < 0.1:
        segments.insert(rng.randint(0, len(segments)), rng.choice(["", "..."]))
    return "/" + "/".join(segments) + rng.choice(["", "", "", "/"])


def parameters(rng):
    return [(rng.choice(NAMES), rng.choice(SEGMENTS + ["", "0", "zz"]))
            for _ in range(rng.choice([0, 0, 1, 2, 3, 8]))]


def request(rng, service):
    host = rng.choice(["http://127.0.0.1:8080", "http://tidemark.test", "https://tidemark.test",
                       "https://tidemark.test:8443", "http://[::1]:9"])
    url = host + path(rng, service)
    params = parameters(rng)
    as_mapping = rng.random() < 0.3  # then botocore writes a space as '+' on the wire
    if params and not as_mapping:
        text = "&".join(
            f"{urllib.parse.quote(name, safe='-_.~')}={urllib.parse.quote(value, safe='-_.~')}"
            if value or rng.random() < 0.5 else urllib.parse.quote(name or "flag", safe="-_.~")
            for name, value in params)
        url += "?" + text
    body = rng.choice([b"", b"{}", b'{"Op":"replace"}', "caf\u00e9".encode(), bytes(range(256)) * 9])
    headers = {name: rng.choice(VALUES) for name in rng.sample(HEADERS, rng.randint(0, 5))}
    if service != "s3" and rng.random() < 0.4:
        headers["X-Amz-Content-SHA256"] = rng.choice(
            [hashlib.sha256(body).hexdigest(), "UNSIGNED-PAYLOAD"])
    if rng.random() < 0.1:
        headers["Date"] = "replaced by the signer"
    if rng.random() < 0.1:
        headers["Content-MD5"] = base64.b64encode(hashlib.md5(body).digest()).decode()
    return AWSRequest(method=rng.choice(METHODS), url=url, headers=headers, data=body,
                      params=dict(params) if as_mapping else None)


def text(rng, alphabet, low, high):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(low, high)))


def sign(rng):
    service, region = rng.choice(SERVICES), rng.choice(REGIONS)
    credentials = Credentials(
        access_key="AKID" + text(rng, "ABCDEFGHIJ0123456789", 1, 16),
        secret_key=text(rng, "abcXYZ019/+=", 1, 80),
        token=text(rng, "abcXYZ019/+=", 1, 600) if rng.random() < 0.3 else None)
    now = datetime.datetime(2015, 1, 1) + datetime.timedelta(seconds=rng.randint(0, 20 * 365 * 86400))
    signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    made = request(rng, service)
    with mock.patch.object(botocore.auth, "get_current_datetime", lambda *_: now):
        signer(credentials, service, region).add_auth(made)
    sent = made.prepare()
    parts = urllib.parse.urlsplit(sent.url)
    default_port = {"http": 80, "https": 443}[parts.scheme]
    host = parts.netloc if parts.port != default_port else parts.hostname
    headers = [[name, value] for name, value in made.headers.items() if name != "Authorization"]
    headers.insert(rng.randint(0, len(headers)), ["Host", host])
    return {
        "service": service, "region": region, "accessKeyId": credentials.access_key,
        "secret": credentials.secret_key, "token": credentials.token or "",
        "time": int(now.replace(tzinfo=datetime.timezone.utc).timestamp()),
        "endpoint": f"{parts.scheme}://{parts.netloc}", "method": sent.method,
        "target": parts.path + ("?" + parts.query if parts.query else ""), "headers": headers,
        "body": base64.b64encode(sent.body or b"").decode(),
        "authorization": made.headers["Authorization"],
    }


def main():
    count, rng = int(sys.argv[1]), random.Random(int(sys.argv[2]))
    for _ in range(count):
        print(json.dumps(sign(rng)))


if __name__ == "__main__":
    main()
