"""Whether work keeps up with a camera, on the whole."""

from __future__ import annotations

from collections import deque

_REMEMBERED = 30
_LEAST = 5
_OUTAGE_NS = 1_000_000_000


class Pace:
    """Compares how long pictures take with how often they come.

    One picture that takes long, because a detector looked at it, is no reason to lose others as
    long as the mean does; a mean that is too long is.

    Example:
        >>> pace = Pace()
        >>> for number in range(20):
        ...     pace.arrived(number * 33)
        ...     pace.worked(90 if number % 10 == 0 else 15)
        >>> pace.keeps_up
        True
    """

    def __init__(self) -> None:
        self._arrivals: deque[int] = deque(maxlen=_REMEMBERED)
        self._work: deque[int] = deque(maxlen=_REMEMBERED)

    def arrived(self, captured_ns: int) -> None:
        """Take the time at which a picture was captured."""
        if self._arrivals and captured_ns - self._arrivals[-1] > _OUTAGE_NS:
            self._arrivals.clear()
        self._arrivals.append(captured_ns)

    def worked(self, taken_ns: int) -> None:
        """Take how long work on a picture took."""
        self._work.append(taken_ns)

    @property
    def keeps_up(self) -> bool:
        """Whether pictures take less time than they leave; False until that is known."""
        arrivals, work = self._arrivals.copy(), self._work.copy()
        if len(arrivals) < _LEAST or len(work) < _LEAST:
            return False
        period = (arrivals[-1] - arrivals[0]) / (len(arrivals) - 1)
        return sum(work) / len(work) < period
