"""A live source under guard: it cannot hang its reader, comes back by itself, and says how it is.

    connector -> Reader (child process or thread) -> LiveFeed -> mailbox of one -> pipeline

`LiveFeed.step` is the whole of it, driven by a thread of its own or, in tests, by hand.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from mol_edge.clock import Clock, MonotonicClock
from mol_edge.errors import InputError, MolEdgeError
from mol_edge.frame import Frame
from mol_edge.health import HealthState
from mol_edge.sources.backoff import Backoff
from mol_edge.sources.base import Source, check_size
from mol_edge.sources.live_options import LiveOptions
from mol_edge.sources.mailbox import Mailbox
from mol_edge.sources.pictures import PictureWatch
from mol_edge.sources.reader import Captured, EndOfSource, Reader

log = logging.getLogger(__name__)

_LONGEST_POLL_S = 0.2
_MOST_HANGING = 4


@dataclass(frozen=True)
class Connector:
    """How a source is opened, and after what it can be opened anew.

    Attributes:
        name: what is read, fit for logs.
        open: opens it; raises where that fails at once.
        newest: whether its pictures come whether or not they are taken.
        reopens: whether opening it anew goes on with the present: a camera, not a recording.
        retries: whether it may go on after an exception.
        period_ns: nominal time between two pictures, where it is known beforehand.
    """

    name: str
    open: Callable[[], Reader]
    newest: bool = True
    reopens: bool = True
    retries: bool = True
    period_ns: int | None = None


@dataclass(frozen=True)
class FeedState:
    """What a feed does, since when (monotonic nanoseconds), and why."""

    state: HealthState
    since_ns: int
    message: str


class LiveFeed(Source):
    """Frames of a live source, the newest first to be had; never ends because of a fault alone.

    A frame's `index` counts the pictures that the source gave, so that a gap in it shows what was
    dropped or withheld.

    Args:
        connector: how the source is opened.
        options: limits.
        clock: what times are told and waited by.
        chance: what the pauses between attempts are shortened by.

    Attributes:
        frames: pictures that the source gave.
        withheld: those that were black or frozen.
        reconnects: times that it was opened anew.
        taken_ns: monotonic time at which the frame that was taken last was captured, or None.
        on_state: called with each new `FeedState`, in the feed's thread.

    Example:
        >>> import numpy as np
        >>> from mol_edge import open_live
        >>> noise = np.random.default_rng(0)
        >>> pictures = [noise.integers(0, 255, (48, 64), np.uint8) for _ in range(3)]
        >>> with open_live(pictures) as feed:
        ...     [frame.index for frame in feed], feed.state.state.value
        ([0, 1, 2], 'ended')
    """

    live = True

    def __init__(
        self,
        connector: Connector,
        options: LiveOptions | None = None,
        clock: Clock | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self.options = options or LiveOptions()
        self.frames = self.withheld = self.reconnects = 0
        self.taken_ns: int | None = None
        self.on_state: Callable[[FeedState], None] = lambda state: None
        self._connector = connector
        self._newest = connector.newest if self.options.newest is None else self.options.newest
        self._clock: Clock = clock or MonotonicClock()
        self._backoff = Backoff(self.options.backoff_s, self.options.backoff_most_s, chance)
        self._watch = PictureWatch(self.options)
        self._mailbox: Mailbox[Captured] = Mailbox()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()
        self._reader: Reader | None = None
        self._left: list[Reader] = []
        self._replaced = self._overrun = 0
        self._error: str | None = None
        self._retry_ns = 0
        self._opened_ns = self._last_ns = 0
        self._had_picture = False
        self.state = FeedState(
            HealthState.CONNECTING, self._clock.now_ns(), f"{connector.name} is being opened."
        )

    @property
    def name(self) -> str:  # type: ignore[override]
        """What is read, fit for logs."""
        return self._connector.name if self._reader is None else self._reader.name

    @property
    def period_ns(self) -> int | None:  # type: ignore[override]
        """Nominal time between two pictures, or None while nothing says."""
        reader = self._reader
        stated = None if reader is None else reader.period_ns
        return self._connector.period_ns if stated is None else stated

    @property
    def dropped(self) -> int:
        """Pictures that a newer one replaced before they were taken."""
        reader = self._reader
        return self._replaced + self._overrun + (0 if reader is None else reader.overrun)

    def age_ns(self, captured_ns: int) -> int:
        """Time since a picture was captured."""
        return self._clock.now_ns() - captured_ns

    def __iter__(self) -> Iterator[Frame]:
        """The frames that can be had; ends when the source has ended or failed, or on `close`."""
        self.start()
        while (captured := self._mailbox.take()) is not None:
            self.taken_ns = captured.captured_ns
            yield captured.frame

    def take(self) -> Frame | None:
        """The frame that waits, or None: for those who drive `step` themselves."""
        captured = self._mailbox.take(wait=False)
        if captured is None:
            return None
        self.taken_ns = captured.captured_ns
        return captured.frame

    def start(self) -> None:
        """Begin to read, in a thread of the feed's own."""
        with self._start_lock:
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(
                    target=self._run, name=f"watch {self._connector.name}", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """Let go of the source; a frame that waits can still be taken. From any thread."""
        with self._start_lock:
            self._stop.set()
        if self._thread is None:
            self._finish()
        elif self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        try:
            while not self._stop.is_set() and not self.state.state.final:
                self.step()
        except Exception as error:
            log.exception("Watching %s failed.", self.name)
            # Nobody is called: the listener may be what failed.
            self.state = FeedState(HealthState.FAILED, self._clock.now_ns(), _sentence(error))
        finally:
            self._finish()

    def _finish(self) -> None:
        self._drop_reader()
        if not self.state.state.final:
            self._set(HealthState.ENDED, f"{self.name} was closed.")
        self._mailbox.close()

    def step(self) -> None:
        """Open the source, wait a little for a picture, or wait before another attempt."""
        now_ns = self._clock.now_ns()
        if self._reader is None:
            if now_ns < self._retry_ns:
                pause_s = (self._retry_ns - now_ns) / 1e9
                self._clock.wait(min(pause_s, _LONGEST_POLL_S), self._stop)
                return
            self._connect()
            return
        if not self._newest and not self._mailbox.wait_empty(_LONGEST_POLL_S):
            self._last_ns = self._clock.now_ns()
            return
        try:
            captured = self._reader.poll(_LONGEST_POLL_S)
        except EndOfSource as end:
            self._end(end)
        except Exception as error:
            self._break(_sentence(error))
        else:
            if captured is None:
                self._check_silence()
            else:
                self._accept(captured)

    def _connect(self) -> None:
        self._opened_ns = self._last_ns = self._clock.now_ns()
        self._had_picture = False
        self._watch.restart()
        try:
            self._reader = self._connector.open()
        except Exception as error:
            self._break(_sentence(error))

    def _accept(self, captured: Captured) -> None:
        """Take a picture in: count it, judge it, leave it for whoever computes."""
        now_ns = self._last_ns = self._clock.now_ns()
        try:
            frame = check_size(replace(captured.frame, index=self.frames), self.name)
        except InputError as error:
            self._break(_sentence(error))
            return
        self.frames += 1
        self._had_picture, self._error = True, None
        verdict = self._watch.update(frame)
        if verdict.state is not None:
            self._set(verdict.state, _TELL[verdict.state].format(name=self.name))
        if verdict.withhold:
            self.withheld += 1
            self._check_frozen(now_ns)
            return
        if self._mailbox.put(Captured(frame, captured.captured_ns)):
            self._replaced += 1
        if now_ns - max(self._opened_ns, self.state.since_ns) >= self.options.steady_s * 1e9:
            self._backoff.reset()

    def _check_frozen(self, now_ns: int) -> None:
        if self.state.state is not HealthState.FROZEN or not self._connector.reopens:
            return
        if now_ns - self.state.since_ns >= self.options.frozen_reconnect_s * 1e9:
            self._break(f"{self.name} has given the same picture for too long")

    def _check_silence(self) -> None:
        """Judge that no picture came."""
        silent_s = (self._clock.now_ns() - self._last_ns) / 1e9
        most_s = self.options.hang_s if self._had_picture else self.options.open_s
        if self._connector.reopens and silent_s >= most_s:
            self._break(f"{self.name} has given no picture for {most_s:g} s")
        elif silent_s >= (self.options.stall_s if self._had_picture else most_s):
            self._set(HealthState.STALLED, _TELL[HealthState.STALLED].format(name=self.name))

    def _end(self, end: EndOfSource) -> None:
        if self._error is not None and not self._connector.reopens:
            self._drop_reader()
            self._set(HealthState.FAILED, self._error)
        elif self._connector.reopens:
            self._break(end.incomplete or f"{self.name} has ended")
        else:
            self.incomplete = end.incomplete
            why = f": {end.incomplete}" if end.incomplete else ""
            self._drop_reader()
            self._set(HealthState.ENDED, f"{self.name} has ended{why}.")

    def _break(self, why: str) -> None:
        """Give the reader up, and the source too where it has failed too often."""
        why = why.rstrip(".")
        self._drop_reader()
        most = self.options.max_reconnects
        if not self._connector.retries or (most is not None and self._backoff.attempts >= most):
            tried = f", after {most} attempts" if self._connector.retries else ""
            self._set(HealthState.FAILED, f"{why}{tried}.")
            return
        if len(self._left) > _MOST_HANGING:
            self._set(
                HealthState.FAILED,
                f"{why}, and {len(self._left)} readers of it hang: restart this program.",
            )
            return
        pause_s = self._backoff.next_s()
        self._retry_ns = self._clock.now_ns() + round(pause_s * 1e9)
        self._error = f"{why}."
        self.reconnects += 1
        limit = "" if most is None else f" of {most}"
        attempt = f"attempt {self._backoff.attempts}{limit}"
        self._set(HealthState.RECONNECTING, f"{why}: {attempt} follows in {pause_s:.1f} s.")

    def _drop_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            self._overrun += reader.overrun
            reader.close()
            self._left.append(reader)
        self._left = [left for left in self._left if left.hanging]

    def _set(self, state: HealthState, message: str) -> None:
        if state is self.state.state and state is not HealthState.RECONNECTING:
            return
        self.state = FeedState(state, self._clock.now_ns(), message)
        self.on_state(self.state)


_TELL = {
    HealthState.RUNNING: "{name} gives pictures.",
    HealthState.STALLED: "{name} gives no picture.",
    HealthState.FROZEN: "{name} gives the same picture again and again.",
    HealthState.BLACK: "{name} gives black pictures: check its cover and the light.",
}


def _sentence(error: Exception) -> str:
    """An error in words; those of other libraries with their type."""
    return str(error) if isinstance(error, MolEdgeError) else f"{type(error).__name__}: {error}"
