"""A stack started by deploy/dev/up itself, in a directory of its own."""

import os
import pathlib
import random
import subprocess

ROOT = pathlib.Path(__file__).parents[2]


class DevStack:
    """The scripts of deploy/dev, for a stack in `directory`."""

    def __init__(self, directory):
        self.directory = directory
        self.environment = os.environ | {"TIDEMARK_STACK_DIR": str(directory)}

    def run(self, script, *arguments):
        return subprocess.run([ROOT / "deploy/dev" / script, *map(str, arguments)], text=True,
                              env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300)

    def up(self, *arguments):
        return self.run("up", "--no-sample", "--preset", os.environ["TIDEMARK_TEST_PRESET"],
                        *arguments)

    def shell(self, script, directory=ROOT):
        """What a user's shell prints after `source .dev/env`; its exit status must be 0."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f'source "$1"\n{script}', "-",
             self.directory / "env"], cwd=directory, text=True, capture_output=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def pid(self, name):
        return int((self.directory / f"run/{name}.pid").read_text().split()[0])


def start_on_free_ports(stack):
    """Other processes may take a port of the chosen range: then another range is tried."""
    for _ in range(10):
        base = random.randrange(20000, 32000, 50)
        done = stack.up("--port-base", base)
        if done.returncode == 0:
            return base
        assert "is taken by" in done.stdout, done.stdout
    raise AssertionError("no free ports: " + done.stdout)
