"""The table, and the command that prints it."""

import subprocess
import sys

from benchmarks.__main__ import groups
from benchmarks.table import Row, ratios, text
from tests.packaging.checkout import ROOT


def test_a_ratio_is_the_median_of_those_of_its_rounds() -> None:
    assert ratios([20.0, 30.0, 90.0], [10.0, 10.0, 10.0]) == 3.0


def test_rows_say_whether_their_budget_was_kept() -> None:
    rows = [
        Row("floor", "10 µs", 1.0),
        Row("fast", "20 µs", 2.0, "≤ 2.5", True),
        Row("slow", "40 µs", 4.0, "≤ 3.5", False),
    ]
    lines = text(rows).splitlines()
    assert [line.split("|")[5].strip() for line in lines[2:]] == ["", "kept", "MISSED"]
    assert len({len(line) for line in lines}) == 1


def test_all_groups_are_measured_unless_some_are_chosen() -> None:
    assert list(groups(quick=True)) == list(groups(quick=False))


def test_the_command_measures_and_prints() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--only", "snapshot"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert "| a snapshot and its restore" in finished.stdout
