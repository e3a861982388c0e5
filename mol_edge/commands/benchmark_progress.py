"""How far a benchmark is, on standard error: a bar with rich, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from mol_edge.benchmark.runner import Step

_EVERY_S = 5.0


@contextmanager
def show_steps(
    *, quiet: bool = False, stream: TextIO | None = None
) -> Iterator[Callable[[Step], None]]:
    """A function that shows a step: a bar on a terminal, a line every 5 s elsewhere.

    Args:
        quiet: show nothing.
        stream: where to, standard error by default.
    """
    stream = stream or sys.stderr
    if quiet:
        yield lambda step: None
        return
    if stream.isatty():
        try:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn
        except ImportError:
            pass
        else:
            columns = (
                BarColumn(),
                TextColumn("{task.percentage:3.0f}%"),
                TextColumn("{task.fields[left]} left"),
                TextColumn("{task.description}"),
            )
            with Progress(*columns, console=Console(file=stream), transient=True) as bar:
                task = bar.add_task("starting", total=1.0, left="?")
                yield lambda step: bar.update(
                    task, completed=step.part, description=step.what, left=left(step.left_s)
                )
            return
    yield _plain(stream)


def _plain(stream: TextIO) -> Callable[[Step], None]:
    told = float("-inf")

    def tell(step: Step) -> None:
        nonlocal told
        if time.monotonic() - told >= _EVERY_S:
            told = time.monotonic()
            print(f"{step.part:4.0%}, {left(step.left_s)} left: {step.what}", file=stream)

    return tell


def left(seconds: float) -> str:
    """A time that is left, in words.

    Example:
        >>> left(45), left(200)
        ('45 s', '3 min 20 s')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
