"""How many threads processes beside this one compute with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

# Libraries that NumPy may multiply matrices with; they look once, when they are loaded.
_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Let processes that start meanwhile multiply matrices on one thread, unless told otherwise.

    They inherit variables that are set here for so long: a process that is spawned has loaded
    NumPy before it could be told anything. What this process has loaded keeps its threads, and
    what it starts later is left alone.

    Example:
        >>> with one_thread_each():
        ...     "OMP_NUM_THREADS" in os.environ
        True
    """
    added = [name for name in _VARIABLES if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
