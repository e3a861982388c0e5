"""What each process of a report says of each result: one figure that the next process repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from statistics import median
from typing import NamedTuple

from mol_edge.benchmark.report import Report
from mol_edge.benchmark.rows import Record, Row, is_undisturbed, measured_rows


class Key(NamedTuple):
    """Which result: a device, a precision, a mode, a pace."""

    device: str
    precision: str
    mode: str
    pace: str


Figures = Mapping[Key, Sequence["float | None"]]
"""Of each result one figure a process, in the order of the rounds; None: nothing undisturbed."""


def rows_by_key(report: Report) -> dict[Key, Row]:
    """Every result that was measured."""
    return {
        Key(
            row.configuration["device"], row.configuration["precision"],
            row.result["mode"], row.result["pace"],
        ): row
        for row in measured_rows(report)
    }  # fmt: skip


def products_comparable(before: Report, after: Report) -> bool:
    """Whether matrix products mean the same in both: by one NumPy, with the same threads."""
    old, new = (
        (report.content["machine"]["versions"].get("numpy"), report.content["settings"]["threads"])
        for report in (before, after)
    )
    return bool(old == new)


def on_processor(key: Key) -> bool:
    """Whether a result is the processor's, whose mood matrix products share; a GPU has its own."""
    return key.device.lower().endswith(":cpu")


def figures_of(report: Report, relative: bool) -> dict[Key, list[float | None]]:
    """The figure of each process: the logarithm of its latency, low and relative.

    In each slice the 10th percentile of the latencies is taken, since what disturbs makes longer
    and never shorter, and divided by the time of the matrix products around it, since a machine's
    mood is shared by both. The median of a process's slices is its figure. Slices during which
    others kept more than `BUSY_CORES` busy are left out.

    Args:
        report: what is asked.
        relative: whether to divide; figures of other devices than the processor never are.
    """
    return {
        key: [_figure(block, relative and on_processor(key)) for block in row.result["blocks"]]
        for key, row in rows_by_key(report).items()
    }


def _figure(block: Record, relative: bool) -> float | None:
    values = [
        log(part["percentile_10_ms"] / (part["reference_ms"] if relative else 1.0))
        for part in block["slices"]
        if is_undisturbed(part)
    ]
    return median(values) if values else None
