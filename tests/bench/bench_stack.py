"""The services under measurement, and the programs that load them."""

import json
import os
import pathlib
import re
import subprocess

import postgres
import scripts
from stack import POOL, Stack


def bench_program(name):
    """The path of a load program."""
    return pathlib.Path(os.environ["TIDEMARK_TEST_BIN"]) / name


class BenchStack(Stack):
    """A stack over the test PostgreSQL whose measurements take `seconds` each."""

    def __init__(self, directory, seconds):
        super().__init__(directory, os.environ["TIDEMARK_TEST_DSN"], "bench")
        self.seconds = seconds

    def program(self, name, *arguments):
        """Runs a load program and returns its one line of JSON."""
        done = subprocess.run([bench_program(name), *map(str, arguments)],
                              stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)

    def load(self, service, operation, in_flight, pool=POOL, **more):
        extra = [f"--{key.replace('_', '-')}={value}" for key, value in more.items()]
        return self.program("dataset-load", "--address", service.addresses["grpc"], "--pool", pool,
                            "--operation", operation, "--in-flight", in_flight,
                            "--seconds", self.seconds, *extra)

    def pgbench(self, script, clients):
        """Transactions a second and mean latency in ms of a script of scripts.py."""
        done = subprocess.run(
            [postgres.BIN / "pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "1",
             "-T", str(max(1, round(self.seconds))), "-f", "-", "-D",
             f"clients={clients}", self.dsn],
            input=scripts.script(script), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            check=True, text=True)
        return (float(re.search(r"tps = ([\d.]+)", done.stdout)[1]),
                float(re.search(r"latency average = ([\d.]+)", done.stdout)[1]))
