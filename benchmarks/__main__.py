"""`python -m benchmarks`: print the budgets as measured on this machine, now.

make bench                      all of it, two to three minutes
make bench ARGS=--quick         smaller numbers, half a minute, less certain
make bench ARGS="--only hot"    one group
"""

import argparse
import os
import platform
import sys
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks import requests, starts, states
from benchmarks.table import Row, text

Group = Callable[[], list[Row]]


def groups(quick: bool) -> dict[str, Group]:
    """What can be measured, by name."""
    size = requests.QUICK if quick else requests.FULL
    return {
        "hot": partial(requests.hot_operations, size),
        "start": partial(starts.first_answers, 3 if quick else 9),
        "growth": partial(requests.growth, size),
        "bodies": partial(states.bodies, 16 if quick else 64, 2 if quick else 5),
        "snapshot": partial(states.snapshots, 5 if quick else 20),
    }


def main(arguments: Sequence[str]) -> int:
    """Measure and print; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true", help="smaller numbers")
    parser.add_argument(
        "--only", action="append", choices=groups(True), help="only this group (repeatable)"
    )
    chosen = parser.parse_args(arguments)
    if sys.platform != "linux":
        parser.error("processor time and memory of other processes are read as Linux tells them")
    rows: list[Row] = []
    for name, measure in groups(chosen.quick).items():
        if not chosen.only or name in chosen.only:
            print(f"measuring: {name}", file=sys.stderr, flush=True)
            rows += measure()
    busy = os.getloadavg()[0]
    print(text(rows))
    print(
        f"\nPython {platform.python_version()}, {os.cpu_count()} cores, load {busy:.1f}."
        " Ratios are medians over rounds, in one run; processor time is the server's own."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
