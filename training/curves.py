"""The log of a run: CSV files that a resumed run continues, and a picture of the curves."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path


class CsvLog:
    """Rows by step; rows from `resume_at` on, left by an interrupted run, are dropped."""

    def __init__(self, path: Path, resume_at: int = 0) -> None:
        self._path = path
        kept = [row for row in read_log(path) if row["step"] < resume_at]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        for row in kept:
            self.add(row)

    def add(self, row: Mapping[str, float]) -> None:
        """Write one row; the first one names the columns."""
        with self._path.open("a", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            if file.tell() == 0:
                writer.writeheader()
            writer.writerow({k: v if k == "step" else f"{v:.6g}" for k, v in row.items()})


def read_log(path: Path) -> list[dict[str, float]]:
    """The rows of a log, none where it is absent."""
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        rows = [
            {k: float(v) for k, v in row.items() if k is not None and v not in (None, "")}
            for row in csv.DictReader(file)
        ]
    return [{**row, "step": int(row["step"])} for row in rows if "step" in row]


def draw_curves(folder: Path) -> Path:
    """Draw `log.csv` and `validation.csv` of a run's folder into `curves.png`."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    training, checks = read_log(folder / "log.csv"), read_log(folder / "validation.csv")
    panels = ("loss", "expression", "flow", "landmarks", "accuracy", "nme", "epe_moving", "rate")
    figure = Figure(figsize=(17, 7.5))
    # Margins in advance: measuring them would draw all of it once more.
    figure.subplots_adjust(0.04, 0.05, 0.99, 0.95, wspace=0.22, hspace=0.22)
    axes = figure.subplots(2, 4)
    for axis, name in zip(axes.flat, panels):
        for rows, label in ((training, "training"), (checks, "validation")):
            points = [(r["step"], r[name]) for r in rows if name in r]
            if points:
                axis.plot(*zip(*points), label=label, marker="." if rows is checks else None)
        if name == "epe_moving":
            points = [(r["step"], r["epe_moving_zero"]) for r in checks]
            if points:
                axis.plot(*zip(*points), "--", color="gray", label="zero flow")
        if name in ("loss", "expression", "flow", "landmarks") and axis.lines:
            low = min(float(min(line.get_ydata())) for line in axis.lines)
            if low > 0:
                axis.set_yscale("log")
                axis.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
                axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
                axis.yaxis.set_minor_locator(NullLocator())
        axis.set_title({"rate": "learning rate", "nme": "NME (%)"}.get(name, name))
        if axis.get_yscale() == "linear":
            axis.ticklabel_format(axis="y", scilimits=(-2, 4), useOffset=False)
        axis.grid(alpha=0.3)
        if axis.lines:
            axis.legend()
    path = folder / "curves.png"
    figure.savefig(path, dpi=90)
    return path
