"""Ending a run by a signal without losing what it has."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mol_edge.sources import Source

TERMINATION = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""What a service manager sends, and a terminal whose connection is gone."""


class Terminated(KeyboardInterrupt):
    """A signal asked this process to end.

    Attributes:
        number: the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextlib.contextmanager
def unwinding() -> Iterator[None]:
    """Turn requests to terminate into `Terminated`, so that no child process is left behind.

    For what waits for its children alone: code in C that hangs would keep the signal waiting.
    A signal that is ignored, as `nohup` has it, stays so.
    """

    def end(number: int, frame: object) -> None:
        raise Terminated(number)

    with _handling(TERMINATION, end):
        yield


@contextlib.contextmanager
def _handling(numbers: Sequence[signal.Signals], handler: Callable[..., None]) -> Iterator[None]:
    """Handle signals that are not ignored, where that is possible: in the main thread."""
    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


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
        self._handled = _handling((signal.SIGINT, *TERMINATION), self._request)

    def check(self) -> None:
        """Raise KeyboardInterrupt if the run shall end, and not well."""
        if self.requested and not self.ended_well:
            raise KeyboardInterrupt

    def __enter__(self) -> Interruption:
        self._handled.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._handled.__exit__(None, None, None)

    def _request(self, number: int, frame: object) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        if self._live is not None:
            self.ended_well = number in TERMINATION
            # Elsewhere, since what is closed may be held by the code that the signal came upon.
            threading.Thread(target=self._live.close, daemon=True).start()
