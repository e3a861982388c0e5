"""Times of tasks that take turns, so that what slows the machine down slows all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping


def interleave(
    tasks: Mapping[str, Callable[[], object]],
    rounds: int,
    warm_up: int = 3,
    settle_s: float = 0.0,
    bursts: Mapping[str, int] | None = None,
) -> dict[str, list[float]]:
    """Seconds of each task, all tasks in turn in every round, so that drift meets them alike.

    Args:
        tasks: what to run, by name.
        rounds: how often each one is timed.
        warm_up: untimed runs of each before that.
        settle_s: pause before each run, in which the threads of the task before stop spinning.
        bursts: how often a task runs at its turn, each run timed, after one that is not: for
            tasks that follow on one another, such as the frames of a stream. 1 by default.
    """
    for task in tasks.values():
        for _ in range(warm_up):
            task()
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            time.sleep(settle_s)
            burst = (bursts or {}).get(name, 1)
            if burst > 1:
                task()
            for _ in range(burst):
                start = time.perf_counter()
                task()
                times[name].append(time.perf_counter() - start)
    return times
