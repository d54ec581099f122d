"""AWS that fails as a test says: tidemark-fake-aws (see common/testing/fake_aws/admin.h)."""

import base64
import json
import subprocess
import urllib.request

from postgres import DIES_WITH_PARENT
from service import binary


class FakeAws:
    """With one Kinesis stream, of two shards. Further arguments are the program's."""

    def __init__(self, stream, *arguments):
        self.stream = stream
        self.process = subprocess.Popen([*DIES_WITH_PARENT, binary("fake-aws"), "--stream",
                                         f"{stream}:2", *arguments], stdout=subprocess.PIPE,
                                        text=True)
        self.url = self.process.stdout.readline().removeprefix("listening on ").strip()

    def add_faults(self, *faults):
        """To strike calls of PutRecords; fields as in struct Fault, in lower camel case."""
        script = {"faults": [{"operation": "PutRecords", **fault} for fault in faults]}
        self._call("POST", "script", json.dumps(script).encode())

    def forget_faults(self):
        self._call("DELETE", "script")

    def faults_pending(self):
        """Faults that have calls left to strike."""
        return self._call("GET", "counters")["faults"]["pending"]

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
        request = urllib.request.Request(f"{self.url}/_fake/{path}", data=body, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())
