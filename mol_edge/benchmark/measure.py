"""Timing one task in one process: warm up, then repeat until the stop rule is met."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from mol_edge._numbers import is_at_least, is_finite, is_whole
from mol_edge.errors import OptionError

Task = Callable[[], object]

_NS = 1_000_000


@dataclass(frozen=True)
class StopRule:
    """When a task counts as warm, and when it was measured for long enough, in one process.

    A task is warm after `warm_up_ms` and `warm_up_queries`. Measuring ends once `min_duration_ms`
    have passed and `min_query_count` queries are done; a task too slow for that ends after
    `max_duration_ms`, with at least one query.

    Attributes:
        warm_up_ms: least time of the warm-up (trtexec's ``warmUp``).
        warm_up_queries: least number of untimed queries.
        min_duration_ms: least time of measuring (as in MLPerf).
        min_query_count: least number of timed queries (as in MLPerf).
        max_duration_ms: most time of measuring.

    Raises:
        OptionError: a value is out of range.

    Example:
        >>> StopRule(min_duration_ms=500).min_query_count
        6
    """

    warm_up_ms: float = 200.0
    warm_up_queries: int = 3
    min_duration_ms: float = 350.0
    min_query_count: int = 6
    max_duration_ms: float = 4000.0

    def __post_init__(self) -> None:
        if not is_at_least(self.warm_up_ms, 0):
            raise OptionError(f"warm_up_ms must be 0 or more, got {self.warm_up_ms!r}.")
        for name, least in (("warm_up_queries", 0), ("min_query_count", 1)):
            if not is_whole(getattr(self, name), least):
                raise OptionError(f"{name} must be {least} or more, got {getattr(self, name)!r}.")
        times = (self.min_duration_ms, self.max_duration_ms)
        if not all(is_finite(each) and each > 0 for each in times) or times[0] > times[1]:
            raise OptionError(
                "min_duration_ms must be above 0 and at most max_duration_ms, got "
                f"{self.min_duration_ms!r} and {self.max_duration_ms!r}."
            )

    def lasting(self, seconds: float) -> StopRule:
        """The same rule with another least time of measuring, and the most time to fit."""
        most = max(self.max_duration_ms, 4e3 * seconds)
        return replace(self, min_duration_ms=1e3 * seconds, max_duration_ms=most)


class Stopwatch(Protocol):
    """What times are read from, so that tests can hold it."""

    def now_ns(self) -> int:
        """Nanoseconds of a monotonic clock."""
        ...

    def cpu_ns(self) -> int:
        """Processor time of all threads of this process, nanoseconds."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemStopwatch:
    """The system's clocks.

    Example:
        >>> watch = SystemStopwatch()
        >>> before = watch.now_ns()
        >>> watch.now_ns() >= before
        True
    """

    def now_ns(self) -> int:
        """Nanoseconds of the monotonic clock."""
        return time.monotonic_ns()

    def cpu_ns(self) -> int:
        """Processor time of all threads of this process, nanoseconds."""
        return time.process_time_ns()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(frozen=True)
class Timing:
    """What one task took in one process.

    Attributes:
        latencies_ms: time of each query.
        started_ns, ended_ns: when measuring began and ended, by the monotonic clock.
        cpu_ms: processor time of all threads between the two.
        missed: queries of a camera's pace that were left out because the one before took too long.
        cut: whether `StopRule.max_duration_ms` ended it before the rule was met.
    """

    latencies_ms: tuple[float, ...]
    started_ns: int
    ended_ns: int
    cpu_ms: float
    missed: int = 0
    cut: bool = False

    @property
    def duration_ms(self) -> float:
        """Time of measuring."""
        return (self.ended_ns - self.started_ns) / _NS


def measure(
    task: Task, rule: StopRule, period_ms: float | None = None, watch: Stopwatch | None = None
) -> Timing:
    """Time a task by a stop rule.

    Args:
        task: what is timed.
        rule: when it is warm, and when to stop.
        period_ms: time between two frames of a camera: a query begins when its frame is due, and
            frames that come while one is under way are missed. None: the next begins on completion
            of the last, as in MLPerf's single stream.
        watch: what times are read from.

    Example:
        >>> timing = measure(lambda: sum(range(100)), StopRule(1, 1, 1, 5))
        >>> len(timing.latencies_ms) >= 5
        True
    """
    watch = watch or SystemStopwatch()
    pace = _Pace(watch, period_ms)
    _warm_up(task, rule, watch, pace)
    latencies: list[float] = []
    missed_before, cut = pace.missed, False
    cpu, started = watch.cpu_ns(), watch.now_ns()
    while True:
        pace.wait()
        begin = watch.now_ns()
        task()
        end = watch.now_ns()
        latencies.append((end - begin) / _NS)
        passed = (end - started) / _NS
        enough = len(latencies) >= rule.min_query_count
        if passed >= rule.min_duration_ms and enough:
            break
        if passed >= rule.max_duration_ms:
            cut = True
            break
    return Timing(
        latencies_ms=tuple(latencies),
        started_ns=started,
        ended_ns=end,
        cpu_ms=(watch.cpu_ns() - cpu) / _NS,
        missed=pace.missed - missed_before,
        cut=cut,
    )


def _warm_up(task: Task, rule: StopRule, watch: Stopwatch, pace: _Pace) -> None:
    started, queries = watch.now_ns(), 0
    while queries < rule.warm_up_queries or (watch.now_ns() - started) / _NS < rule.warm_up_ms:
        pace.wait()
        task()
        queries += 1


class _Pace:
    """Waits until the next frame of a camera is due; does nothing without a period."""

    def __init__(self, watch: Stopwatch, period_ms: float | None) -> None:
        self._watch = watch
        self._period_ns = None if period_ms is None else round(period_ms * _NS)
        self._due_ns: int | None = None
        self.missed = 0

    def wait(self) -> None:
        if self._period_ns is None:
            return
        now = self._watch.now_ns()
        if self._due_ns is None:
            self._due_ns = now
            return
        self._due_ns += self._period_ns
        if self._due_ns < now:
            # A live source hands over its newest picture, at the camera's next beat.
            late = -(-(now - self._due_ns) // self._period_ns)
            self.missed += late
            self._due_ns += late * self._period_ns
        if self._due_ns > now:
            self._watch.sleep((self._due_ns - now) / 1e9)
