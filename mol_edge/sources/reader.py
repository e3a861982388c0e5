"""What takes pictures from an opened source, in a way that never blocks for long."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple, Protocol

from mol_edge.clock import Clock, MonotonicClock
from mol_edge.frame import Frame
from mol_edge.sources.wrong import as_wrong


class Captured(NamedTuple):
    """A picture, and when it was taken by the monotonic clock."""

    frame: Frame
    captured_ns: int


class EndOfSource(Exception):
    """The source has no further picture.

    Args:
        incomplete: why it should have had more, or None.
    """

    def __init__(self, incomplete: str | None = None) -> None:
        super().__init__(incomplete or "the source has ended")
        self.incomplete = incomplete


class Reader(Protocol):
    """One opening of a source.

    Attributes:
        name: what is read, fit for logs.
        period_ns: nominal time between two pictures, or None.
        overrun: pictures that were lost between the source and `poll`.
    """

    name: str
    period_ns: int | None
    overrun: int

    def poll(self, seconds: float) -> Captured | None:
        """The next picture, waited for at most `seconds`.

        Raises:
            EndOfSource: there will be none.
            Exception: what the source raised.
        """
        ...

    def close(self) -> None:
        """Let go of the source; returns at once, also where it hangs."""
        ...

    @property
    def hanging(self) -> bool:
        """Whether something is left behind, after `close`, that has not ended yet."""
        ...


class ThreadReader:
    """Iterates over frames in a daemon thread.

    A thread that hangs cannot be ended, only left behind; it ends when the call it hangs in
    returns, and what it had read is lost.

    Args:
        frames: called in the thread; gives the iterator of frames.
        name: what is read.
        clock: what stamps the frames.
        incomplete: called at the end; why there should have been more, or None.
        own: whether it is the caller's code that gives them, whose faults are told as such.

    Example:
        >>> import numpy as np
        >>> frames = [Frame(np.zeros((20, 30), np.uint8), 0, format="gray")]
        >>> reader = ThreadReader(lambda: iter(frames), "frames")
        >>> reader.poll(10).frame is frames[0]
        True
    """

    period_ns: int | None = None
    overrun = 0

    def __init__(
        self,
        frames: Callable[[], Iterator[Frame]],
        name: str,
        clock: Clock | None = None,
        incomplete: Callable[[], str | None] = lambda: None,
        own: bool = False,
    ) -> None:
        self.name, self._own = name, own
        self._frames, self._incomplete = frames, incomplete
        self._clock: Clock = clock or MonotonicClock()
        self._found: queue.Queue[Captured | Exception] = queue.Queue(maxsize=1)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._read, name=f"read {name}", daemon=True)
        self._thread.start()

    def poll(self, seconds: float) -> Captured | None:
        """See `Reader.poll`."""
        try:
            found = self._found.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None
        if isinstance(found, Exception):
            raise found
        return found

    def close(self) -> None:
        """Leave the thread to end after the picture it waits for."""
        self._closed.set()

    @property
    def hanging(self) -> bool:
        """Whether the thread has not ended."""
        return self._thread.is_alive()

    def _read(self) -> None:
        try:
            frames = self._frames()
            try:
                for frame in frames:
                    self._hand_over(Captured(frame, self._clock.now_ns()))
                    if self._closed.is_set():
                        return
            finally:
                if isinstance(frames, Generator):
                    frames.close()
            self._hand_over(EndOfSource(self._incomplete()))
        except (Exception, SystemExit) as error:
            wrong = as_wrong(error, self.name) if self._own else None
            if isinstance(error, SystemExit):
                # It would end this thread alone, without a word.
                error = RuntimeError(f"SystemExit: {error}")
            # Its traceback would keep the caller's frames alive for as long as the error is.
            self._hand_over(wrong or error.with_traceback(None))

    def _hand_over(self, found: Captured | Exception) -> None:
        while not self._closed.is_set():
            try:
                self._found.put(found, timeout=0.2)
                return
            except queue.Full:
                continue
