"""Ending a run by a signal without losing what it has."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mol_edge.commands.exit_codes import INTERRUPTED
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


class _Guard:
    """Ends this process where a signal's handler does not come to run, because code in C hangs.

    Python runs handlers in the main thread once that is back from C; the system tells of a signal
    by a byte in a pipe at once, and this waits for it in a thread.

    Args:
        answered_s: when the handler has last run, by `time.monotonic`.
        patience_s: how long it may take.
    """

    def __init__(self, answered_s: Callable[[], float], patience_s: float) -> None:
        self._answered_s = answered_s
        self._patience_s = patience_s
        self._over = threading.Event()
        self._pipe: tuple[int, int] | None = None

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        if before != -1:
            # Somebody else waits for signals in this way.
            signal.set_wakeup_fd(before)
            os.close(reading)
            os.close(writing)
            return
        self._pipe = reading, writing
        self._thread = threading.Thread(target=self._watch, args=(reading,), daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        if self._pipe is None:
            return
        reading, writing = self._pipe
        signal.set_wakeup_fd(-1)
        self._over.set()
        os.close(writing)
        self._thread.join()
        os.close(reading)

    def _watch(self, reading: int) -> None:
        ours = {int(number) for number in (signal.SIGINT, *TERMINATION)}
        while word := os.read(reading, 1):
            if word[0] not in ours or self._over.wait(self._patience_s):
                continue
            # Signals that come together have one answer, which may be known before the byte is.
            if time.monotonic() - self._answered_s() <= 2 * self._patience_s:
                continue
            told = "mol-edge: interrupted in code that does not return; lines written are kept\n"
            os.write(2, told.encode())
            os._exit(INTERRUPTED)


# Some send a signal to a process and to its group, others SIGTERM and SIGHUP: one request.
_ONE_REQUEST_S = 0.5


class Interruption:
    """Lets Ctrl-C and a request to terminate end a run between two frames; a second one at once.

    Signals within half a second of the first count as one with it.

    Where a decoder or a driver hangs, so that there is no next frame, the process ends with what
    it has written, after some patience.

    Args:
        live: a source that may keep us waiting for its next frame, or None. It is closed, so that
            the wait ends; and a request to terminate is how such a run ends well.
        patience_s: how long code in C may keep a signal waiting.
        now_s: a monotonic clock.

    Attributes:
        requested: whether the run shall end.
        ended_well: whether that was a live source's request to terminate.
    """

    def __init__(
        self,
        live: Source | None = None,
        patience_s: float = 5.0,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.requested = False
        self.ended_well = False
        self._live = live
        self._handled = contextlib.ExitStack()
        self._now_s = now_s
        self._requested_s = self._answered_s = -math.inf
        self._guard = _Guard(lambda: self._answered_s, patience_s)

    def check(self) -> None:
        """Raise KeyboardInterrupt if the run shall end, and not well."""
        if self.requested and not self.ended_well:
            raise KeyboardInterrupt

    def __enter__(self) -> Interruption:
        self._handled.enter_context(_handling((signal.SIGINT, *TERMINATION), self._request))
        self._handled.enter_context(self._guard)
        return self

    def __exit__(self, *_: object) -> None:
        self._handled.close()

    def _request(self, number: int, frame: object) -> None:
        self._answered_s = self._now_s()
        if self.requested:
            if self._answered_s - self._requested_s > _ONE_REQUEST_S:
                raise KeyboardInterrupt
            return
        self.requested, self._requested_s = True, self._answered_s
        if self._live is not None:
            self.ended_well = number in TERMINATION
            # Elsewhere, since what is closed may be held by the code that the signal came upon.
            threading.Thread(target=self._live.close, daemon=True).start()
