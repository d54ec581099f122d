"""What benchmarks report."""

import bisect
import dataclasses


@dataclasses.dataclass
class Row:
    """One measurement. `baseline` was measured in the same run; `bar` is on `bar_on`: the ratio
    value/baseline, or the value itself (reported, never checked)."""

    name: str
    value: float
    unit: str
    better: str = "higher"
    baseline: float | None = None
    bar_on: str | None = None
    bar: float | None = None

    @property
    def ratio(self):
        return self.value / self.baseline if self.baseline else None

    @property
    def passed(self):
        measured = self.ratio if self.bar_on == "ratio" else self.value
        if self.bar is None or measured is None:
            return None
        return measured >= self.bar if self.better == "higher" else measured <= self.bar

    def as_json(self):
        return {"name": self.name, "value": self.value, "unit": self.unit, "better": self.better,
                "baseline": self.baseline, "ratio": self.ratio, "bar_on": self.bar_on,
                "bar": self.bar, "pass": self.passed}


def percentile(ordered, share):
    """Of whole milliseconds in ascending order, each taken as spread evenly over the one around it:
    else 2 and 3 ms, a ratio of 1.5, could be a hair apart."""
    rank = share * len(ordered)
    value = ordered[min(int(rank), len(ordered) - 1)]
    first = bisect.bisect_left(ordered, value)
    return value - 0.5 + (rank - first) / (bisect.bisect_right(ordered, value) - first)


def table(rows):
    """The rows as text."""
    lines = [("benchmark", "value", "baseline", "ratio", "bar", "")]
    for row in rows:
        bar = "" if row.bar is None else f"{row.bar_on} {'>=' if row.better == 'higher' else '<='} {row.bar:g}"
        lines.append((row.name, f"{row.value:.4g} {row.unit}",
                      "" if row.baseline is None else f"{row.baseline:.4g}",
                      "" if row.ratio is None else f"{row.ratio:.2f}", bar,
                      {True: "pass", False: "MISS", None: ""}[row.passed]))
    widths = [max(len(line[i]) for line in lines) for i in range(6)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
                     for line in lines)
