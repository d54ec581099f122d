"""Pushes through moto's SNS, which shares no idea with the project's own fake."""

import json
import subprocess
import sys
import urllib.error
import urllib.request

import boto3
import pytest

import postgres
from devices import IDENTITY, Device, write
from fake_aws import ROLE, FakeAws
from publishing import STREAM, start_publisher
from stack import ACCESS_KEY, POOL, SECRET_KEY
from waiting import eventually

# What the platforms' apps hand in.
TOKENS = {"APNS": "a1" * 32, "APNS_SANDBOX": "b2" * 32, "GCM": "token:of/gcm", "ADM": "token.of-adm"}


class Moto:
    """One of its own: the page that tells what was pushed fails once there are Lambda functions."""

    def __init__(self):
        port = postgres.free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [*postgres.DIES_WITH_PARENT, sys.executable, "-m", "moto.server", "-H", "127.0.0.1",
             "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self._answers, "moto answers")
        self.sns = boto3.client("sns", endpoint_url=self.url, region_name="us-east-1",
                                aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY)

    def create_application(self, platform):
        return self.sns.create_platform_application(
            Name="app", Platform=platform, Attributes={})["PlatformApplicationArn"]

    def messages(self, endpoint):
        """What the endpoint was sent, as it came."""
        with urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=60) as answer:
            endpoints = json.load(answer)["sns"]["PlatformEndpoint"]
        return [json.loads(message) for found in endpoints if found["arn"] == endpoint
                for message in found["messages"].values()]

    def _answers(self):
        try:
            with urllib.request.urlopen(f"{self.url}/moto-api/config", timeout=5):
                return True
        except (urllib.error.URLError, ConnectionError):
            return False

    def close(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def moto():
    running = Moto()
    yield running
    running.close()


@pytest.fixture
def fake():
    running = FakeAws(STREAM)
    yield running
    running.close()


def test_devices_of_all_platforms_find_the_payload_that_their_clients_read(stack, dataset, fake,
                                                                            moto):
    stack.set_push(*map(moto.create_application, TOKENS),
                   role_arn=ROLE)
    push = stack.start_push(moto.url)
    devices = {platform: Device(push, token, platform) for platform, token in TOKENS.items()}
    start_publisher(stack, fake, "--push", stack.push_address, "--sns-endpoint",
                    moto.url).wait_ready()
    count = write(dataset)
    data = {"source": "cognito-sync", "identityPoolId": POOL, "identityId": IDENTITY,
            "datasetName": "prefs", "syncCount": str(count)}
    silent = {"aps": {"content-available": 1}, "data": data}
    expected = {"APNS": silent, "APNS_SANDBOX": silent, "ADM": {"data": data},
                "GCM": {"fcmV1Message": {"message": {"data": data}}}}
    for platform, device in devices.items():
        message, = eventually(lambda endpoint=device.endpoint: moto.messages(endpoint),
                              f"{platform} is told")
        assert message.keys() == {"default", platform}
        assert json.loads(message[platform]) == expected[platform]
