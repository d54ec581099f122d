"""Runs clang-tidy on our sources and remembers, outside of the clone, those found clean.

A source is checked again only if it, a header of ours or a generated one that it includes (directly
or not), its compile command, .clang-tidy, clang-tidy itself or an installed development package
changed. Exit status 1 if anything was found.
"""

import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

CLANG_TIDY = "clang-tidy-14"
# The static analyzer takes half of the time, and in tests finds GoogleTest's macros.
NOT_IN_TESTS = "--checks=-clang-analyzer-*"
INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)


class Tidy:
    def __init__(self, build):
        self.build = build.resolve()
        self.root = self.build.parent.parent
        self.search = [self.root, self.build / "gen"]
        self.cache = pathlib.Path(
            os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tidemark/tidy"
        self.cache.mkdir(parents=True, exist_ok=True)
        self.common = self.common_key()

    def common_key(self):
        """What every result depends on."""
        key = hashlib.sha256((self.root / ".clang-tidy").read_bytes())
        for command in ([CLANG_TIDY, "--version"],
                        ["dpkg-query", "-W", "-f=${Package} ${Version}\n", "*-dev", "libc6"]):
            key.update(subprocess.run(command, check=True, capture_output=True).stdout)
        return key.hexdigest()

    def sources(self):
        """(source, compile command) of each source of ours; generated ones lie under build/."""
        for entry in json.loads((self.build / "compile_commands.json").read_text()):
            path = pathlib.Path(entry["directory"], entry["file"])
            if path.is_relative_to(self.root) and not path.is_relative_to(self.root / "build"):
                yield path, entry["command"]

    @functools.cache
    def includes(self, path):
        found = set()
        for name in INCLUDE.findall(path.read_bytes()):
            for directory in (path.parent, *self.search):
                candidate = directory / name.decode()
                if candidate.is_file():
                    found.add(candidate)
                    break
        return found

    @functools.cache
    def digest(self, path):
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def key(self, source, command):
        closure, pending = set(), [source]
        while pending:
            path = pending.pop()
            if path not in closure:
                closure.add(path)
                pending += self.includes(path)
        parts = [self.common, *self.arguments(source), command.replace(str(self.root), "")]
        parts += sorted(f"{os.path.relpath(path, self.root)} {self.digest(path)}"
                        for path in closure)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def arguments(self, source):
        is_test = source.stem.endswith("test") or source.is_relative_to(self.root / "tests")
        return [NOT_IN_TESTS] if is_test else []

    def check(self, source, key):
        """Whether the source is clean; prints what was found."""
        done = subprocess.run([CLANG_TIDY, "--quiet", "-p", str(self.build),
                               *self.arguments(source), str(source)],
                              capture_output=True, text=True, cwd=self.root)
        if done.returncode == 0 and "warning:" not in done.stdout:
            (self.cache / key).touch()
            return True
        print(f"{source.relative_to(self.root)}:\n{done.stdout}{done.stderr}", flush=True)
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("build", type=pathlib.Path)
    options = parser.parse_args()
    tidy = Tidy(options.build)
    keyed = {(source, tidy.key(source, command)) for source, command in tidy.sources()}
    pending = sorted((source, key) for source, key in keyed if not (tidy.cache / key).exists())
    print(f"    {len(keyed)} files, {len(pending)} to check", flush=True)
    faulty, told = 0, time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = [pool.submit(tidy.check, *item) for item in pending]
        for done, result in enumerate(concurrent.futures.as_completed(results), 1):
            faulty += not result.result()
            if time.monotonic() - told >= 30:
                told = time.monotonic()
                print(f"    clang-tidy: {done} of {len(pending)}", flush=True)
    if faulty:
        sys.exit(f"{faulty} files with findings")


if __name__ == "__main__":
    main()
