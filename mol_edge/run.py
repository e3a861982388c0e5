"""The iterator that `Pipeline.run` returns, and the clock of its stages."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

from mol_edge.frame import Frame
from mol_edge.results import FrameResult
from mol_edge.sources.base import Source


class Run:
    """The results of one source, frame by frame.

    It ends when the source does; `close()`, `with` or an error end it earlier. One thread at a
    time may iterate.

    Args:
        source: what is read.
        results: yields each frame with its result.
        on_end: called once, when the run ends.

    Attributes:
        source: what is read.
        frame: the frame of the newest result, or None before the first.
    """

    def __init__(
        self,
        source: Source,
        results: Generator[tuple[Frame, FrameResult], None, None],
        on_end: Callable[[], None],
    ) -> None:
        self.source = source
        self.frame: Frame | None = None
        self._results = results
        self._on_end: Callable[[], None] | None = on_end

    @property
    def incomplete(self) -> str | None:
        """After the last frame: why the source should have had more, or None."""
        return self.source.incomplete

    def __iter__(self) -> Iterator[FrameResult]:
        return self

    def __next__(self) -> FrameResult:
        try:
            self.frame, result = next(self._results)
        except BaseException:
            self.close()
            raise
        age_ms = self.source.age_ms
        return result if age_ms is None else replace(result, age_ms=age_ms)

    def close(self) -> None:
        """End the run, so that the pipeline is free for another one."""
        self._results.close()
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


class StageClock:
    """Milliseconds spent per stage of one frame.

    Example:
        >>> clock = StageClock()
        >>> with clock.stage("align"):
        ...     pass
        >>> list(clock.timings_ms)
        ['align']
    """

    def __init__(self) -> None:
        self.timings_ms: dict[str, float] = {}
        self._ready = time.perf_counter()

    def stage(self, name: str) -> _Stage:
        """Add the time that the block of a `with` takes."""
        return _Stage(self, name)

    def add(self, name: str, start: float, end: float) -> None:
        """Add the time from `start` to `end`, seconds of `time.perf_counter`."""
        self.timings_ms[name] = self.timings_ms.get(name, 0.0) + (end - start) * 1e3
        if name == "decode":
            self._ready = end

    @property
    def computing_ms(self) -> float:
        """Time since the frame was there: since ``decode`` ended, or since the beginning."""
        return (time.perf_counter() - self._ready) * 1e3


class _Stage:
    """A block whose time counts; no generator, which costs more, as each frame has five blocks."""

    __slots__ = ("_clock", "_name", "_start")

    def __init__(self, clock: StageClock, name: str) -> None:
        self._clock, self._name = clock, name

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._clock.add(self._name, self._start, time.perf_counter())
