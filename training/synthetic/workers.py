"""Work spread over cores, in order, with a progress bar."""

from __future__ import annotations

import functools
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ParamSpec, TypeVar

from mol_edge.errors import OptionError

Task = TypeVar("Task")
Result = TypeVar("Result")
Given = ParamSpec("Given")


def on_one_thread(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Let a function multiply matrices on one thread.

    On some processors sums come in another order on several, which moves a pixel by a gray level.
    """

    @functools.wraps(function)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        with _libraries().limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return run


@functools.cache
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def in_order(
    work: Callable[[Task], Result], tasks: Iterable[Task], total: int, workers: int, label: str
) -> Iterator[Result]:
    """Yield work(task) for all tasks, in their order, from `workers` processes.

    Each process computes on one thread, and each task depends on itself alone, so that the
    results are the same for any number of workers.

    Raises:
        OptionError: `workers` is below 1.
    """
    from tqdm import tqdm

    if workers < 1:
        raise OptionError(
            f"The number of workers must be 1 or more, got {workers}; give 1 or more."
        )
    bar = tqdm(total=total, desc=label, unit="", smoothing=0.05)
    with bar:
        if workers == 1:
            for task in tasks:
                yield work(task)
                bar.update()
            return
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, "1")
        context = multiprocessing.get_context("spawn")
        with context.Pool(workers, initializer=_single_thread) as pool:
            for result in pool.imap(work, tasks, chunksize=4):
                yield result
                bar.update()


def _single_thread() -> None:
    import cv2

    cv2.setNumThreads(1)
