"""How a live source is doing: its states, and what has been counted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class HealthState(str, Enum):
    """What a live source does; docs/live.md says what recovers how."""

    CONNECTING = "connecting"
    RUNNING = "running"
    STALLED = "stalled"
    FROZEN = "frozen"
    BLACK = "black"
    RECONNECTING = "reconnecting"
    ENDED = "ended"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Whether nothing comes after it."""
        return self in (HealthState.ENDED, HealthState.FAILED)


@dataclass(frozen=True)
class Health:
    """The state of a live run and its counters, at one moment.

    `frames` = pictures that gave a result + `dropped` + `withheld` + the one that waits or is
    being worked on.

    Attributes:
        state: what the source does.
        since_ns: monotonic time at which that began.
        message: one sentence about it, fit for a log.
        frames: pictures that the source gave.
        results: results that came of them.
        dropped: pictures that a newer one replaced before there was time for them.
        withheld: pictures that were black or frozen, of which no result was made.
        reconnects: times that the source was opened anew.
        callback_errors: exceptions that the caller's own functions raised.
        age_ms: time since the newest result's picture was taken, or None before the first.

    Example:
        >>> health = Health(HealthState.STALLED, 0, "camera 0 gave no picture for 1.0 s.")
        >>> health.state.value, health.dropped
        ('stalled', 0)
    """

    state: HealthState
    since_ns: int
    message: str = ""
    frames: int = 0
    results: int = 0
    dropped: int = 0
    withheld: int = 0
    reconnects: int = 0
    callback_errors: int = 0
    age_ms: float | None = None
