"""AWS's command line, versions 1 and 2, unmodified."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from stack import ACCESS_KEY, SECRET_KEY

VERSION_1 = pathlib.Path(sys.prefix, "bin", "aws")  # of the Python that runs the tests
VERSION_2 = pathlib.Path("/usr/bin/aws")  # Debian's, which knows no AWS_ENDPOINT_URL


@pytest.fixture(params=[1, 2])
def aws(request, endpoint, region):
    program, *more = {1: [VERSION_1], 2: [VERSION_2, "--endpoint-url", endpoint]}[request.param]
    environment = {**os.environ, "AWS_ENDPOINT_URL_COGNITO_SYNC": endpoint, "AWS_REGION": region,
                   "AWS_DEFAULT_REGION": region, "AWS_ACCESS_KEY_ID": ACCESS_KEY,
                   "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_MAX_ATTEMPTS": "1"}

    def run(*arguments):
        return subprocess.run([program, *more, "--output", "json", *arguments],
                              capture_output=True, text=True, timeout=60, env=environment)

    assert run("--version").stdout.startswith(f"aws-cli/{request.param}.")
    return lambda operation, *arguments: run("cognito-sync", operation, *arguments)


def output(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_whole_life(aws, make_pool, identity):
    pool = make_pool()
    whose = ["--identity-pool-id", pool, "--identity-id", identity]
    dataset = [*whose, "--dataset-name", "prefs"]
    listed = output(aws("list-records", *dataset))
    assert listed["DatasetExists"] is False

    patch = {"Op": "replace", "Key": "color", "Value": "red \u2713", "SyncCount": 0,
             "DeviceLastModifiedDate": "2014-10-13T20:12:14Z"}
    updated = output(aws("update-records", *dataset, "--sync-session-token",
                         listed["SyncSessionToken"], "--record-patches", json.dumps([patch]),
                         "--client-context", "context"))
    assert updated["Records"][0]["Value"] == "red \u2713"
    assert updated["Records"][0]["DeviceLastModifiedDate"] in (1413231134.0, "2014-10-13T20:12:14+00:00")

    again = output(aws("list-records", *dataset, "--last-sync-count", "0"))
    assert again["Count"] == 1 and again["DatasetSyncCount"] == 1
    assert output(aws("describe-dataset", *dataset))["Dataset"]["NumRecords"] == 1
    assert output(aws("list-datasets", *whose, "--max-results", "5"))["Count"] == 1
    usage = output(aws("describe-identity-usage", *whose))["IdentityUsage"]
    assert usage["DatasetCount"] == 1
    output(aws("describe-identity-pool-usage", "--identity-pool-id", pool))
    output(aws("list-identity-pool-usage", "--max-results", "5"))

    settings = ["StreamName=s", "RoleArn=arn:aws:iam::123456789012:role/r",
                "StreamingStatus=DISABLED"]
    configured = output(aws("set-identity-pool-configuration", "--identity-pool-id", pool,
                            "--cognito-streams", ",".join(settings)))
    assert configured["CognitoStreams"]["StreamName"] == "s"
    read = output(aws("get-identity-pool-configuration", "--identity-pool-id", pool))
    assert read == configured

    of_pool = ["--identity-pool-id", pool]
    assert output(aws("get-bulk-publish-details", *of_pool))["BulkPublishStatus"] == "NOT_STARTED"
    refused = aws("bulk-publish", *of_pool)
    assert refused.returncode != 0 and "(InvalidParameterException)" in refused.stderr
    output(aws("set-identity-pool-configuration", *of_pool, "--cognito-streams",
               "StreamingStatus=ENABLED"))
    assert output(aws("bulk-publish", *of_pool)) == {"IdentityPoolId": pool}
    details = output(aws("get-bulk-publish-details", *of_pool))
    assert details["BulkPublishStatus"] == "IN_PROGRESS" and "BulkPublishStartTime" in details
    refused = aws("bulk-publish", *of_pool)
    assert refused.returncode != 0 and "(DuplicateRequestException)" in refused.stderr

    assert output(aws("delete-dataset", *dataset))["Dataset"]["DatasetName"] == "prefs"
    gone = aws("describe-dataset", *dataset)
    assert gone.returncode != 0
    assert re.search(r"\(ResourceNotFoundException\) .* DescribeDataset", gone.stderr)
