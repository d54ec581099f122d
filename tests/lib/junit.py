"""Prints "PASSED FAILED" for the JUnit file of ctest or pytest that is its argument.

A test that was skipped, or could not run, counts as failed: a missing backend must not look green.
ctest runs some GoogleTest programs as a whole; their output tells how many tests they held.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

GTEST_OK = re.compile(r"^\[       OK \] .*\(\d+ ms\)$", re.MULTILINE)
GTEST_BAD = re.compile(r"^\[  (?:FAILED |SKIPPED) \] .*\(\d+ ms\)$", re.MULTILINE)
PROBLEMS = ("failure", "error", "skipped")


def count(path):
    passed = failed = 0
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        output = case.findtext("system-out") or ""
        inner_passed = len(GTEST_OK.findall(output))
        inner_failed = len(GTEST_BAD.findall(output))
        good = case.get("status", "run") == "run" and not any(
            case.find(problem) is not None for problem in PROBLEMS)
        if not good:
            inner_failed = max(inner_failed, 1)
        if inner_failed:
            print(f"FAILED: {case.get('classname', '')} {case.get('name')}", file=sys.stderr)
        if inner_passed + inner_failed == 0:
            inner_passed = 1
        passed += inner_passed
        failed += inner_failed
    return passed, failed


if __name__ == "__main__":
    print(*count(sys.argv[1]))
