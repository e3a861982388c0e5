"""The relief of a face: depth over canonical coordinates, towards the viewer, canonical units."""

from __future__ import annotations

import numpy as np

from training.synthetic.blobs import BlobList, Blobs
from training.synthetic.shape import EYE_L, EYE_R, Points


def relief(points: Points, rng: np.random.Generator) -> Blobs:
    """The smooth relief that turning the head shows: skull, nose, sockets, cheeks, lips, chin.

    Every slope stays below one, so that the map from face to picture never folds at poses
    within 30 degrees.

    Args:
        points: neutral or still expression, [68, 2] canonical units.
        rng: identity's chance: how prominent each part is.
    """
    bulge = rng.uniform(0.8, 1.2, 8)
    out = BlobList()
    out.add((0.0, 0.0), 56.0, 84.0, 70.0)
    nasion, tip, base = points[27], points[30], points[33]
    for s, height, sigma in ((0.15, 3.0, 7.5), (0.45, 4.5, 7.5), (0.72, 6.0, 8.0), (1.0, 8.0, 9.0)):
        out.add(nasion + s * (tip - nasion), sigma, 6.5, height * bulge[0])
    out.add((base + tip) / 2, 11.0, 7.0, 3.5 * bulge[1])
    for eye, brow in ((EYE_L, slice(17, 22)), (EYE_R, slice(22, 27))):
        middle = points[eye].mean(0)
        out.add(middle, 12.0, 7.0, -5.0 * bulge[2])
        out.add(points[brow].mean(0) + np.array([0.0, 2.0]), 16.0, 6.0, 2.5 * bulge[3])
        side = np.sign(middle[0])
        out.add((middle[0] + 6 * side, base[1] - 9), 13.0, 12.0, 4.5 * bulge[4])
    mouth = points[48:60].mean(0)
    out.add(mouth, 20.0, 13.0, 5.5 * bulge[5])
    out.add(points[8] + np.array([0.0, -10.0]), 13.0, 9.0, 6.0 * bulge[6])
    out.add((0.0, points[27, 1] - 36), 34.0, 20.0, 3.0 * bulge[7])
    return out.blobs()


def details(points: Points, rng: np.random.Generator, age: float, lips: float) -> Blobs:
    """The fine relief that only shading shows: bridge, wings, eyeballs, lips, folds, creases.

    Args:
        points: as drawn, [68, 2] canonical units.
        rng: chance of the picture's identity.
        age: 0 smooth to 1 deeply lined.
        lips: fullness, about 1.
    """
    out = BlobList()
    _nose(out, points, rng)
    for eye, inner in ((points[EYE_L], 3), (points[EYE_R], 0)):
        middle = eye.mean(0)
        width = abs(eye[3, 0] - eye[0, 0])
        out.add(middle, 0.42 * width, 4.6, 3.2)
        out.add(middle + np.array([0.0, -8.0]), 0.55 * width, 2.6, -1.5 * rng.uniform(0.4, 1.6))
        out.add(eye[inner] + np.array([0.0, -2.0]), 4.0, 5.0, -2.0)
        bag = rng.uniform(0.2, 0.8) + 1.2 * age
        out.add(middle + np.array([0.0, 9.5]), 0.45 * width, 1.6, -0.55 * bag)
        out.add(middle + np.array([0.0, 6.8]), 0.45 * width, 1.8, 0.5 * bag)
    _mouth(out, points, lips)
    _folds(out, points, rng, age)
    return out.blobs()


def _nose(out: BlobList, points: Points, rng: np.random.Generator) -> None:
    width = 0.5 * (points[35, 0] - points[31, 0])
    out.line(points[27], points[29], 3.2, 2.6 * rng.uniform(0.3, 1.3))
    out.add(points[30] + np.array([0.0, 2.0]), 0.42 * width, 4.2, 3.6 * rng.uniform(0.7, 1.3))
    for wing, sign in ((points[31], -1.0), (points[35], 1.0)):
        out.add(wing + np.array([2.0 * -sign, -3.2]), 3.2, 3.6, 3.0)
        out.add(wing + np.array([3.6 * sign, -3.0]), 2.6, 4.5, -1.0)
    out.add(points[33] + np.array([0.0, 2.8]), 0.9 * width, 2.0, -2.2)
    out.add(points[33] + np.array([0.0, 5.5]), 1.7, 3.4, -0.7)


def _mouth(out: BlobList, points: Points, lips: float) -> None:
    left, right = points[48], points[54]
    half = 0.5 * (right[0] - left[0])
    upper = (points[51] + points[62]) / 2
    lower = (points[57] + points[66]) / 2
    thick_u = max(1.4, 0.45 * (points[62, 1] - points[51, 1]))
    thick_l = max(1.6, 0.45 * (points[57, 1] - points[66, 1]))
    out.add(upper, 0.55 * half, thick_u, 1.3 * lips)
    out.add(lower, 0.5 * half, thick_l, 2.2 * lips)
    out.add(points[57] + np.array([0.0, 4.5]), 0.55 * half, 2.8, -2.4)
    for corner, sign in ((left, -1.0), (right, 1.0)):
        out.add(corner + np.array([1.5 * sign, 0.0]), 2.0, 2.4, -1.6)
        out.add(corner + np.array([4.5 * sign, 1.0]), 3.5, 5.0, 0.8)


def _folds(out: BlobList, points: Points, rng: np.random.Generator, age: float) -> None:
    strength = rng.uniform(0.1, 0.5) + 1.2 * age
    smile = max(0.0, (points[57, 1] - points[48, 1]) - 10.0) * 0.12
    for side in (-1.0, 1.0):
        out.add((30.0 * side, 0.5 * (points[33, 1] + points[48, 1]) - 12), 11.0, 9.0, 2.5 * smile)
    for wing, corner, sign in ((31, 48, -1.0), (35, 54, 1.0)):
        start = points[wing] + np.array([3.5 * sign, -3.0])
        end = points[corner] + np.array([5.5 * sign, rng.uniform(-3.0, 4.0)])
        out.line(start, end, 1.8, -1.2 * (strength + smile), bow=-sign * 2.0)
        out.line(
            start + np.array([4.5 * sign, 0.0]), end + np.array([4.5 * sign, 0.0]),
            3.8, 0.6 * (strength + smile), bow=-sign * 2.0,
        )  # fmt: skip
    for _ in range(int(rng.integers(0, 2 + int(4 * age)))):
        y = points[27, 1] - rng.uniform(22, 44)
        x = rng.uniform(-8, 8)
        out.line((x - 24, y + 1), (x + 24, y), 1.3, -0.7 * age - 0.1, bow=rng.uniform(-2, 2))
    if rng.random() < 0.4:
        for x in (-4.0, 4.0):
            top = points[27] + np.array([x, -16.0])
            out.line(top, points[27] + np.array([x, -7.0]), 1.1, -0.6 * age - 0.15)
