"""Ending a run by a signal without losing what it has."""

from __future__ import annotations

import signal
import threading
from typing import Any


class Interruption:
    """Lets Ctrl-C and a request to terminate end a run between two frames; a second one at once.

    Attributes:
        requested: whether the run shall end.
    """

    def __init__(self) -> None:
        self.requested = False
        self._before: dict[signal.Signals, Any] = {}

    def check(self) -> None:
        """Raise KeyboardInterrupt if the run shall end."""
        if self.requested:
            raise KeyboardInterrupt

    def __enter__(self) -> Interruption:
        # Only a main thread may set handlers.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._request)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _request(self, number: int, frame: object) -> None:
        self.check()
        self.requested = True
