"""What the shell library of deploy/dev promises about processes, ports and options."""

import os
import pathlib
import socket
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]


def bash(script, *arguments):
    """Runs a script with the library loaded, as that of the clone ROOT."""
    prelude = f"""set -euo pipefail
ROOT={str(ROOT)!r}
source "$ROOT/deploy/dev/lib/load.sh"
source "$ROOT/deploy/dev/lib/stack.sh"
"""
    return subprocess.run(["bash", "-c", prelude + script, "test", *map(str, arguments)],
                          capture_output=True, text=True, timeout=50)


class ProcessTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.pid_file = self.directory / "sleep.pid"

    def start(self, *command):
        done = bash('run_background "$1" "$2" "${@:3}"', self.pid_file, self.directory / "log",
                    *command)
        self.assertEqual(0, done.returncode, done.stderr)
        return int(self.pid_file.read_text().split()[0])

    def alive(self, pid):
        stat = pathlib.Path(f"/proc/{pid}/stat")
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"

    def test_a_started_process_outlives_the_script_and_is_stopped_by_its_pid_file(self):
        pid = self.start("sleep", "300")
        self.assertTrue(self.alive(pid))
        self.assertEqual(0, bash('stop_process "$1" sleep', self.pid_file).returncode)
        self.assertFalse(self.alive(pid))
        self.assertFalse(self.pid_file.exists())

    def test_a_process_that_ignores_the_signal_is_killed(self):
        pid = self.start("bash", "-c", 'trap "" TERM; touch "$1"; while :; do sleep 0.1; done',
                         "-", self.directory / "ready")
        bash('wait_until 20 test -e "$1"', self.directory / "ready")
        done = bash('stop_process "$1" stubborn TERM 1', self.pid_file)
        self.assertIn("killing it", done.stderr)
        self.assertFalse(self.alive(pid))

    def test_a_step_ends_with_the_script_that_is_interrupted(self):
        started = self.directory / "started"
        script = subprocess.Popen(
            ["bash", "-c", f"""ROOT={str(ROOT)!r}; source "$ROOT/deploy/dev/lib/load.sh"
step_command() {{ echo $BASHPID >"$1"; sleep 300; }}
with_progress step "$2" step_command "$1" """, "-", started, self.directory / "step.log"])
        self.assertEqual(0, bash('wait_until 20 test -s "$1"', started).returncode)
        script.terminate()
        self.assertEqual(130, script.wait(20))
        self.assertEqual(0, bash('gone() { [[ ! -d /proc/$1 ]]; }; wait_until 20 gone "$1"',
                                 started.read_text().strip()).returncode)

    def test_another_process_with_the_same_number_is_left_alone(self):
        other = subprocess.Popen(["sleep", "300"])
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        self.pid_file.write_text(f"{other.pid} 1\n")
        self.assertEqual(0, bash('stop_process "$1" sleep', self.pid_file).returncode)
        self.assertIsNone(other.poll())

    def test_waiting_ends_with_the_log_when_the_process_ends(self):
        self.start("bash", "-c", "echo the reason")
        done = bash('wait_ready "$1" thing "$2" 20 false', self.pid_file, self.directory / "log")
        self.assertEqual(1, done.returncode)
        self.assertIn("the reason", done.stderr)
        self.assertIn("thing ended while it started", done.stderr)


class PortTest(unittest.TestCase):
    def test_a_taken_port_is_named_with_its_holder_and_the_flag_that_moves_it(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            done = bash('require_port "$1" gateway --gateway-port', port)
        self.assertEqual(1, done.returncode)
        for text in (f"port {port}", f"process {os.getpid()} ", "--gateway-port PORT"):
            self.assertIn(text, done.stderr)

    def test_a_free_port_is_accepted(self):
        self.assertEqual(0, bash('require_port "$(pick_port)" gateway --gateway-port').returncode)

    def test_the_base_moves_every_port_to_one_of_its_own(self):
        done = bash('default_ports; before=${#PORT[@]}; base_ports 20000; echo "$before"; '
                    'printf "%s\n" "${PORT[@]}"')
        before, *ports = map(int, done.stdout.split())
        self.assertEqual(before, len(set(ports)))
        self.assertTrue(all(20000 <= port < 20030 for port in ports), ports)


    def test_ports_are_remembered(self):
        with tempfile.TemporaryDirectory() as directory:
            done = bash('STACK=$1; mkdir "$STACK/config"; base_ports 20000; remember_ports; '
                        'default_ports; remembered_ports; echo "${PORT[gateway]} ${PORT[moto]}"',
                        directory)
        self.assertEqual("20000 20021", done.stdout.strip(), done.stderr)

    def test_one_port_for_two_parts_is_refused(self):
        done = bash('default_ports; PORT[moto]=${PORT[gateway]}; check_ports')
        self.assertEqual(1, done.returncode)
        self.assertIn("port 8080 is wanted for both ", done.stderr)


class OptionTest(unittest.TestCase):
    def test_wrong_options_are_refused_with_a_hint(self):
        for command in (["deploy/dev/up", "--nonsense"], ["deploy/dev/up", "--gateway-port", "70000"],
                        ["deploy/dev/up", "--gateway-port"], ["deploy/dev/down", "--nonsense"],
                        ["tests/run", "--nonsense"], ["tests/run", "--only"],
                        ["tests/run", "--part", "nonsense"], [".ci/run", "--section", "nonsense"]):
            with self.subTest(command=command):
                done = subprocess.run([ROOT / command[0], *command[1:]], capture_output=True,
                                      text=True, timeout=20)
                self.assertNotEqual(0, done.returncode)
                self.assertTrue(done.stderr.startswith("error: "), done.stderr)

    def test_settings_of_the_callers_shell_do_not_reach_services(self):
        for name in ("TIDEMARK_PUBLISHER_LISTEN", "PGSSLMODE"):
            os.environ[name] = "stray"
            self.addCleanup(os.environ.pop, name)
        done = bash("env")
        self.assertNotIn("stray", done.stdout)

    def test_help_needs_nothing(self):
        for command in ("deploy/dev/up", "deploy/dev/down", "tests/run", ".ci/run"):
            done = subprocess.run([ROOT / command, "--help"], capture_output=True, text=True,
                                  timeout=20)
            self.assertEqual((0, ""), (done.returncode, done.stderr))
            self.assertTrue(done.stdout.startswith(f"usage: {command}"))


class EnvironmentTest(unittest.TestCase):
    """.dev/env survives any path, and keeps AWS's clients away from AWS."""

    def write(self):
        directory = tempfile.TemporaryDirectory(prefix="a 'b' $c ")
        self.addCleanup(directory.cleanup)
        done = bash('STACK=$1 VENV=$1/venv preset=dev; default_ports; mkdir "$STACK/config"; '
                    'write_secrets; write_environment; source "$STACK/env"; env -0', directory.name)
        self.assertEqual(0, done.returncode, done.stderr)
        variables = dict(entry.split("=", 1) for entry in done.stdout.split("\0") if entry)
        return pathlib.Path(directory.name), variables

    def test_holds_every_variable_a_client_needs(self):
        directory, variables = self.write()
        self.assertTrue(variables["PATH"].startswith(f"{directory}/venv/bin:"))
        for name in ("COGNITO_SYNC", "KINESIS", "S3", "SNS", "STS", "LAMBDA"):
            self.assertTrue(variables[f"AWS_ENDPOINT_URL_{name}"].startswith("http://127.0.0.1:"))
        self.assertEqual("http://127.0.0.1:8080", variables["TIDEMARK_ENDPOINT"])
        self.assertRegex(variables["TIDEMARK_POOL_ID"], r"^us-east-1:[0-9a-f-]{36}$")
        self.assertRegex(variables["TIDEMARK_DSN"],
                         r"^postgresql://tidemark:[0-9a-f]{32}@127\.0\.0\.1:7432/tidemark$")
        for name, port in (("DATASET", 7001), ("STREAM_CONFIG", 7002), ("PUBLISHER", 7003),
                           ("PUSH", 7004)):
            self.assertEqual(f"127.0.0.1:{port}", variables[f"TIDEMARK_{name}_ADDR"])

    def test_hides_the_users_own_accounts(self):
        os.environ["AWS_PROFILE"] = os.environ["AWS_SESSION_TOKEN"] = "real"
        self.addCleanup(os.environ.pop, "AWS_PROFILE")
        self.addCleanup(os.environ.pop, "AWS_SESSION_TOKEN")
        os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = "https://real"
        self.addCleanup(os.environ.pop, "AWS_ENDPOINT_URL_DYNAMODB")
        directory, variables = self.write()
        self.assertNotIn("AWS_PROFILE", variables)
        self.assertNotIn("AWS_SESSION_TOKEN", variables)
        self.assertNotIn("AWS_ENDPOINT_URL_DYNAMODB", variables)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            self.assertTrue(variables[name].startswith(str(directory)))

    def test_secrets_are_their_owners_alone(self):
        directory, _ = self.write()
        for path in (directory / "env", *(directory / "config").iterdir()):
            self.assertEqual(0o600, path.stat().st_mode & 0o777, path)


if __name__ == "__main__":
    unittest.main()
