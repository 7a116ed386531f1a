"""The rows of the table: what was measured, what was wanted."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Row(NamedTuple):
    """One budget; `within` is None where there is nothing to keep to."""

    what: str
    measured: str
    ratio: float | None = None
    budget: str = ""
    within: bool | None = None


def ratios(these: Sequence[float], those: Sequence[float]) -> float:
    """The median of the ratios of what was measured in pairs."""
    return median(one / other for one, other in zip(these, those, strict=True))


def text(rows: Sequence[Row]) -> str:
    """The rows as a table for people; it is one for Markdown, too."""
    cells = [("what", "measured", "ratio", "budget", "")]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        verdict = {None: "", True: "kept", False: "MISSED"}[row.within]
        cells.append((row.what, row.measured, ratio, row.budget, verdict))
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    lines = [_line(line, widths) for line in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"
