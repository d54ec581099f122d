#!/usr/bin/env python3
"""Checks the layers of CONTRIBUTING.md by reading the sources: who includes what, who holds SQL.

usage: check.py ROOT        prints each violation; exit status 1 if there is any
"""

import dataclasses
import pathlib
import re
import sys

from sources import Source, read_sources

# What a domain may use besides its own files: pure vocabulary, and Abseil.
DOMAIN_PROJECT = ("common/base/", "common/errors/", "tidemark/errors/v1/")
DOMAIN_LIBRARIES = ("absl/",)
TEST_LIBRARIES = ("gtest/", "gmock/", "rapidcheck", "rapidcheck/")

# common/: each part may use those named here; every part may use itself and base.
COMMON_PARTS = {
    "base": set(),
    "errors": set(),
    "obs": {"errors"},
    "config": {"errors"},
    "pg": {"errors", "obs", "config"},
    "aws": {"errors", "obs", "config"},
    "seal": {"errors", "config"},
    "rpc": {"errors", "obs", "config"},
    "pools": {"errors", "obs", "rpc"},
    "testing": {"errors", "obs", "config", "pg", "aws", "rpc"},
}

# The CLI is a client of the services: common/ and the contracts are all it shares with them. What it
# may use of common/, and which of its own parts each may not know of, because they stand on it.
CLI_COMMON = ("common/base/", "common/config/", "common/errors/", "common/rpc/")
CLI_ABOVE = {"output": ("client", "commands"), "client": ("commands", "output")}

# Of a service: which floors each may not know of, because they stand on it.
ABOVE = {"store": ("engine", "sns", "trigger", "rpc"), "engine": ("rpc",),
         "sns": ("store", "rpc"), "trigger": ("rpc",), "http": ("wire",)}

SQL = re.compile(
    r"\b(SELECT\s.+\bFROM|INSERT\s+INTO|UPDATE\s+[\w.]+\s+(?:AS\s+\w+\s+)?SET|DELETE\s+FROM"
    r"|TRUNCATE\s|(?:CREATE|ALTER|DROP)\s+(?:TABLE|INDEX|SCHEMA|ROLE|FUNCTION|SEQUENCE)"
    r"|LOCK\s+TABLE|ON\s+CONFLICT)\b", re.DOTALL)

MAX_LINES, MAX_TEST_LINES = 500, 700


@dataclasses.dataclass(frozen=True)
class Violation:
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


def uses_grpc(include):
    return include.startswith(("grpc/", "grpcpp/")) or include.endswith(".grpc.pb.h")


def uses_requests(include):
    """Request and response messages stand in the files that define services."""
    return uses_grpc(include) or include.endswith("_service.pb.h")


def uses_postgres(include):
    """Lanes stand in common/pg but know nothing of it: they are threads with bounded queues."""
    return include.startswith(("common/pg/", "libpq")) and not include.startswith(
        "common/pg/lane")


def is_library(include):
    """Neither the project's, nor generated from its protos, nor of the standard library."""
    return ("/" in include or include.endswith(".h")) and not include.startswith(
        ("common/", "services/", "tests/", "cli/", "client/", "tidemark/"))


def check_domain(source):
    own = f"services/{source.service}/domain/"
    for line, include in source.includes:
        if include.startswith((own, *DOMAIN_PROJECT, *DOMAIN_LIBRARIES)):
            continue
        if source.is_test and include.startswith(("common/testing/", *TEST_LIBRARIES)):
            continue
        if include.startswith(("common/", "services/", "tidemark/")) or is_library(include):
            yield Violation(source.path, line, f"domain code may not include {include}: it sees "
                            "common/base, common/errors and its own directory only")


def check_service(source):
    for line, include in source.includes:
        match = re.match(r"services/([^/]+)/", include)
        if match and match[1] != source.service or include.startswith(("cli/", "client/")):
            yield Violation(source.path, line, f"services/{source.service} may not include "
                            f"{include}: services share proto/ and common/ only")
        if include.startswith(tuple(f"services/{source.service}/{floor}/"
                                    for floor in ABOVE.get(source.layer, ()))):
            yield Violation(source.path, line, f"{source.layer}/ may not include {include}")
        if uses_requests(include) and not source.may_see_requests:
            yield Violation(source.path, line, f"only rpc/ may include {include}")
        if uses_postgres(include) and not (source.may_hold_sql or source.is_wiring):
            yield Violation(source.path, line, f"only Postgres stores may include {include}")
        if include.startswith("common/testing/") and not source.is_test:
            yield Violation(source.path, line, f"only tests may include {include}")


def check_common(source):
    allowed = COMMON_PARTS.get(source.part)
    if allowed is None:
        yield Violation(source.path, 1, f"common/{source.part} is unknown to tests/layers: say in "
                        "COMMON_PARTS what it may use")
        return
    for line, include in source.includes:
        if include.startswith(("services/", "tests/", "cli/", "client/")):
            yield Violation(source.path, line, f"common/ may not include {include}")
        match = re.match(r"common/([^/]+)/", include)
        if not match or match[1] in ("base", source.part) or match[1] in allowed:
            continue
        if not (source.is_test and match[1] == "testing"):
            yield Violation(source.path, line, f"common/{source.part} may not include {include}: "
                            f"it may use {', '.join(sorted({'base', *allowed}))}")


def check_cli(source):
    for line, include in source.includes:
        if include.startswith(("services/", "tests/", "client/")):
            yield Violation(source.path, line, f"cli/ may not include {include}: it shares proto/ "
                            "and common/ with the services")
        if include.startswith("common/") and not include.startswith(CLI_COMMON) and not (
                source.is_test and include.startswith("common/testing/")):
            yield Violation(source.path, line, f"cli/ may not include {include}: it may use "
                            f"{', '.join(CLI_COMMON)}")
        own = source.parts[1]
        if include.startswith(tuple(f"cli/{part}/" for part in CLI_ABOVE.get(own, ()))):
            yield Violation(source.path, line, f"cli/{own} may not include {include}")
        if include.startswith("cli/testing/") and not source.is_test:
            yield Violation(source.path, line, f"only tests may include {include}")


def check_sql(source):
    for line, literal in source.strings:
        if SQL.search(literal) and not (source.may_hold_sql or source.is_test):
            yield Violation(source.path, line,
                            "SQL stands in Postgres stores, common/pg and migrations only")


def check_size(source):
    limit = MAX_TEST_LINES if source.is_test else MAX_LINES
    if source.lines > limit:
        yield Violation(source.path, source.lines, f"{source.lines} lines: at most {limit}")


def check(root: pathlib.Path):
    violations = []
    for source in read_sources(root):
        rules = [check_size, check_sql]
        if source.service:
            rules.append(check_service)
            if source.is_domain:
                rules.append(check_domain)
        elif source.part:
            rules.append(check_common)
        elif source.is_cli:
            rules.append(check_cli)
        for rule in rules:
            violations += rule(source)
    return violations


def main():
    root = pathlib.Path(sys.argv[1])
    sources = read_sources(root)
    if not sources:
        sys.exit(f"no sources under {root}")
    violations = check(root)
    for violation in violations:
        print(violation)
    print(f"{len(sources)} files, {len(violations)} violations")
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
