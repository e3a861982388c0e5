"""When a live source counts as ill, and what is done about it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args

from mol_edge._numbers import is_finite, is_whole
from mol_edge.errors import OptionError

Guard = Literal["process", "thread"]


@dataclass(frozen=True)
class LiveOptions:
    """Limits of a live source; times are in seconds.

    Attributes:
        drop: whether newer pictures replace those that nobody takes in time. None: yes for what
            does not wait for us (cameras, streams, paced files), no for an iterable, of which each
            picture is taken.
        waiting: how many pictures may wait their turn while work keeps up on the whole; the age of
            a result is bounded by as many frames' time and the longest work. 1: only the newest.
        stall_s: silence after which a source is `stalled`.
        hang_s: silence after which a reader is given up and the source opened anew.
        open_s: how long a source may take until its first picture.
        frozen_s: how long pictures may be the same, pixel by pixel, before they are `frozen`.
        frozen_reconnect_s: how long they may stay so before the source is opened anew.
        black_s: how long pictures may be black before the source is.
        black_level: luma, 0 to 255, that 98% of a black picture's pixels do not exceed.
        backoff_s: pause before the source is opened anew; it doubles with each failure.
        backoff_most_s: the longest pause.
        max_reconnects: failures in a row after which the source has `failed`; None: never.
        steady_s: how long a source must run until its failures are forgotten.
        guard: what shields against a `read()` that never returns, where OpenCV reads: a
            ``process``, which can be killed, or a ``thread``, which can only be abandoned.

    Raises:
        OptionError: a value is out of range.

    Example:
        >>> LiveOptions(max_reconnects=None, stall_s=2).hang_s
        5.0
    """

    drop: bool | None = None
    waiting: int = 5
    stall_s: float = 1.0
    hang_s: float = 5.0
    open_s: float = 15.0
    frozen_s: float = 3.0
    frozen_reconnect_s: float = 10.0
    black_s: float = 0.5
    black_level: int = 20
    backoff_s: float = 0.5
    backoff_most_s: float = 30.0
    max_reconnects: int | None = 30
    steady_s: float = 5.0
    guard: Guard = "process"

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name.endswith("_s") and not (is_finite(value) and 0 < value < 1e6):
                raise OptionError(
                    f"{field.name} must be a number of seconds above 0, got {value!r}."
                )
        if self.hang_s < self.stall_s:
            raise OptionError(
                f"hang_s must not be less than stall_s ({self.stall_s}), got {self.hang_s}."
            )
        if self.backoff_most_s < self.backoff_s:
            raise OptionError(
                f"backoff_most_s must not be less than backoff_s ({self.backoff_s}), "
                f"got {self.backoff_most_s}."
            )
        if not (is_finite(self.black_level) and 0 <= self.black_level <= 255):
            raise OptionError(f"black_level must lie between 0 and 255, got {self.black_level!r}.")
        if self.max_reconnects is not None and not is_whole(self.max_reconnects, 0):
            raise OptionError(
                "max_reconnects must be a whole number from 0, or None, got "
                f"{self.max_reconnects!r}."
            )
        if not is_whole(self.waiting, 1):
            raise OptionError(f"waiting must be a whole number from 1, got {self.waiting!r}.")
        if self.drop is not None and not isinstance(self.drop, bool):
            raise OptionError(f"drop must be True, False or None, got {self.drop!r}.")
        if self.guard not in get_args(Guard):
            raise OptionError(f"guard must be 'process' or 'thread', got {self.guard!r}.")
