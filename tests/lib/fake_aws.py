"""AWS that fails as a test says: tidemark-fake-aws (see common/testing/fake_aws/admin.h)."""

import base64
import copy
import json
import subprocess
import urllib.request

from postgres import DIES_WITH_PARENT
from service import binary


ROLE = "arn:aws:iam::123456789012:role/tidemark"


class FakeAws:
    """With one Kinesis stream, of two shards, and a ROLE that may do everything. Takes any key
    unverified, but verifies roles' sessions. Further arguments are the program's."""

    def __init__(self, stream, *arguments):
        self.stream = stream
        self.process = subprocess.Popen([*DIES_WITH_PARENT, binary("fake-aws"), "--stream",
                                         f"{stream}:2", "--role", ROLE, *arguments],
                                        stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().removeprefix("listening on ").strip()

    def other(self, stream):
        """The same AWS, with another of its streams in view."""
        view = copy.copy(self)
        view.stream = stream
        return view

    def add_faults(self, *faults):
        """To strike calls of PutRecords, unless they say otherwise; fields as in struct Fault, in
        lower camel case."""
        script = {"faults": [{"operation": "PutRecords", **fault} for fault in faults]}
        self._call("POST", "script", script)

    def forget_faults(self):
        self._call("DELETE", "script")

    def faults_struck(self):
        """Calls that a fault struck."""
        return self._call("GET", "counters")["faults"]["struck"]

    def faults_pending(self):
        """Faults that have calls left to strike."""
        return self._call("GET", "counters")["faults"]["pending"]

    def calls_struck(self):
        """How many calls faults have struck."""
        return self._call("GET", "counters")["faults"]["struck"]

    def create_stream(self, shards=2):
        self._call("POST", "kinesis/stream", {"stream": self.stream, "shards": shards})

    def delete_stream(self):
        self._call("DELETE", f"kinesis/stream?stream={self.stream}")

    def reshard(self, shards):
        """To twice or half as many."""
        self._call("POST", "kinesis/shards", {"stream": self.stream, "shards": shards})

    def hold_status(self, status):
        """Holds the stream in a state, e.g. CREATING; "" lets it go on by itself."""
        self._call("POST", "kinesis/status", {"stream": self.stream, "status": status})

    def limit_records(self, size):
        """The stream's limit of a record, in bytes."""
        self._call("POST", "kinesis/limit", {"stream": self.stream, "maxRecordBytes": size})

    def poison(self, text):
        """Refuses calls that hold a record with this text; "" for none."""
        self._call("POST", "kinesis/poison", {"stream": self.stream, "text": text})

    def put_role(self, arn=ROLE, **settings):
        """Makes or changes a role; settings as in struct Role, in lower camel case."""
        self._call("PUT", "sts/role", {"arn": arn, **settings})

    def delete_role(self, arn=ROLE):
        self._call("DELETE", f"sts/role?arn={arn}")

    def expire_sessions(self, arn=ROLE):
        """How many sessions of the role ended."""
        return self._call("POST", "sts/expire", {"arn": arn})["ended"]

    def set_clock(self, seconds_ahead):
        self._call("POST", "clock", {"skewSeconds": seconds_ahead})

    def create_bucket(self, bucket):
        self._call("POST", "s3/bucket", {"bucket": bucket})

    def objects(self, bucket):
        """{key: body} of all objects."""
        answer = self._call("GET", f"s3/objects?bucket={bucket}")
        return {key: base64.b64decode(item["body"]) for key, item in answer["objects"].items()}

    def create_application(self, name, platform="GCM", account=""):
        """An SNS platform application's ARN."""
        return self._call("POST", "sns/application",
                          {"platform": platform, "name": name, "account": account})["arn"]

    def delete_application(self, arn):
        """With its endpoints."""
        self._call("DELETE", f"sns/application?arn={arn}")

    def delete_endpoint(self, arn):
        self._call("DELETE", f"sns/endpoint?arn={arn}")

    def set_enabled(self, arn, enabled):
        """Of an application or an endpoint."""
        self._call("POST", "sns/enabled", {"arn": arn, "enabled": enabled})

    def endpoints(self):
        """Each device's arn, application, token, customUserData, enabled, and how many pushes it
        took."""
        return self._call("GET", "sns/endpoints")["endpoints"]

    def pushes(self, endpoint=""):
        """What an endpoint took, or all of them, in order of arrival: endpoint, message, payload
        (the entry for its platform), arrivedMillis."""
        return self._call("GET", f"sns/pushes?endpoint={endpoint}&limit=10000000")["pushes"]

    def put_function(self, name, **behaviour):
        """Makes a Lambda function, or changes what it does; its ARN. It answers `payload`, or its
        input with the JSON merge patch `patch`, or its input; as a failure (`error`, "Handled" or
        "Unhandled"); after `sleepSeconds`."""
        self._call("PUT", "lambda/function", {"name": name, **behaviour})
        return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"

    def queue_answers(self, name, *answers):
        """What the function does instead in its next calls, one each: as for put_function."""
        self._call("POST", "lambda/queue", {"name": name, "answers": answers})

    def limit_concurrency(self, name, limit):
        """Throttles calls of the function beyond so many at once; None: none."""
        self._call("POST", "lambda/concurrency", {"name": name, "limit": limit})

    def delete_function(self, name):
        self._call("DELETE", f"lambda/function?name={name}")

    def invocations(self, name):
        """What the function was called with, in order of arrival."""
        answer = self._call("GET", f"lambda/invocations?name={name}&limit=10000000")
        return [json.loads(call["payload"]) for call in answer["invocations"]]

    def calls(self):
        """How many calls came in, by "service.Operation"."""
        return self._call("GET", "counters")["calls"]

    def records(self):
        """(partition key, data) of all that the stream took, in order of arrival."""
        return [(key, data) for key, data, _ in self.arrivals()]

    def arrivals(self):
        """The same with the time of arrival, in ms since the epoch."""
        answer = self._call("GET", f"kinesis/records?stream={self.stream}&limit=10000000")
        return [(record["partitionKey"], base64.b64decode(record["data"]),
                 record["arrivedMillis"]) for record in answer["records"]]

    def counts(self):
        """Records accepted, their bytes, and records failed."""
        return self._call("GET", "counters")["kinesis"]["streams"][self.stream]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_fake/{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())
