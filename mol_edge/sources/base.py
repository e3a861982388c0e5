"""What a source of frames is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from mol_edge._numbers import is_finite, is_whole
from mol_edge.errors import InputError, OptionError
from mol_edge.frame import Frame

DEFAULT_FPS = 30.0
SMALLEST_SIDE = 16
TURNS = (0, 90, 180, 270)


@dataclass(frozen=True)
class SourceOptions:
    """How a source is read.

    Attributes:
        fps: frames per second where the source does not say: images, arrays; 30 if None.
        timeout_ms: how long a network stream may keep silent.
        rotate: degrees, 0, 90, 180 or 270, by which pictures are turned clockwise beside what a
            file or stream states: for a camera that is mounted on its side or upside down.

    Raises:
        OptionError: a value is not above 0, or the turn another one.
    """

    fps: float | None = None
    timeout_ms: int = 10_000
    rotate: int = 0

    def __post_init__(self) -> None:
        if self.fps is not None and not (is_finite(self.fps) and 0 < self.fps <= 10_000):
            raise OptionError(f"fps must lie above 0 and at most at 10000, got {self.fps!r}.")
        if not is_whole(self.timeout_ms, 1):
            raise OptionError(f"timeout_ms must be a whole number from 1, got {self.timeout_ms!r}.")
        if not is_whole(self.rotate, 0) or self.rotate not in TURNS:
            raise OptionError(f"rotate must be 0, 90, 180 or 270 degrees, got {self.rotate!r}.")

    @property
    def period_ns(self) -> int:
        """Nanoseconds between two frames where the source does not say."""
        return round(1e9 / (self.fps or DEFAULT_FPS))


class Source(ABC):
    """Frames with timestamps that rise; iterate once, close with `close()` or `with`.

    Frames stay in memory, nothing is written. One thread at a time may iterate.

    Attributes:
        name: what it reads, for messages and results.
        period_ns: nominal nanoseconds between two frames, or None where nothing says.
        frame_count: frames that the source says it has, or None.
        incomplete: after the last frame, why more was expected, or None.
        live: whether frames are lost that are not read in time.
    """

    name: str = "frames"
    period_ns: int | None = None
    frame_count: int | None = None
    incomplete: str | None = None
    live: bool = False

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """The frames in order; raises InputError at one that cannot be used."""

    @property
    def age_ms(self) -> float | None:
        """Time since the newest frame that was given was captured, where it happens now."""
        return None

    def close(self) -> None:  # noqa: B027 -- most sources hold nothing open
        """Give back what is open."""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def check_size(frame: Frame, name: str) -> Frame:
    """The frame itself; raises InputError if it is too small to hold a face."""
    if min(frame.width, frame.height) < SMALLEST_SIDE:
        raise InputError(
            f"A picture must have at least {SMALLEST_SIDE} x {SMALLEST_SIDE} pixels, and {name} "
            f"has {frame.width} x {frame.height}: give a larger one."
        )
    return frame
