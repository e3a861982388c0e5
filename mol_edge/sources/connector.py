"""How a source is opened, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mol_edge.health import HealthState
from mol_edge.sources.reader import Reader


@dataclass(frozen=True)
class Connector:
    """How a source is opened, and after what it can be opened anew.

    Attributes:
        name: what is read, fit for logs.
        open: opens it; raises where that fails at once.
        drops: whether its pictures come whether or not they are taken.
        reopens: whether opening it anew goes on with the present: a camera, not a recording.
        retries: whether it may go on after an exception.
        period_ns: nominal time between two pictures, where it is known beforehand.
    """

    name: str
    open: Callable[[], Reader]
    drops: bool = True
    reopens: bool = True
    retries: bool = True
    period_ns: int | None = None


@dataclass(frozen=True)
class FeedState:
    """What a feed does, since when (monotonic nanoseconds), and why."""

    state: HealthState
    since_ns: int
    message: str
