"""A live run: results, events and health of a source, handed to the caller's functions."""

from __future__ import annotations

import atexit
import logging
import threading
import weakref
from collections.abc import Callable
from functools import partial

from mol_edge._numbers import is_finite
from mol_edge.callbacks import Callbacks
from mol_edge.errors import InputError, MolEdgeError, OptionError, in_words
from mol_edge.event import Event
from mol_edge.health import Health, HealthState
from mol_edge.results import FrameResult
from mol_edge.run import Run
from mol_edge.sources.connector import FeedState
from mol_edge.sources.feed import LiveFeed

log = logging.getLogger(__name__)

OnResult = Callable[[FrameResult], object]
OnEvent = Callable[[Event], object]
OnHealth = Callable[[Health], object]


class LiveRun:
    """What `Pipeline.live` returns: the handle of a source that is followed in the background.

    `on_result` and `on_event` are called in one thread, in the order of the frames, an event before
    the result that it is part of; while they work, newer pictures replace each other. `on_health`
    is called in another one, so that it also comes while a result is computed, and last of all with
    the state `ended` or `failed`. What they raise is logged and counted, and stops nothing, not
    even `sys.exit()`: that is for `stop`.

    Args:
        run: gives the results.
        feed: where its frames come from; it is closed with the run.
        on_result: takes each `FrameResult`.
        on_event: takes each `Event`.
        on_health: takes the `Health` at each change of its state, and the first one at once.

    Example:
        >>> from mol_edge import Pipeline
        >>> seen = []
        >>> with Pipeline(device="onnxruntime") as pipe:
        ...     with pipe.live("examples/data/demo.mp4", flow=False, on_result=seen.append) as run:
        ...         health = run.wait()
        >>> health.state.value, len(seen) == health.results
        ('ended', True)
    """

    def __init__(
        self,
        run: Run,
        feed: LiveFeed,
        on_result: OnResult | None = None,
        on_event: OnEvent | None = None,
        on_health: OnHealth | None = None,
    ) -> None:
        self._run, self._feed = run, feed
        self._on_result, self._on_event, self._on_health = on_result, on_event, on_health
        self._callbacks = Callbacks()
        self._results = 0
        self._newest: tuple[int, float | None] = (0, None)
        self._error: Exception | SystemExit | None = None
        self._outcome: FeedState | None = None
        self._finished = threading.Event()
        feed.on_state = self._tell_change
        self._tell(feed.state)
        self._thread = threading.Thread(target=self._work, name=f"follow {feed.name}", daemon=True)
        # A daemon thread that computes while the interpreter is taken down may crash it.
        self._at_exit = partial(_close_if_alive, weakref.ref(self))
        atexit.register(self._at_exit)
        self._thread.start()

    @property
    def health(self) -> Health:
        """The state and the counters at this moment."""
        return self._health(self._outcome or self._feed.state)

    def wait(self, timeout_s: float | None = None) -> Health:
        """Wait until the run has ended, or for `timeout_s`.

        Raises:
            MolEdgeError: what ended the run, unless that was the end of the source, `close`, or
                that the pipeline was closed.
            OptionError: `timeout_s` is no time that can be waited for.
        """
        _check_timeout(timeout_s)
        self._finished.wait(timeout_s)
        if self._error is not None:
            raise self._error
        return self.health

    def stop(self) -> None:
        """Ask the run to end after the picture in hand, and return at once."""
        threading.Thread(target=self._feed.close, daemon=True).start()

    def close(self, timeout_s: float = 10.0) -> None:
        """End the run: the source is let go of, the result in hand is still handed over.

        It may be called anywhere, also in the functions that the run calls, where it does not wait.

        Args:
            timeout_s: how long to wait for an inference or a function that does not return.

        Raises:
            OptionError: `timeout_s` is no time that can be waited for.
        """
        _check_timeout(timeout_s)
        self._feed.close()
        if not self._callbacks.inside:
            self._finished.wait(timeout_s)
            if not self._finished.is_set():
                log.warning("%s: the result in hand has not come in time.", self._feed.name)

    def __enter__(self) -> LiveRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        try:
            for result in self._run:
                self._hand_over(result)
        except (Exception, SystemExit) as error:
            if not isinstance(error, MolEdgeError):
                log.exception("The run on %s failed.", self._feed.name)
            self._error = error
        finally:
            self._run.close()
            self._feed.close()
            self._outcome = self._find_outcome()
            self._tell(self._outcome)
            atexit.unregister(self._at_exit)
            self._finished.set()

    def _hand_over(self, result: FrameResult) -> None:
        self._results += 1
        self._newest = (self._feed.now_ns(), result.age_ms)
        for event in result.events:
            self._callbacks.call(self._on_event, event)
        self._callbacks.call(self._on_result, result)

    def _find_outcome(self) -> FeedState:
        """The final state; an error of the run comes before the way in which the source ended."""
        state = self._feed.state
        if self._error is not None:
            return FeedState(HealthState.FAILED, state.since_ns, in_words(self._error))
        if state.state is HealthState.FAILED:
            self._error = InputError(state.message)
        return state

    def _tell_change(self, state: FeedState) -> None:
        # A final state is told after the last result.
        if not state.state.final:
            self._tell(state)

    def _tell(self, state: FeedState) -> None:
        level = logging.INFO if state.state is not HealthState.FAILED else logging.ERROR
        log.log(level, "%s: %s", state.state.value, state.message)
        self._callbacks.call(self._on_health, self._health(state))

    def _health(self, state: FeedState) -> Health:
        feed, (told_ns, age_ms) = self._feed, self._newest
        return Health(
            state=state.state,
            since_ns=state.since_ns,
            message=state.message,
            frames=feed.frames,
            results=self._results,
            dropped=feed.dropped,
            withheld=feed.withheld,
            reconnects=feed.reconnects,
            callback_errors=self._callbacks.errors,
            age_ms=None if age_ms is None else age_ms + (feed.now_ns() - told_ns) / 1e6,
        )


def _close_if_alive(reference: weakref.ref[LiveRun]) -> None:
    run = reference()
    if run is not None:
        run.close()


def _check_timeout(timeout_s: float | None) -> None:
    fits = timeout_s is None or (is_finite(timeout_s) and 0 <= timeout_s <= threading.TIMEOUT_MAX)
    if not fits:
        raise OptionError(f"timeout_s must be None or seconds from 0, got {timeout_s!r}.")
