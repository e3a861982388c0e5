"""Ending a run by a signal without losing what it has."""

from __future__ import annotations

import signal
import threading
from typing import Any

from mol_edge.sources import Source


class Interruption:
    """Lets Ctrl-C and a request to terminate end a run between two frames; a second one at once.

    Args:
        live: a source that may keep us waiting for its next frame, or None. It is closed, so that
            the wait ends; and a request to terminate is how such a run ends well.

    Attributes:
        requested: whether the run shall end.
        ended_well: whether that was a live source's request to terminate.
    """

    def __init__(self, live: Source | None = None) -> None:
        self.requested = False
        self.ended_well = False
        self._live = live
        self._before: dict[signal.Signals, Any] = {}

    def check(self) -> None:
        """Raise KeyboardInterrupt if the run shall end, and not well."""
        if self.requested and not self.ended_well:
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
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        if self._live is not None:
            self.ended_well = number == signal.SIGTERM
            # Elsewhere, since what is closed may be held by the code that the signal came upon.
            threading.Thread(target=self._live.close, daemon=True).start()
