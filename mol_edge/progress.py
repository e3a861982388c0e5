"""How far long work is, on standard error: a bar with rich, else a plain line now and then."""

from __future__ import annotations

import contextlib
import sys
import time
from types import TracebackType
from typing import Any, Protocol, TextIO

_EVERY_S = 2.0
_EVERY_PART = 0.2


class Progress(Protocol):
    """Told of each frame, or of what else is counted; used by `with`."""

    def __enter__(self) -> Progress: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def advance(self) -> None:
        """One more is done."""
        ...


def open_progress(
    total: int | None,
    *,
    quiet: bool = False,
    stream: TextIO | None = None,
    unit: str = "frames",
) -> Progress:
    """A bar on a terminal where rich is installed, plain lines elsewhere, nothing if `quiet`.

    Args:
        total: frames in the source or what else is counted, None where it is not known.
        quiet: show nothing.
        stream: where to write, standard error by default.
        unit: what is counted.
    """
    stream = stream or sys.stderr
    if quiet:
        return _Plain(total, stream, unit, every_s=float("inf"))
    if stream.isatty():
        with contextlib.suppress(ImportError):
            return _Bar(total, stream, unit)
    return _Plain(total, stream, unit)


class _Plain:
    def __init__(
        self, total: int | None, stream: TextIO, unit: str, every_s: float = _EVERY_S
    ) -> None:
        self._total, self._stream, self._unit, self._every_s = total, stream, unit, every_s
        self._done, self._began, self._told = 0, 0.0, 0.0

    def __enter__(self) -> _Plain:
        self._began = self._told = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def advance(self) -> None:
        self._done += 1
        now = time.monotonic()
        # Ever more rarely, so that hours of a camera do not fill a log.
        if now - self._told >= max(self._every_s, _EVERY_PART * (self._told - self._began)):
            self._told = now
            of = f" of {self._total}" if self._total else ""
            rate = self._done / (now - self._began)
            text = f"{self._done}{of} {self._unit}, {rate:.1f} per second"
            # A stream that cannot be written is no reason to end hours of work.
            with contextlib.suppress(OSError):
                print(text, file=self._stream, flush=True)


class _Bar:
    def __init__(self, total: int | None, stream: TextIO, unit: str) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as RichProgress

        self._bar: Any = RichProgress(
            TextColumn(unit),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:.1f} per second"),
            TimeRemainingColumn(),
            console=Console(file=stream),
            transient=True,
        )
        self._task = self._bar.add_task(unit, total=total, rate=0.0)
        self._done, self._began = 0, time.monotonic()

    def __enter__(self) -> _Bar:
        self._began = time.monotonic()
        self._bar.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def advance(self) -> None:
        self._done += 1
        rate = self._done / max(time.monotonic() - self._began, 1e-3)
        self._bar.update(self._task, advance=1, rate=rate)
