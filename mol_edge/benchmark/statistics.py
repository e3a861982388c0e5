"""Figures of a set of latencies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

QUANTILES = 41
"""Points of a distribution that a report keeps: 0%, 2.5%, …, 100%."""


def latency_figures(latencies_ms: Sequence[float]) -> dict[str, float]:
    """Least, mean, median, high percentiles and most, milliseconds.

    A percentile is the smallest latency that at least so many of them do not exceed, as in MLPerf.

    Example:
        >>> latency_figures([1.0, 2.0, 3.0, 10.0])["percentile_90"]
        10.0
    """
    values = np.asarray(latencies_ms, np.float64)
    high = np.percentile(values, [90, 95, 99], method="inverted_cdf")
    return {
        "min": _rounded(values.min()),
        "mean": _rounded(values.mean()),
        "median": _rounded(np.median(values)),
        "percentile_90": _rounded(high[0]),
        "percentile_95": _rounded(high[1]),
        "percentile_99": _rounded(high[2]),
        "max": _rounded(values.max()),
    }


def low_latency(latencies_ms: Sequence[float]) -> float:
    """The 10th percentile, milliseconds: what disturbs makes longer, never shorter.

    Example:
        >>> low_latency([3.0, 1.0, 2.0, 10.0])
        1.0
    """
    values = np.asarray(latencies_ms, np.float64)
    return _rounded(np.percentile(values, 10, method="inverted_cdf"))


def quantiles(latencies_ms: Sequence[float]) -> list[float]:
    """`QUANTILES` points of the distribution, rising."""
    points = np.quantile(np.asarray(latencies_ms, np.float64), np.linspace(0, 1, QUANTILES))
    return [_rounded(point) for point in points]


def _rounded(value: float) -> float:
    """Six significant digits: beyond what any clock here tells."""
    return float(f"{float(value):.6g}")
