"""The table ``[augment]``: random changes of training samples."""

from __future__ import annotations

from dataclasses import dataclass, fields

from training.options.checks import require


@dataclass(frozen=True)
class AugmentOptions:
    """Random changes of a training sample; strengths are the largest drawn.

    Attributes:
        flip: probability of mirroring left and right.
        gain: change of contrast, as a factor e^±gain.
        gamma: change of gamma, as an exponent e^±gamma.
        bias: change of brightness, gray levels.
        noise: standard deviation of the grain, gray levels.
        blur: standard deviation of the blur, pixels.
        cutout: probability of a box of one gray tone.
        flicker: change of brightness from frame to frame, gray levels.
        shift: translation of the whole clip, pixels.
        turn: rotation of the whole clip, degrees.
        zoom: change of size of the whole clip, as a factor e^±zoom.
        share: probability that shift, turn and zoom are applied at all.
    """

    flip: float = 0.5
    gain: float = 0.3
    gamma: float = 0.3
    bias: float = 15.0
    noise: float = 4.0
    blur: float = 0.8
    cutout: float = 0.0
    flicker: float = 0.0
    shift: float = 0.0
    turn: float = 0.0
    zoom: float = 0.0
    share: float = 0.5

    def __post_init__(self) -> None:
        for part in fields(self):
            value = getattr(self, part.name)
            require(value >= 0, f"augment.{part.name}", "0 or more", value)
        for name in ("flip", "cutout", "share"):
            value = getattr(self, name)
            require(value <= 1, f"augment.{name}", "0 to 1", value)


NO_AUGMENT = AugmentOptions(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
