"""What time it is and how to wait for it, so that tests can hold the clock."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """A monotonic clock that one can wait by."""

    def now_ns(self) -> int:
        """Nanoseconds since an arbitrary moment; never less than before."""
        ...

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Return after `seconds`, or earlier once `stop` is set."""
        ...


class MonotonicClock:
    """The clock of the system, which all processes of a machine share.

    Example:
        >>> clock = MonotonicClock()
        >>> before = clock.now_ns()
        >>> clock.now_ns() >= before
        True
    """

    def now_ns(self) -> int:
        """Nanoseconds of the system's monotonic clock."""
        return time.monotonic_ns()

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Return after `seconds`, or earlier once `stop` is set."""
        stop.wait(max(0.0, seconds))
