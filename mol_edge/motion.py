"""How much a face moved, apart from its head: what is told per landmark and part of the face.

It is measured between two crops (`motion_meter.py`) or along a stream of them
(`motion_stream.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge._numbers import is_finite, is_whole
from mol_edge._shapes import check_shape
from mol_edge.errors import OptionError

LANDMARKS = 68
CROP = _core.CROP_SIZE

# Left and right as the picture shows them.
_REGION_POINTS: dict[str, range] = {
    "left_brow": range(17, 22),
    "right_brow": range(22, 27),
    "left_eye": range(36, 42),
    "right_eye": range(42, 48),
    "nose_wings": range(31, 36),
    "mouth": range(48, 68),
    "chin": range(6, 11),
}
REGIONS: tuple[str, ...] = tuple(_REGION_POINTS)
REGION_POINTS: Mapping[str, range] = MappingProxyType(_REGION_POINTS)
_ORDER = np.concatenate([np.array(points) for points in _REGION_POINTS.values()])
_STARTS = np.cumsum([0, *(len(points) for points in _REGION_POINTS.values())])[:-1]

# Nose bridge, inner corners of the eyes, temples: no expression moves them much.
STEADY_POINTS: tuple[int, ...] = (0, 16, 27, 28, 29, 30, 39, 42)
# What else has a say in how the head moved, and how much: a blink shakes half of the steady
# points, and most of a face is still even while an expression moves a part of it.
_LESS_STEADY: dict[range, float] = {
    range(31, 36): 0.3,
    range(17, 27): 0.1,
    range(48, 68): 0.1,
    range(36, 46, 9): 0.1,
}

Floats = NDArray[np.float32]

_MOTION_SHAPES = (
    ("vectors", (LANDMARKS, 2)),
    ("strength", (LANDMARKS,)),
    ("confidence", (LANDMARKS,)),
    ("head", (2, 3)),
    ("axes", (LANDMARKS, 2)),
    ("deviation", (LANDMARKS, 2)),
)


@dataclass(frozen=True)
class MotionOptions:
    """How motion is measured.

    Attributes:
        steady: landmarks that stand for the head, by which its similarity is fitted; others have
            little say.
        trusted_px: deviation of a patch's error at which its confidence is one half, crop pixels.
        span_ms: time over which `MotionStream` reports motion.
        anchor_ms: for how long at most `MotionStream` follows the patches of one crop.

    Raises:
        OptionError: a value is out of range.

    Example:
        >>> MotionOptions(span_ms=50).trusted_px
        0.1
    """

    steady: tuple[int, ...] = STEADY_POINTS
    trusted_px: float = 0.1
    span_ms: float = 100.0
    anchor_ms: float = 2000.0

    def __post_init__(self) -> None:
        if not _are_landmarks(self.steady) or len(set(self.steady)) < 3:
            raise OptionError(
                f"steady must name 3 landmarks of 0 to 67 or more, got {self.steady!r}; "
                "leave the default unless your landmarks have another order."
            )
        for name in ("trusted_px", "span_ms", "anchor_ms"):
            value = getattr(self, name)
            if not (is_finite(value) and value > 0):
                raise OptionError(f"{name} must be above 0 and finite, got {value!r}.")


def _are_landmarks(points: object) -> bool:
    return isinstance(points, (tuple, list)) and all(
        is_whole(point, 0) and point < LANDMARKS for point in points
    )


@dataclass(frozen=True)
class Motion:
    """Motion of the 68 landmarks from one crop to a later one, crop pixels, x right and y down.

    Attributes:
        vectors: float32 [68, 2], displacement less that of the head. Of an edge only the part
            along `axes` can be seen, and only that is reported; of a flat patch nothing.
        strength: float32 [68], length of `vectors`.
        confidence: float32 [68], 0 to 1, how well the patch is seen along its better direction.
        head: float64 [2, 3], similarity that the head went through, earlier to later pixels.
        axes: float32 [68, 2], unit vector of the direction that is seen best.
        deviation: float32 [68, 2], deviation of the error along `axes` and across it, pixels;
            infinite where nothing is seen. A patch of which a number is NaN is not seen either.
        since_ns: timestamp of the earlier crop, or None where it was not told.

    Raises:
        ArrayError: an array has another shape.

    Example:
        >>> still = Motion.still()
        >>> still.regions["mouth"]
        0.0
    """

    vectors: Floats
    strength: Floats
    confidence: Floats
    head: NDArray[np.float64]
    axes: Floats
    deviation: Floats
    since_ns: int | None = None

    def __post_init__(self) -> None:
        for name, shape in _MOTION_SHAPES:
            array = getattr(self, name)
            if array.shape != shape:
                check_shape(f"Motion.{name}", array, shape)

    def __getstate__(self) -> dict[str, object]:
        # What is kept of `regions` can be read alone, and is made anew from the rest.
        return {name: value for name, value in vars(self).items() if name != "regions"}

    @cached_property
    def seen(self) -> NDArray[np.int8]:
        """How many directions of each patch are seen, [68]: 0 flat, 1 edge, 2 both."""
        seen: NDArray[np.int8] = np.isfinite(self.deviation).sum(1, dtype=np.int8)
        return seen

    @cached_property
    def regions(self) -> Mapping[str, float]:
        """Strength of the strongest patch of each of `REGIONS`, weighted by confidence, pixels."""
        weighted = (self.strength * self.confidence)[_ORDER]
        strongest = np.maximum.reduceat(weighted, _STARTS)
        return MappingProxyType(dict(zip(REGIONS, strongest.tolist())))

    @classmethod
    def measured(
        cls,
        vectors: Floats,
        strength: Floats,
        confidence: Floats,
        head: NDArray[np.float64],
        axes: Floats,
        deviation: Floats,
        since_ns: int,
        strongest: Sequence[float],
    ) -> Motion:
        """What the core measured, unchecked, with the strengths that `regions` tells."""
        motion = cls.__new__(cls)
        vars(motion).update(
            vectors=vectors,
            strength=strength,
            confidence=confidence,
            head=head,
            axes=axes,
            deviation=deviation,
            since_ns=since_ns,
            regions=MappingProxyType(dict(zip(REGIONS, strongest))),
        )
        return motion

    @classmethod
    def still(cls) -> Motion:
        """No motion at all, all of it seen."""
        ones = np.ones(LANDMARKS, np.float32)
        none = np.zeros((LANDMARKS, 2), np.float32)
        axes = np.stack([ones, 0 * ones], 1)
        return cls(none, 0 * ones, ones, np.eye(2, 3), axes, none + np.float32(0.01))


def head_weights(steady: tuple[int, ...] = STEADY_POINTS) -> Floats:
    """How far each landmark stands still on the head, float32 [68].

    Example:
        >>> head_weights()[[27, 17, 8]].tolist()
        [1.0, 0.10000000149011612, 0.0]
    """
    weights = np.zeros(LANDMARKS, np.float32)
    for points, weight in _LESS_STEADY.items():
        weights[list(points)] = weight
    weights[list(steady)] = 1
    return weights
