"""A fake AWS that verifies signatures: clients of it, and its pages."""

import json
import urllib.request

import backends

ACCESS_KEY = "AKIDDEV"
SECRET_KEY = "made/up+secret"
KEYS = f"[dev]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"


class Fake:
    """The fake at `url`: clients of it, and its pages."""

    def __init__(self, url):
        self.url = url

    def client(self, service, secret=SECRET_KEY, session=None, **config):
        """boto3 without retries, with a user's key or the Credentials of an STS answer."""
        return backends.client(self.url, service, (ACCESS_KEY, secret), session, **config)

    def ask(self, method, page, body=None):
        """The answer of a page under /_fake/."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_fake/{page}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def add_faults(self, *faults):
        self.ask("POST", "script", {"faults": faults})
