"""Tidemark's benchmarks: see tests/bench/run, which starts PostgreSQL and calls this."""

import argparse
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lib"))

import bulk_rows
import dataset_rows
import gateway_rows
import publisher_rows
import push_rows
import resource_rows
import store_rows
import trigger_rows
from bench_stack import BenchStack
from rows import Row, table

# Name -> what measures it. Each yields rows.
BENCHMARKS = {**dataset_rows.BENCHMARKS, **gateway_rows.BENCHMARKS, **store_rows.BENCHMARKS,
              **publisher_rows.BENCHMARKS, **bulk_rows.BENCHMARKS, **push_rows.BENCHMARKS,
              **trigger_rows.BENCHMARKS, **resource_rows.BENCHMARKS}


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(BENCHMARKS))
        return 0
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown or not 0.5 <= arguments.seconds <= 600:
        parser.error(f"no such benchmark: {unknown}; see --list" if unknown
                     else "--seconds is not 0.5 to 600")
    rows: list[Row] = []
    with BenchStack(pathlib.Path(os.environ["TIDEMARK_BENCH_DIR"]), arguments.seconds) as stack:
        for name in arguments.names or BENCHMARKS:
            print(f"== {name}", flush=True)
            for row in BENCHMARKS[name](stack):
                beside = f", beside {row.baseline:.4g}" if row.baseline else ""
                print(f"   {row.name}: {row.value:.4g} {row.unit}{beside}", flush=True)
                rows.append(row)
    print("\n" + table(rows))
    out = pathlib.Path(os.environ["TIDEMARK_BENCH_OUT"])
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n")
    missed = [row.name for row in rows if row.bar_on == "ratio" and row.passed is False]
    if missed:
        print(f"missed: {', '.join(missed)}")
    return 1 if missed and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
