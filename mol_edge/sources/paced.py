"""A recording played as if it happened now."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

from mol_edge.clock import Clock, MonotonicClock
from mol_edge.frame import Frame
from mol_edge.sources.base import Source

_MOST_LATE_NS = 500_000_000


class PacedSource(Source):
    """The frames of another source, each at its time, stamped by the monotonic clock.

    Whoever reads too slowly finds frames late, never early. Where the recording itself cannot be
    decoded fast enough, or its times jump, the rest is played half a second late and no later.

    Args:
        source: what is played; it is closed with this one.
        clock: what is waited by.

    Example:
        >>> import numpy as np
        >>> from mol_edge.sources import open_source
        >>> recording = open_source([(np.zeros((48, 64), np.uint8), t) for t in (0, 2_000_000)])
        >>> a, b = PacedSource(recording)
        >>> b.timestamp_ns - a.timestamp_ns
        2000000
    """

    live = True

    def __init__(self, source: Source, clock: Clock | None = None) -> None:
        self.name, self.period_ns = source.name, source.period_ns
        self.frame_count = source.frame_count
        self._source = source
        self._clock: Clock = clock or MonotonicClock()
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        """The frames, each when it is due."""
        shift_ns: int | None = None
        for frame in self._source:
            now_ns = self._clock.now_ns()
            if shift_ns is None:
                shift_ns = now_ns - frame.timestamp_ns
            late_ns = now_ns - (frame.timestamp_ns + shift_ns)
            if late_ns > _MOST_LATE_NS:
                shift_ns += late_ns - _MOST_LATE_NS
            elif late_ns < 0:
                self._clock.wait(-late_ns / 1e9, self._closed)
            if self._closed.is_set():
                return
            yield replace(frame, timestamp_ns=frame.timestamp_ns + shift_ns)
        self.incomplete = self._source.incomplete

    def close(self) -> None:
        """Stop playing and close the recording."""
        self._closed.set()
        self._source.close()
