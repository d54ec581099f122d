"""The services under measurement: started on free ports over a database of their own."""

import base64
import json
import os
import pathlib
import re
import secrets
import subprocess
import time
import urllib.request

POOL = "us-east-1:00000000-0000-0000-0000-00000000be0c"
SUPERUSER = "TIDEMARK_TEST_DSN"


class Service:
    """One process, and the addresses it printed when it began to listen."""

    def __init__(self, name, arguments, environment, directory):
        self.name = name
        port_file = directory / f"{name}.ports"
        port_file.unlink(missing_ok=True)
        self.log = directory / f"{name}.log"
        self.started = time.monotonic()
        binary = pathlib.Path(os.environ["TIDEMARK_TEST_BIN"]) / f"tidemark-{name}"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [binary, "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0",
                 "--port-file", port_file, *arguments],
                env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=log)
        self._wait(lambda: port_file.exists() and port_file.read_text().endswith("\n"))
        self.addresses = dict(re.findall(r"(\w+)=(\S+)", port_file.read_text()))

    def wait_ready(self):
        self._wait(lambda: self._fetch("/readyz") is not None)

    def memory_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def stop(self):
        self.process.terminate()
        self.process.wait(30)

    def _fetch(self, path):
        try:
            with urllib.request.urlopen(f"http://{self.addresses['metrics']}{path}", timeout=2) as r:
                return r.read()
        except OSError:
            return None

    def _wait(self, condition, seconds=30):
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.01)


class Stack:
    """A database with the schemas, stream-config with one pool, and whatever is started."""

    def __init__(self, directory, seconds):
        self.directory = directory
        self.seconds = seconds
        self.services = []

    def __enter__(self):
        admin = os.environ[SUPERUSER]
        self.sql("CREATE DATABASE bench", admin)
        self.dsn = admin.rsplit("/", 1)[0] + "/bench"
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        self.environment = {f"TIDEMARK_{service}_{name}": value
                            for service in ("DATASET", "STREAM_CONFIG", "PUBLISHER")
                            for name, value in (("DSN", self.dsn), ("KEYRING", f"bench:{key}"))}
        for service in ("dataset", "stream-config"):
            self.migrate(service)
        self.stream_config = self.start("stream-config")
        self.create_pool()
        return self

    def __exit__(self, *unused):
        while self.services:
            self.stop(self.services[-1])

    def migrate(self, service):
        binary = pathlib.Path(os.environ["TIDEMARK_TEST_BIN"]) / f"tidemark-{service}"
        subprocess.run([binary, "migrate"], env={**os.environ, **self.environment}, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self, name, *arguments):
        service = Service(name, arguments, self.environment, self.directory)
        self.services.append(service)
        return service

    def start_dataset(self, *arguments):
        service = self.start("dataset", "--stream-config", self.stream_config.addresses["grpc"],
                             *arguments)
        service.wait_ready()
        return service

    def stop(self, service):
        self.services.remove(service)
        service.stop()

    def program(self, name, *arguments):
        """Runs a load program and returns its one line of JSON."""
        binary = pathlib.Path(os.environ["TIDEMARK_TEST_BIN"]) / name
        done = subprocess.run([binary, *map(str, arguments)], stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)

    def load(self, service, operation, in_flight, **more):
        extra = [f"--{key.replace('_', '-')}={value}" for key, value in more.items()]
        return self.program("dataset-load", "--address", service.addresses["grpc"], "--pool", POOL,
                            "--operation", operation, "--in-flight", in_flight,
                            "--seconds", self.seconds, *extra)

    def sql(self, statement, dsn=None):
        done = subprocess.run([self.postgres("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d",
                               dsn or self.dsn, "-c", statement], stdout=subprocess.PIPE,
                              check=True, text=True)
        return done.stdout.strip()

    def postgres(self, program):
        return os.path.join(os.environ["TIDEMARK_BENCH_PG_BIN"], program)

    def pgbench(self, script, clients):
        """Transactions a second and mean latency in ms of an SQL script of this directory."""
        path = pathlib.Path(__file__).parent / "sql" / script
        done = subprocess.run(
            [self.postgres("pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", "1",
             "-T", str(max(1, round(self.seconds))), "-f", path, "-D",
             f"clients={clients}", self.dsn],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True, text=True)
        return (float(re.search(r"tps = ([\d.]+)", done.stdout)[1]),
                float(re.search(r"latency average = ([\d.]+)", done.stdout)[1]))

    def create_pool(self):
        """Through the service's own API, with Python's generated messages."""
        import grpc
        generated = self.directory / "gen"
        generated.mkdir(exist_ok=True)
        root = pathlib.Path(__file__).parents[2] / "proto"
        sources = sorted((root / "tidemark/stream_config/v1").glob("*.proto"))
        subprocess.run(["protoc", "-I", root, "--python_out", generated, *sources], check=True)
        import sys
        sys.path.insert(0, str(generated))
        from tidemark.stream_config.v1 import stream_config_service_pb2 as messages
        self.stream_config.wait_ready()
        with grpc.insecure_channel(self.stream_config.addresses["grpc"]) as channel:
            channel.unary_unary(
                "/tidemark.stream_config.v1.StreamConfigService/CreatePool",
                request_serializer=messages.CreatePoolRequest.SerializeToString,
                response_deserializer=messages.CreatePoolResponse.FromString)(
                    messages.CreatePoolRequest(identity_pool_id=POOL), timeout=30)
