"""Ending a live run by a signal, also while its source gives nothing."""

from __future__ import annotations

import signal
import threading
from typing import Any

from mol_edge.sources.feed import LiveFeed


class drained_by_signals:  # noqa: N801 -- used as a function
    """Lets SIGTERM and Ctrl-C close a feed, so that the run on it ends in order.

    What waits is still worked on, and the run's files are finished. A second signal ends at once.

    Args:
        feed: what is closed.

    Attributes:
        by: name of the signal that came, or None.

    Example:
        >>> from mol_edge import open_live
        >>> with drained_by_signals(open_live([])) as drain:
        ...     drain.by is None
        True
    """

    def __init__(self, feed: LiveFeed) -> None:
        self.by: str | None = None
        self._feed = feed
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> drained_by_signals:
        # Only a main thread may set handlers.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._close)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _close(self, number: int, frame: object) -> None:
        if self.by is not None:
            raise KeyboardInterrupt
        self.by = signal.Signals(number).name
        # In a thread, because the handler may have interrupted one that holds the feed's locks.
        threading.Thread(target=self._feed.close, daemon=True).start()
