"""What a synthetic clip may look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from mol_edge.errors import OptionError

Protocol = Literal["event", "official", "sliding", "mixed"]
Alignment = Literal["anchored", "per_frame"]
Split = Literal["train", "validation", "eval"]

# Where the identities of the splits start, so that no two of them share a face.
EVAL_IDENTITIES = 1_000_000
FIRST_IDENTITY = {"train": 0, "eval": EVAL_IDENTITIES, "validation": 2 * EVAL_IDENTITIES}


@dataclass(frozen=True)
class SyntheticOptions:
    """Options of `make_clip`, `make_event` and `make_still`.

    Attributes:
        protocol: how 8 frames are taken: ``event`` from onset to offset evenly, ``official``
            every n // 8-th frame at a random phase, ``sliding`` a window of `window_ms` that
            holds the apex, ``mixed`` one of the three by chance.
        alignment: ``anchored`` one transform for the clip, ``per_frame`` one for each frame.
        split: ``train``, ``validation`` or ``eval``: different faces, poses and cameras for the
            same seed.
        identities: how many different faces; the seed of a clip chooses one.
        fps: range of the camera's rate.
        amplitude_micro: range of the largest displacement at the apex, crop pixels.
        amplitude_macro: the same for macro-expressions.
        p_none: share of clips without an event.
        p_macro: share of clips with a macro-expression.
        p_blink: share of clips with a blink.
        window_ms: span of a sliding window.
        jitter: standard deviation of the alignment points' error, as a share of the
            distance of the eyes.
        pose_degrees: largest yaw and pitch of a clip's head.
        drift: scale of the head's own motion during a clip; 0 holds it still.
        noise: whether the camera adds grain, JPEG and flicker.
        scale: range of the face's size in the camera's frame, relative to the crop.

    Raises:
        OptionError: a value is outside what is written above.

    Example:
        >>> SyntheticOptions(protocol="event", fps=(100.0, 200.0)).split
        'train'
    """

    protocol: Protocol = "mixed"
    alignment: Alignment = "anchored"
    split: Split = "train"
    identities: int = 100_000
    fps: tuple[float, float] = (30.0, 200.0)
    amplitude_micro: tuple[float, float] = (0.5, 2.5)
    amplitude_macro: tuple[float, float] = (3.0, 8.0)
    p_none: float = 0.1
    p_macro: float = 0.1
    p_blink: float = 0.08
    window_ms: float = 350.0
    jitter: float = 0.03
    pose_degrees: float = 15.0
    drift: float = 1.0
    noise: bool = True
    scale: tuple[float, float] = (0.6, 2.0)

    def __post_init__(self) -> None:
        _choice("protocol", self.protocol, get_args(Protocol))
        _choice("alignment", self.alignment, get_args(Alignment))
        _choice("split", self.split, get_args(Split))
        if not 1 <= self.identities <= EVAL_IDENTITIES:
            raise OptionError(
                f"SyntheticOptions.identities must be 1 to {EVAL_IDENTITIES}, "
                f"got {self.identities}; choose a number in that range."
            )
        _ranged("fps", self.fps, 24.0, 1000.0)
        _ranged("amplitude_micro", self.amplitude_micro, 0.0, 8.0)
        _ranged("amplitude_macro", self.amplitude_macro, 0.0, 8.0)
        _ranged("scale", self.scale, 0.25, 3.0)
        for name in ("p_none", "p_macro", "p_blink"):
            _within(name, getattr(self, name), 0.0, 1.0)
        if self.p_none + self.p_macro > 1.0:
            raise OptionError(
                "SyntheticOptions.p_none and p_macro must not exceed 1 together, "
                f"got {self.p_none} and {self.p_macro}; lower one of them."
            )
        _within("window_ms", self.window_ms, 100.0, 2000.0)
        _within("jitter", self.jitter, 0.0, 0.2)
        _within("pose_degrees", self.pose_degrees, 0.0, 30.0)
        _within("drift", self.drift, 0.0, 5.0)

    @property
    def first_identity(self) -> int:
        """The first identity number of the split."""
        return FIRST_IDENTITY[self.split]


def _choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise OptionError(
            f"SyntheticOptions.{name} must be one of {', '.join(allowed)}, "
            f"got {value!r}; choose one of them."
        )


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise OptionError(
            f"SyntheticOptions.{name} must be {low:g} to {high:g}, "
            f"got {value!r}; choose a value in that range."
        )


def _ranged(name: str, value: tuple[float, float], low: float, high: float) -> None:
    if len(value) != 2 or not low <= value[0] <= value[1] <= high:
        raise OptionError(
            f"SyntheticOptions.{name} must be (low, high) within {low:g} to {high:g}, "
            f"got {value!r}; give two numbers in ascending order."
        )
