"""A 68-point model of faces: a mean drawn up from anthropometric proportions, and modes.

Canonical units: one unit is one pixel of the 128 × 128 crop of an average face seen from the
front; the origin is the middle of the crop, x to the right, y down. Points are in iBUG order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

# Left half (as seen) of the mean; the right half is its mirror image.
_JAW = [(-62, -25), (-61.5, -8), (-59.5, 9), (-56, 25), (-49.5, 40), (-39.5, 52), (-27.5, 60.5),
        (-14, 65.5), (0, 67.5)]  # fmt: skip
_BROW = [(-49, -40), (-41.5, -46.5), (-32, -48.5), (-22, -46.5), (-13, -42)]
_BRIDGE = [(0, -29), (0, -18.5), (0, -8), (0, 2.5)]
_NOSTRILS = [(-12.5, 12), (-6.5, 14.2), (0, 15.8)]
_EYE = [(-38, -28), (-32, -32), (-24, -32), (-16.5, -27), (-24, -25), (-32, -25)]
_LIPS_TOP = [(-23.5, 28.6), (-15, 24.6), (-6, 22.2), (0, 23.4)]
_LIPS_BOTTOM = [(-15, 35.3), (-7, 38.6), (0, 39.4)]
_INNER = [(-20.5, 29), (-7, 28.4), (0, 29.2)]
_INNER_LOWER = [(-7, 29.6), (0, 30.4)]

JAW, BROW_L, BROW_R, NOSE = slice(0, 17), slice(17, 22), slice(22, 27), slice(27, 36)
EYE_L, EYE_R, MOUTH, OUTER, INNER = (
    slice(36, 42), slice(42, 48), slice(48, 68), slice(48, 60), slice(60, 68),
)  # fmt: skip

# Index of each point's mirror image.
MIRROR = np.array(
    [*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31,
     45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40, 54, 53, 52, 51, 50, 49, 48,
     59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65]
)  # fmt: skip


def _mirrored(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(-x, y) for x, y in reversed(points)]


def _mean() -> Points:
    points = [*_JAW, *_mirrored(_JAW[:8]), *_BROW, *_mirrored(_BROW), *_BRIDGE]
    points += [*_NOSTRILS, *_mirrored(_NOSTRILS[:2]), *_EYE]
    points += [(-_EYE[i][0], _EYE[i][1]) for i in (3, 2, 1, 0, 5, 4)]
    points += [*_LIPS_TOP, *_mirrored(_LIPS_TOP[:3])]
    points += [*((-x, y) for x, y in _LIPS_BOTTOM[:2]), *reversed(_LIPS_BOTTOM)]
    points += [*_INNER, *_mirrored(_INNER[:2])]
    points += [*_mirrored(_INNER_LOWER[:1]), *reversed(_INNER_LOWER)]
    return np.array(points, np.float64)


MEAN: Points = _mean()


@dataclass(frozen=True)
class Mode:
    """One way in which faces differ: displacement [68, 2] per standard deviation."""

    name: str
    basis: Points


def _modes() -> list[Mode]:
    side = np.sign(MEAN[:, 0])
    below = np.clip((MEAN[:, 1] + 25) / 90, 0, 1)
    centre = np.zeros_like(MEAN)
    for eye in (EYE_L, EYE_R):
        centre[eye] = MEAN[eye].mean(0)
    index = np.arange(17)
    corner = np.exp(-0.5 * ((index - 4) / 1.6) ** 2) - np.exp(-0.5 * ((index - 12) / 1.6) ** 2)
    modes: list[Mode] = []

    def add(name: str, part: slice | list[slice], axis: int, value: NDArray[np.float64]) -> None:
        basis = np.zeros_like(MEAN)
        for one in part if isinstance(part, list) else [part]:
            basis[one, axis] = value[one]
        modes.append(Mode(name, basis))

    x, y = MEAN[:, 0], MEAN[:, 1]
    eyes, brows = [EYE_L, EYE_R], [BROW_L, BROW_R]
    lips_up = np.zeros(68)
    lips_up[49:54] = [-0.6, -1, -0.9, -1, -0.6]
    lips_down = np.zeros(68)
    lips_down[55:60] = [0.7, 1, 1.05, 1, 0.7]
    arch = np.zeros(68)
    arch[17:27] = [0.5, -0.4, -1, -0.5, 0.5, 0.5, -0.5, -1, -0.4, 0.5]
    tilt = np.zeros(68)
    tilt[17:27] = [-1, -0.5, 0, 0.5, 1, 1, 0.5, 0, -0.5, -1]
    cupid = np.zeros(68)
    cupid[[50, 52]], cupid[51] = -0.5, 0.6
    add("face_width", JAW, 0, 0.055 * x)
    add("jaw_taper", JAW, 0, 0.08 * x * below)
    add("chin_length", JAW, 1, 5.0 * below**2)
    modes.append(_corner_mode(corner))
    add("cheek_fullness", JAW, 0, 2.0 * side * np.sin(np.pi * below))
    add("eye_spacing", eyes, 0, 1.8 * side)
    add("eye_width", eyes, 0, 0.07 * (x - centre[:, 0]))
    add("eye_opening", eyes, 1, 0.17 * (y - centre[:, 1]))
    add("eye_slant", eyes, 1, -0.09 * side * (x - centre[:, 0]))
    add("brow_height", brows, 1, np.full(68, -2.0))
    add("brow_arch", brows, 1, 1.1 * arch)
    add("brow_tilt", brows, 1, 1.3 * tilt)
    add("brow_spacing", brows, 0, 1.4 * side)
    add("nose_length", NOSE, 1, 0.07 * (y + 29))
    add("nose_width", slice(31, 36), 0, 0.13 * x)
    add("nose_tilt", slice(30, 36), 1, np.full(68, 0.9))
    add("mouth_width", MOUTH, 0, 0.08 * x)
    add("mouth_height", MOUTH, 1, np.full(68, 1.5))
    add("lip_upper", MOUTH, 1, 1.1 * lips_up)
    add("lip_lower", MOUTH, 1, 1.2 * lips_down)
    add("mouth_corners", MOUTH, 1, -0.9 * (np.abs(x) / 23) ** 2)
    add("cupid_bow", MOUTH, 1, cupid)
    return modes


def _corner_mode(corner: NDArray[np.float64]) -> Mode:
    basis = np.zeros_like(MEAN)
    basis[JAW, 0] = -2.6 * corner
    basis[JAW, 1] = 1.5 * np.abs(corner)
    return Mode("jaw_square", basis)


MODES: list[Mode] = _modes()


def sample_shape(rng: np.random.Generator, spread: float = 1.0) -> Points:
    """Draw the neutral points of one face, canonical units.

    Args:
        rng: source of chance; the same state gives the same face.
        spread: scale of the differences; 0 gives the mean.

    Returns:
        float64 [68, 2].

    Example:
        >>> import numpy as np
        >>> sample_shape(np.random.default_rng(0), spread=0.0)[8].tolist()
        [0.0, 67.5]
    """
    weights = np.clip(rng.standard_normal(len(MODES)), -2.2, 2.2) * spread
    points = MEAN + np.einsum("k,kpc->pc", weights, np.stack([m.basis for m in MODES]))
    noise = 0.35 * spread * rng.standard_normal(points.shape)
    # Chance differences are smoothed along each contour, and half of them are mirrored.
    for part in (JAW, BROW_L, BROW_R, OUTER):
        noise[part] = 0.5 * noise[part] + 0.25 * (
            np.roll(noise[part], 1, 0) + np.roll(noise[part], -1, 0)
        )
    noise[EYE_L] *= 0.7
    noise[EYE_R] *= 0.7
    points += noise
    _keep_order(points)
    return points


def _keep_order(points: Points) -> None:
    """Keep lids and lips apart: upper above lower, whatever was drawn."""
    for upper, lower, gap in (
        ((37, 38), (41, 40), 3.0), ((43, 44), (47, 46), 3.0), ((61, 62, 63), (67, 66, 65), 0.2),
        ((50, 51, 52), (61, 62, 63), 1.5), ((67, 66, 65), (58, 57, 56), 2.5),
    ):  # fmt: skip
        for a, b in zip(upper, lower, strict=True):
            short = gap - (points[b, 1] - points[a, 1])
            if short > 0:
                points[a, 1] -= short / 2
                points[b, 1] += short / 2
