"""One process of Tidemark."""

import os
import pathlib
import re
import subprocess
import time
import urllib.error
import urllib.request

from postgres import DIES_WITH_PARENT
from waiting import eventually


def program(name):
    """The path of a program that was built."""
    return pathlib.Path(os.environ["TIDEMARK_TEST_BIN"]) / name


def binary(name):
    return program(f"tidemark-{name}")


def settings(own):
    """The environment without this process's settings of Tidemark, with `own`."""
    inherited = {name: value for name, value in os.environ.items()
                 if not name.startswith("TIDEMARK_")}
    return {**inherited, **own}


class Service:
    """A process, and the addresses it printed when it began to listen. `label` tells replicas
    apart. After kill() or stop(), start() begins again on the same ports."""

    def __init__(self, name, arguments, environment, directory, label=None, listen="127.0.0.1:0"):
        self.name = name
        self.label = label or name
        self.arguments = arguments
        self.environment = environment
        self.port_file = directory / f"{self.label}.ports"
        self.log = directory / f"{self.label}.log"
        self.addresses = {"calls": listen, "metrics": "127.0.0.1:0"}
        self.start()

    def start(self):
        self.port_file.unlink(missing_ok=True)
        self.started = time.monotonic()
        listen = next(at for kind, at in self.addresses.items() if kind != "metrics")
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*DIES_WITH_PARENT, binary(self.name), "--listen", listen, "--metrics-listen",
                 self.addresses["metrics"], "--port-file", self.port_file, *self.arguments],
                env=settings(self.environment), stdout=subprocess.DEVNULL, stderr=log)
        self._wait(lambda: self.port_file.exists() and self.port_file.read_text().endswith("\n"),
                   "listens")
        self.addresses = dict(re.findall(r"(\w+)=(\S+)", self.port_file.read_text()))

    def ready(self):
        """Whether the process says that it can serve."""
        try:
            with urllib.request.urlopen(f"http://{self.addresses['metrics']}/readyz", timeout=5):
                return True
        except urllib.error.HTTPError as error:
            assert error.code == 503, error
            return False
        except OSError:
            return False

    def metrics(self):
        """What Prometheus would scrape."""
        url = f"http://{self.addresses['metrics']}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read().decode()

    def wait_ready(self):
        self._wait(self.ready, "is ready")

    def memory_bytes(self):
        return self._memory("VmRSS")

    def peak_memory_bytes(self):
        """The most that it had since it was started."""
        return self._memory("VmHWM")

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=30):
        """SIGTERM; the exit code, once it has ended."""
        self.process.terminate()
        return self.process.wait(seconds)

    def close(self):
        """For the end of a test, whatever state the process is in."""
        if self.process.poll() is None:
            self.kill()

    def _memory(self, name):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) * 1024

    def _wait(self, condition, what):
        def alive_and():
            assert self.process.poll() is None, f"{self.name} ended:\n{self._tail()}"
            return condition()
        eventually(alive_and, f"{self.name} {what}; see {self.log}")

    def _tail(self):
        return self.log.read_text()[-2000:]
