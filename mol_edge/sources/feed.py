"""A live source under guard: it cannot hang its reader, comes back by itself, and says how it is.

    connector -> Reader (child process or thread) -> Supervisor -> mailbox -> whoever iterates

A thread of the feed's own takes `step` after `step`; in tests, whoever iterates does.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterator

from mol_edge.clock import Clock, MonotonicClock
from mol_edge.frame import Frame
from mol_edge.sources.base import Source
from mol_edge.sources.connector import Connector, FeedState
from mol_edge.sources.live_options import LiveOptions
from mol_edge.sources.mailbox import Mailbox
from mol_edge.sources.pace import Pace
from mol_edge.sources.reader import Captured
from mol_edge.sources.supervisor import POLL_S, Supervisor

log = logging.getLogger(__name__)


class LiveFeed(Source):
    """Frames of a live source, none of them old; it never ends because of a fault alone.

    A few pictures may wait their turn while work keeps up with the camera on the whole, so that a
    moment's delay costs none; once it does not, only the newest counts.

    A frame's `index` counts the pictures that the source gave, so that a gap in it shows what was
    dropped or withheld.

    Args:
        connector: how the source is opened.
        options: limits.
        clock: what times are told and waited by.
        chance: what the pauses between attempts are shortened by.
        threaded: whether a thread of the feed's own reads; else whoever iterates does, in turn.

    Attributes:
        options: limits.

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
        threaded: bool = True,
    ) -> None:
        self.options = options or LiveOptions()
        self._clock: Clock = clock or MonotonicClock()
        self._drops = connector.drops if self.options.drop is None else self.options.drop
        self._mailbox: Mailbox[Captured] = Mailbox(self.options.waiting if self._drops else 1)
        self._pace = Pace()
        self._supervisor = Supervisor(
            connector, self.options, self._clock, chance, deliver=self._leave
        )
        self._taken_ns: int | None = None
        self._threaded = threaded
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()

    @property
    def name(self) -> str:  # type: ignore[override]
        """What is read, fit for logs."""
        return self._supervisor.name

    @property
    def period_ns(self) -> int | None:  # type: ignore[override]
        """Nominal time between two pictures, or None while nothing says."""
        return self._supervisor.period_ns

    @property
    def incomplete(self) -> str | None:  # type: ignore[override]
        """After its end, why more was expected, or None."""
        return self._supervisor.incomplete

    @property
    def state(self) -> FeedState:
        """What the source does."""
        return self._supervisor.state

    @property
    def on_state(self) -> Callable[[FeedState], None]:
        """What is called with each new state, in the feed's thread."""
        return self._supervisor.on_state

    @on_state.setter
    def on_state(self, listener: Callable[[FeedState], None]) -> None:
        self._supervisor.on_state = listener

    @property
    def frames(self) -> int:
        """Pictures that the source gave."""
        return self._supervisor.frames

    @property
    def withheld(self) -> int:
        """Pictures that were black or frozen."""
        return self._supervisor.withheld

    @property
    def reconnects(self) -> int:
        """Times that the source was opened anew."""
        return self._supervisor.reconnects

    @property
    def dropped(self) -> int:
        """Pictures that newer ones replaced before they were taken."""
        return self._mailbox.dropped + self._supervisor.overrun

    def now_ns(self) -> int:
        """The time by the feed's clock."""
        return self._clock.now_ns()

    @property
    def age_ms(self) -> float | None:
        """Time since the frame that was given last was captured, or None before the first."""
        taken_ns = self._taken_ns
        return None if taken_ns is None else (self._clock.now_ns() - taken_ns) / 1e6

    def __iter__(self) -> Iterator[Frame]:
        """The frames that can be had; ends when the source has ended or failed, or on `close`."""
        if self._threaded:
            self.start()
        while (captured := self._take()) is not None:
            self._taken_ns = captured.captured_ns
            began_ns = self._clock.now_ns()
            yield captured.frame
            self._pace.worked(self._clock.now_ns() - began_ns)

    def _take(self) -> Captured | None:
        """The next picture; in turn while we keep up with the camera, else the newest alone."""
        newest = not self._pace.keeps_up
        if self._threaded:
            return self._mailbox.take(newest=newest)
        captured = self._mailbox.take(wait=False, newest=newest)
        while captured is None and not self.state.state.final:
            self.step()
            captured = self._mailbox.take(wait=False)
        return captured

    def step(self) -> None:
        """Open the source, wait a little for a picture, or wait before another attempt."""
        if not self._drops and not self._mailbox.wait_empty(POLL_S):
            self._supervisor.rest()
        else:
            self._supervisor.step()

    def _leave(self, captured: Captured) -> None:
        self._pace.arrived(captured.captured_ns)
        self._mailbox.put(captured)

    def start(self) -> None:
        """Begin to read, in a thread of the feed's own."""
        with self._start_lock:
            if self._thread is None and not self._supervisor.stop.is_set():
                self._thread = threading.Thread(
                    target=self._run, name=f"watch {self.name}", daemon=True
                )
                self._thread.start()

    def close(self) -> None:
        """Let go of the source; what waits can still be taken. From any thread."""
        with self._start_lock:
            self._supervisor.stop.set()
        if self._thread is None:
            self._finish()
        elif self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        try:
            while not self._supervisor.stop.is_set() and not self.state.state.final:
                self.step()
        except Exception as error:
            log.exception("Watching %s failed.", self.name)
            self._supervisor.fail(error)
        finally:
            self._finish()

    def _finish(self) -> None:
        self._supervisor.finish()
        self._mailbox.close()
