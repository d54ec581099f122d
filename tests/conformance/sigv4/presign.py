#!/usr/bin/env python3
"""Writes presigned GETs of S3 by botocore, one JSON object a line, for presign_conformance_test.

Usage: presign.py COUNT SEED. The same arguments give the same URLs, dates included.
"""
import datetime
import json
import random
import sys
from unittest import mock

import botocore.auth
import botocore.session
from botocore.config import Config

from generate import REGIONS, SEGMENTS, text

# What botocore takes for a client's endpoint; None is AWS's own.
ENDPOINTS = [None, "http://127.0.0.1:9000", "https://minio.test"]
BUCKETS = ["tidemark-events", "bucket.with.dots", "b3x"]


class Client:
    """One of botocore's clients, and what it was made of."""

    def __init__(self, rng, region, endpoint):
        self.region, self.endpoint = region, endpoint
        self.access_key = "AKID" + text(rng, "ABCDEFGHIJ0123456789", 1, 16)
        self.secret = text(rng, "abcXYZ019/+=", 1, 80)
        self.token = text(rng, "abcXYZ019/+=", 1, 600) if rng.random() < 0.5 else None
        style = "virtual" if endpoint is None else "path"
        self.client = botocore.session.Session().create_client(
            "s3", region_name=region, endpoint_url=endpoint, aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret, aws_session_token=self.token,
            # The environment of the tests names an endpoint at which nothing listens.
            config=Config(signature_version="s3v4", ignore_configured_endpoint_urls=True, s3={
                "addressing_style": style, "us_east_1_regional_endpoint": "regional"}))

    def presign(self, rng):
        now = datetime.datetime(2015, 1, 1) + datetime.timedelta(
            seconds=rng.randint(0, 20 * 365 * 86400))
        bucket, lifetime = rng.choice(BUCKETS), rng.randint(1, 604800)
        key = "/".join(rng.choice(SEGMENTS) for _ in range(rng.randint(1, 5)))
        with mock.patch.object(botocore.auth, "get_current_datetime", lambda *_: now):
            url = self.client.generate_presigned_url(
                "get_object", {"Bucket": bucket, "Key": key}, ExpiresIn=lifetime)
        return {
            "region": self.region, "endpoint": self.endpoint or "", "bucket": bucket, "key": key,
            "accessKeyId": self.access_key, "secret": self.secret, "token": self.token or "",
            "time": int(now.replace(tzinfo=datetime.timezone.utc).timestamp()),
            "lifetime": lifetime, "url": url,
        }


def main():
    count, rng = int(sys.argv[1]), random.Random(int(sys.argv[2]))
    clients = [Client(rng, region, endpoint) for region in REGIONS for endpoint in ENDPOINTS]
    for _ in range(count):
        print(json.dumps(rng.choice(clients).presign(rng)))


if __name__ == "__main__":
    main()
