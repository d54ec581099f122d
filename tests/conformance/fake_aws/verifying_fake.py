"""A fake AWS that verifies signatures: clients of it, and its pages."""

import json
import urllib.request

import boto3
import botocore.config

ACCESS_KEY = "AKIDDEV"
SECRET_KEY = "made/up+secret"
KEYS = f"[dev]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"


class Fake:
    """The fake at `url`: clients of it, and its pages."""

    def __init__(self, url):
        self.url = url

    def client(self, service, secret=SECRET_KEY, session=None, **config):
        """boto3 without retries, with a user's key or the Credentials of an STS answer."""
        keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": secret}
        if session:
            keys = {"aws_access_key_id": session["AccessKeyId"],
                    "aws_secret_access_key": session["SecretAccessKey"],
                    "aws_session_token": session["SessionToken"]}
        # boto3's S3 presigns in an old way unless it is told.
        version = {"signature_version": "s3v4"} if service == "s3" else {}
        config = botocore.config.Config(retries={"total_max_attempts": 1}, **version, **config)
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", **keys,
                            config=config)

    def ask(self, method, page, body=None):
        """The answer of a page under /_fake/."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_fake/{page}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def add_faults(self, *faults):
        self.ask("POST", "script", {"faults": faults})
