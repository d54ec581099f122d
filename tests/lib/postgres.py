"""PostgreSQL: a cluster of a test's own, and statements."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess

from waiting import eventually

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
USER = "postgres"
# What becomes of the children of a test that is killed.
DIES_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL"]


def sql(dsn, statement):
    """What psql prints: a line for each row, columns separated by `|`."""
    done = subprocess.run([BIN / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-c",
                           statement], stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout.strip()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def user_prefix(directory):
    """The command prefix under which PostgreSQL, which refuses to be root, runs: root becomes
    another user in a namespace, in which root's files are that user's; where namespaces are
    refused, the real user postgres, who is given `directory`."""
    if os.geteuid() != 0:
        return DIES_WITH_PARENT
    unshare = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
    if subprocess.run([*unshare, "true"], stderr=subprocess.DEVNULL).returncode == 0:
        return [*unshare, *DIES_WITH_PARENT]
    shutil.chown(directory, USER, USER)
    return [*DIES_WITH_PARENT, f"--reuid={USER}", f"--regid={USER}", "--init-groups"]


def state_and_parent(pid):
    """As in /proc/PID/stat, e.g. ("S", 1); a process that is gone is a zombie without parent."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return "Z", 0
    state, parent = stat.rpartition(")")[2].split()[:2]
    return state, int(parent)


def runs(pid):
    return state_and_parent(pid)[0] != "Z"


def children_of(pid):
    """/proc's own list of them leaves some out while others end."""
    return [entry.name for entry in pathlib.Path("/proc").glob("[0-9]*")
            if state_and_parent(entry.name)[1] == pid]


class PrivatePostgres:
    """A cluster in `directory` (which postgres must be able to reach) on a port that stays the
    same when it is killed and started again."""

    def __init__(self, directory):
        self.directory = directory
        self.data = directory / "data"
        self.log = directory / "postgres.log"
        self.port = free_port()
        self.prefix = user_prefix(directory)
        self.process = None
        subprocess.run([*self.prefix, BIN / "initdb", "-D", self.data, "-U", USER, "--auth=trust",
                        "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], cwd=directory, check=True,
                       stdout=subprocess.DEVNULL)
        self.start()

    def dsn(self, database="postgres"):
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def start(self):
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*self.prefix, BIN / "postgres", "-D", self.data, "-p", str(self.port),
                 "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
                 # As durable as the default, and faster than a sync of each file after a crash.
                 "-c", "recovery_init_sync_method=syncfs"],
                cwd=self.directory, stdout=log, stderr=log)
        eventually(self._answers, f"PostgreSQL answers; see {self.log}")

    def _answers(self):
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        return subprocess.run([BIN / "pg_isready", "-q", "-h", "127.0.0.1", "-p",
                               str(self.port)]).returncode == 0

    def kill(self):
        """As a power cut: the server, and all its processes, end at once."""
        pid = self.process.pid
        # Stopped first, so that it makes no further ones.
        os.kill(pid, signal.SIGSTOP)
        eventually(lambda: state_and_parent(pid)[0] in "TZ", "PostgreSQL is stopped")
        children = children_of(pid)
        self.process.kill()
        for child in children:
            try:
                os.kill(int(child), signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        # While one of them is left, the server can't start again.
        eventually(lambda: not any(map(runs, children)), "PostgreSQL's processes end")

    def stop(self):
        """Fast: sessions are ended, data is written."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
