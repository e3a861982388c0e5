"""How much the face moved, apart from its head: per landmark, between two crops.

Patches of the crop around the 68 landmarks are followed by least squares on their gradients
(`mol_edge._core.patch_motion`); what the head did as a whole is fitted on points that no
expression moves, and taken away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.errors import ArrayError, OptionError

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
    range(31, 36): 0.3, range(17, 27): 0.1, range(48, 68): 0.1, range(36, 46, 9): 0.1,
}  # fmt: skip

Floats = NDArray[np.float32]


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
        if len(set(self.steady)) < 3 or not all(0 <= point < LANDMARKS for point in self.steady):
            raise OptionError(
                f"steady must name 3 landmarks of 0 to 67 or more, got {self.steady}; "
                "leave the default unless your landmarks have another order."
            )
        for name in ("trusted_px", "span_ms", "anchor_ms"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise OptionError(f"{name} must be above 0 and finite, got {value}.")


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
            infinite where nothing is seen.
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
        shapes = {
            "vectors": (LANDMARKS, 2), "strength": (LANDMARKS,), "confidence": (LANDMARKS,),
            "head": (2, 3), "axes": (LANDMARKS, 2), "deviation": (LANDMARKS, 2),
        }  # fmt: skip
        for name, shape in shapes.items():
            got = getattr(self, name).shape
            if got != shape:
                raise ArrayError(f"Motion.{name} must be of shape {shape}, got {got}.")

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


class MotionMeter:
    """Measures motion between two crops of one alignment. Holds no state; threads may share it.

    Example:
        >>> y, x = np.mgrid[:128, :128].astype(np.float32)
        >>> crop = np.sin(x / 3) + np.sin(y / 4)
        >>> landmarks = np.random.default_rng(0).uniform(20, 108, (68, 2)).astype(np.float32)
        >>> motion = MotionMeter().between(crop, np.roll(crop, 1, axis=1), landmarks)
        >>> float(motion.head[0, 2].round(1)), max(motion.regions.values()) < 0.1
        (1.0, True)
    """

    def __init__(self, options: MotionOptions = MotionOptions()) -> None:  # noqa: B008
        self._trusted = np.float32(options.trusted_px)
        self._weights = head_weights(options.steady)

    def between(
        self,
        earlier: Floats,
        later: Floats,
        landmarks: Floats,
        start: Floats | None = None,
        since_ns: int | None = None,
    ) -> Motion:
        """Motion of the landmarks' patches from one crop to a later one.

        Args:
            earlier: float32 [128, 128], luma in any scale.
            later: float32 [128, 128], of the same alignment and scale.
            landmarks: float32 [68, 2], pixels of `earlier`.
            start: float32 [68, 2], a first guess; without one, up to about 5 pixels are found.
            since_ns: timestamp of `earlier`, kept in the result.

        Raises:
            ArrayError: an array of another type, shape or layout, or landmarks not finite.
        """
        if landmarks.shape != (LANDMARKS, 2):
            raise ArrayError(f"landmarks must be of shape (68, 2), got {landmarks.shape}.")
        landmarks = np.ascontiguousarray(landmarks)
        guess = np.zeros((LANDMARKS, 2), np.float32) if start is None else start
        patches = _core.patch_motion(earlier, later, landmarks, guess)
        return self._apart_from_head(landmarks, patches, since_ns)

    def of_flow(self, flow: Floats, landmarks: Floats, since_ns: int | None = None) -> Motion:
        """The same of a dense flow, float32 [2, 128, 128], which sees every direction alike."""
        if flow.shape != (2, CROP, CROP) or landmarks.shape != (LANDMARKS, 2):
            raise ArrayError(
                "flow and landmarks must be of shape (2, 128, 128) and (68, 2), "
                f"got {flow.shape} and {landmarks.shape}."
            )
        landmarks = np.ascontiguousarray(landmarks)
        patches = np.empty((LANDMARKS, 6), np.float32)
        patches[:, :2] = _sampled(flow, landmarks)
        patches[:, 2:] = (1, 0, 0.05, 0.05)
        return self._apart_from_head(landmarks, patches, since_ns)

    def _apart_from_head(self, landmarks: Floats, patches: Floats, since_ns: int | None) -> Motion:
        head = _core.head_motion(landmarks, patches, self._weights)
        vectors = _core.remove_head(landmarks, patches, head)
        confidence = 1 / (1 + np.square(patches[:, 4] / self._trusted))
        strength = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
        axes, deviation = patches[:, 2:4], patches[:, 4:]
        return Motion(vectors, strength, confidence, head, axes, deviation, since_ns)


def motion_from_flow(flow: Floats, landmarks: Floats) -> Motion:
    """Motion of the landmarks as a dense flow has it, without that of the head.

    Args:
        flow: float32 [2, 128, 128], crop pixels, channel 0 = x.
        landmarks: float32 [68, 2], pixels of the earlier crop.

    Raises:
        ArrayError: an array of another shape.

    Example:
        >>> flow = np.zeros((2, 128, 128), np.float32)
        >>> flow[1, 90:110] = 0.5
        >>> landmarks = np.random.default_rng(0).uniform(20, 80, (68, 2)).astype(np.float32)
        >>> landmarks[48:, 1] = 100
        >>> round(motion_from_flow(flow, landmarks).regions["mouth"], 1)
        0.4
    """
    return MotionMeter().of_flow(flow, landmarks)


def _sampled(flow: Floats, landmarks: Floats, radius: int = 3) -> Floats:
    """Median of the flow [68, 2] within some pixels of each landmark."""
    centre = np.clip(np.rint(landmarks).astype(np.intp), radius, CROP - 1 - radius)
    steps = np.arange(-radius, radius + 1)
    rows = centre[:, 1, None, None] + steps[:, None]
    columns = centre[:, 0, None, None] + steps
    around = flow[:, rows, columns].reshape(2, LANDMARKS, -1)
    return np.ascontiguousarray(np.median(around, axis=2).T)
