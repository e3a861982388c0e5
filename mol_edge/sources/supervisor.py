"""Watching over a source: opening it, judging what it gives and does not, opening it anew."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import replace

from mol_edge.clock import Clock
from mol_edge.errors import InputError, in_words
from mol_edge.health import HealthState
from mol_edge.sources.backoff import Backoff
from mol_edge.sources.base import check_size
from mol_edge.sources.connector import Connector, FeedState
from mol_edge.sources.live_options import LiveOptions
from mol_edge.sources.pictures import PictureWatch
from mol_edge.sources.reader import Captured, EndOfSource, Reader
from mol_edge.sources.wrong import WrongSourceError

POLL_S = 0.2
_MOST_HANGING = 4


class Supervisor:
    """Drives the readers of one source, step by step, by a clock.

    Args:
        connector: how the source is opened.
        options: limits.
        clock: what times are told and waited by.
        chance: what the pauses between attempts are shortened by.
        deliver: takes each picture that is fit for a result.

    Attributes:
        stop: set by whoever wants an end.
        state: what the source does.
        withheld: pictures that were black or frozen.
        reconnects: times that it was opened anew.
        incomplete: after its end, why more was expected, or None.
        on_state: called with each new `FeedState`.
    """

    def __init__(
        self,
        connector: Connector,
        options: LiveOptions,
        clock: Clock,
        chance: random.Random | None,
        deliver: Callable[[Captured], None],
    ) -> None:
        self.stop = threading.Event()
        self.withheld = self.reconnects = 0
        self._received = 0
        self.incomplete: str | None = None
        self.on_state: Callable[[FeedState], None] = lambda state: None
        self._connector, self._options, self._clock = connector, options, clock
        self._deliver = deliver
        self._backoff = Backoff(options.backoff_s, options.backoff_most_s, chance)
        self._watch = PictureWatch(options)
        self._reader: Reader | None = None
        self._left: list[Reader] = []
        self._overrun = 0
        self._error: str | None = None
        self._retry_ns = 0
        self._opened_ns = self._last_ns = 0
        self._had_picture = False
        self.state = FeedState(
            HealthState.CONNECTING, clock.now_ns(), f"{connector.name} is being opened."
        )

    @property
    def name(self) -> str:
        """What is read, fit for logs."""
        reader = self._reader
        return self._connector.name if reader is None else reader.name

    @property
    def period_ns(self) -> int | None:
        """Nominal time between two pictures, or None while nothing says."""
        reader = self._reader
        stated = None if reader is None else reader.period_ns
        return self._connector.period_ns if stated is None else stated

    @property
    def frames(self) -> int:
        """Pictures that the source gave, those that readers have lost among them."""
        return self._received + self.overrun

    @property
    def overrun(self) -> int:
        """Pictures that readers have lost."""
        reader = self._reader
        return self._overrun + (0 if reader is None else reader.overrun)

    def finish(self) -> None:
        """Let go of the source, for good."""
        self._drop_reader()
        if not self.state.state.final:
            self._set(HealthState.ENDED, f"{self.name} was closed.")

    def fail(self, error: Exception) -> None:
        """Take a fault of our own; nobody is told, because the listener may be what failed."""
        self.state = FeedState(HealthState.FAILED, self._clock.now_ns(), in_words(error))

    def rest(self) -> None:
        """Take note that no picture was asked for up to now, so that silence is no stall."""
        self._last_ns = self._clock.now_ns()

    def step(self) -> None:
        """Open the source, wait a little for a picture, or wait before another attempt."""
        if self.stop.is_set():
            return
        now_ns = self._clock.now_ns()
        if self._reader is None:
            if now_ns < self._retry_ns:
                pause_s = (self._retry_ns - now_ns) / 1e9
                self._clock.wait(min(pause_s, POLL_S), self.stop)
                return
            self._connect()
            return
        try:
            captured = self._reader.poll(POLL_S)
        except EndOfSource as end:
            self._end(end)
        except Exception as error:
            self._break_by(error)
        else:
            if self.stop.is_set():
                return
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
            self._break_by(error)

    def _accept(self, captured: Captured) -> None:
        """Take a picture in: count it, judge it, leave it for whoever computes."""
        now_ns = self._last_ns = self._clock.now_ns()
        try:
            frame = check_size(replace(captured.frame, index=self.frames), self.name)
        except InputError as error:
            self._break(in_words(error))
            return
        self._received += 1
        self._had_picture, self._error = True, None
        verdict = self._watch.update(frame)
        if verdict.state is not None:
            self._set(verdict.state, _TELL[verdict.state].format(name=self.name))
        if verdict.withhold:
            self.withheld += 1
            self._check_frozen(now_ns)
            return
        self._deliver(Captured(frame, captured.captured_ns))
        if now_ns - max(self._opened_ns, self.state.since_ns) >= self._options.steady_s * 1e9:
            self._backoff.reset()

    def _check_frozen(self, now_ns: int) -> None:
        if self.state.state is not HealthState.FROZEN or not self._connector.reopens:
            return
        if now_ns - self.state.since_ns >= self._options.frozen_reconnect_s * 1e9:
            self._break(f"{self.name} has given the same picture for too long")

    def _check_silence(self) -> None:
        """Judge that no picture came."""
        silent_s = (self._clock.now_ns() - self._last_ns) / 1e9
        most_s = self._options.hang_s if self._had_picture else self._options.open_s
        if self._connector.reopens and silent_s >= most_s:
            self._break(f"{self.name} has given no picture for {most_s:g} s")
        elif silent_s >= (self._options.stall_s if self._had_picture else most_s):
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

    def _break_by(self, error: Exception) -> None:
        if isinstance(error, WrongSourceError) and self._received == 0:
            self._drop_reader()
            self._set(HealthState.FAILED, str(error))
        else:
            self._break(in_words(error))

    def _break(self, why: str) -> None:
        """Give the reader up, and the source too where it has failed too often."""
        why = why.rstrip(".")
        self._drop_reader()
        most = self._options.max_reconnects
        if not self._connector.retries or (most is not None and self._backoff.attempts >= most):
            plural = "" if most == 1 else "s"
            tried = f", after {most} attempt{plural}" if self._connector.retries and most else ""
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
