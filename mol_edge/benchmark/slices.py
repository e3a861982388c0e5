"""Short measurements that take turns over all tasks, each between matrix products of its own.

A machine's mood (its clock, its neighbours) changes within seconds. So what one process measures of
a task is cut into slices spread over its whole life, and each slice has small matrix products
timed before and after it, which the same mood makes longer.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from statistics import median

from mol_edge.benchmark.load import Load
from mol_edge.benchmark.measure import StopRule, Task, Timing, measure

REFERENCE_SIDE = 512
"""Rows and columns of the matrices whose product says how fast the machine is at this moment."""

_PRODUCTS = 4
# A task that was warm once only has to find its caches and threads again.
_WARM_UP_AGAIN_MS = 60.0
_WARM_UP_AGAIN_QUERIES = 2


@dataclass(frozen=True)
class Slice:
    """A short measurement of a task.

    Attributes:
        timing: of its queries.
        reference_ms: median time of the matrix products before and after.
        others: cores that others kept busy meanwhile; None where nothing tells.
    """

    timing: Timing
    reference_ms: float
    others: float | None


def slice_rule(rule: StopRule, count: int, first: bool) -> StopRule:
    """The stop rule of one slice of several.

    Args:
        rule: of all slices of a task together.
        count: how many they are.
        first: whether it is the task's first, which warms it fully.

    Example:
        >>> slice_rule(StopRule(), 7, first=False).min_duration_ms
        50.0
    """
    part = replace(
        rule,
        min_duration_ms=rule.min_duration_ms / count,
        min_query_count=-(-rule.min_query_count // count),
        max_duration_ms=rule.max_duration_ms / count,
    )
    if first:
        return part
    return replace(
        part,
        warm_up_ms=min(rule.warm_up_ms, _WARM_UP_AGAIN_MS),
        warm_up_queries=min(rule.warm_up_queries, _WARM_UP_AGAIN_QUERIES),
    )


def measure_slice(
    task: Task, rule: StopRule, product: Task, period_ms: float | None = None
) -> Slice:
    """Measure a task once, with products before and after.

    Args:
        task: what is timed.
        rule: of this slice.
        product: a small matrix product.
        period_ms: as in `mol_edge.benchmark.measure.measure`.

    Example:
        >>> found = measure_slice(lambda: None, StopRule(0, 1, 1, 5), lambda: sum(range(1000)))
        >>> found.reference_ms > 0 and len(found.timing.latencies_ms) >= 5
        True
    """
    before = _product_times(product)
    load = Load.now()
    timing = measure(task, rule, period_ms)
    others = Load.now().others_since(load)
    return Slice(timing, median(before + _product_times(product)), others)


def _product_times(product: Task) -> list[float]:
    """Milliseconds of a few products, after one that the task's own threads may still disturb."""
    product()
    times = []
    for _ in range(_PRODUCTS):
        begin = time.perf_counter()
        product()
        times.append(1e3 * (time.perf_counter() - begin))
    return times
