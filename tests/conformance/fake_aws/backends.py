"""What plays AWS for tests. A suite that runs against all of them shows that the project's own fake
is not of an opinion of its own."""

import os

import boto3
import botocore.config

# What each does as AWS does it: moto 5.2.1, kinesalite 3.3.3 (docs/reference/aws-endpoints.md,
# section 2). A test that needs more than all of them have says what: nothing is left out silently.
ABILITIES = {
    "fake": {"kinesis", "s3", "sts", "streams by ARN", "put bytes limit", "stream states",
             "resharding", "child shards", "empty batches refused"},
    "moto": {"kinesis", "s3", "sts", "streams by ARN", "put bytes limit", "resharding"},
    "kinesalite": {"kinesis", "stream states", "empty batches refused"},
}


def having(ability):
    """The backends that have it, for pytest.mark.parametrize."""
    names = [name for name, abilities in ABILITIES.items() if ability in abilities]
    assert names, f"nothing has {ability}"
    return names


def client(url, service, keys, session=None, **config):
    """boto3 without retries, with a key and its secret, or the Credentials of an STS answer."""
    credentials = {"aws_access_key_id": keys[0], "aws_secret_access_key": keys[1]}
    if session:
        credentials = {"aws_access_key_id": session["AccessKeyId"],
                       "aws_secret_access_key": session["SecretAccessKey"],
                       "aws_session_token": session["SessionToken"]}
    # boto3's S3 presigns in an old way unless it is told.
    version = {"signature_version": "s3v4"} if service == "s3" else {}
    config = botocore.config.Config(retries={"total_max_attempts": 1}, **version, **config)
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", **credentials,
                        config=config)


class Backend:
    """One that runs: an emulator where tests/run started it, or the fake."""

    def __init__(self, name, fake):
        self.name = name
        self.fake = fake if name == "fake" else None
        self.url = fake.url if self.fake else os.environ[f"TIDEMARK_TEST_{name.upper()}"]

    def client(self, service, session=None, **config):
        if self.fake:
            return self.fake.client(service, session=session, **config)
        return client(self.url, service, ("test", "test"), session, **config)

    def make_role(self, arn):
        """Roles of emulators need not exist."""
        if self.fake:
            self.fake.ask("PUT", "sts/role", {"arn": arn})
