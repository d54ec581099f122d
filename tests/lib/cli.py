"""The admin CLI, `tidemark`."""

import json
import os
import pathlib
import subprocess

from service import settings

BINARY = pathlib.Path(os.environ["TIDEMARK_TEST_BIN"]) / "tidemark"


class Cli:
    """Before these addresses ("stream-config", "dataset", "publisher"), and with no settings of the
    user who runs the tests."""

    def __init__(self, directory, **addresses):
        self.environment = settings({"HOME": str(directory), "XDG_CONFIG_HOME": ""} | {
            f"TIDEMARK_{service.upper()}": address for service, address in addresses.items()})

    def run(self, *arguments, **popen):
        return subprocess.run([BINARY, *map(str, arguments)], env=self.environment, text=True,
                              capture_output=True, timeout=120, **popen)

    def text(self, *arguments):
        """What a command that succeeds prints; it says nothing else."""
        done = self.run(*arguments)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def json(self, *arguments):
        return json.loads(self.text(*arguments, "-o", "json"))

    def refused(self, *arguments):
        """The error of a command that a service refuses."""
        done = self.run(*arguments, "-o", "json")
        assert (done.returncode, done.stdout) == (1, ""), done
        return json.loads(done.stderr)["error"]
