"""A face of a photograph that can be moved: fields of expressions, lids, and a turning head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.photos import Face, Photo
from mol_edge import _core

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

WIDTH, HEIGHT = 640, 480
_EYES = (range(36, 42), range(42, 48))
# Deviation of the skin's texture, which a photograph of a small face has lost, gray levels of 150.
_TEXTURE = 2.5

Pull = tuple[int, float, float]


@dataclass(frozen=True)
class Movement:
    """What an expression moves.

    Attributes:
        name: what it is.
        pulls: landmarks with the direction of each, in the face's frame: x right, y down.
        reach: how far a landmark's pull is felt, in distances of the eyes.
    """

    name: str
    pulls: tuple[Pull, ...]
    reach: float


def _each(points: range, x: float, y: float) -> tuple[Pull, ...]:
    return tuple((point, x, y) for point in points)


_LEFT_CORNER, _RIGHT_CORNER = (48, 60), (54, 64)


def _corners(name: str, x: float, y: float) -> list[Movement]:
    left = tuple((point, -x, y) for point in _LEFT_CORNER)
    right = tuple((point, x, y) for point in _RIGHT_CORNER)
    sides = {"": left + right, ", left": left, ", right": right}
    return [Movement(name + side, pulls, 0.55) for side, pulls in sides.items()]


MOVEMENTS: tuple[Movement, ...] = (
    Movement("brows up", _each(range(17, 27), 0, -1), 0.45),
    Movement("inner brows up", _each(range(20, 24), 0, -1), 0.4),
    Movement("left brow up", _each(range(17, 21), 0, -1), 0.45),
    Movement("right brow up", _each(range(23, 27), 0, -1), 0.45),
    Movement("frown", (*_each(range(19, 22), 0.6, 0.8), *_each(range(22, 25), -0.6, 0.8)), 0.4),
    Movement("nose wrinkled", (*_each(range(31, 36), 0, -1), *_each(range(50, 53), 0, -0.5)), 0.4),
    Movement("upper lip up", (*_each(range(50, 53), 0, -1), *_each(range(61, 64), 0, -0.9)), 0.4),
    Movement("lower lip down", (*_each(range(56, 59), 0, 1), *_each(range(65, 68), 0, 0.9)), 0.4),
    *_corners("corners up", 0.6, -0.8),
    *_corners("corners down", 0.1, 1.0),
    *_corners("corners out", 1.0, 0.0),
)


class WarpedFace:
    """One photographed face before a soft background, and how its pixels can be moved.

    Args:
        photo, face: what is shown.
        width: of the face from temple to temple, pixels of the picture.
        rng: draws the texture of the skin.

    Attributes:
        canvas: uint8 [480, 640, 3], BGR.
        landmarks: float64 [68, 2], canvas pixels.
        eyes: distance of the eyes, pixels.
        crop_scale: pixels of the SDK's crop in one of the canvas.
    """

    def __init__(self, photo: Photo, face: Face, width: float, rng: np.random.Generator) -> None:
        marks = face.landmarks
        scale = width / float(np.ptp(marks[:, 0]))
        middle = (marks.min(0) + marks.max(0)) / 2
        shift = np.array([WIDTH / 2, 0.53 * HEIGHT]) - scale * middle
        self.landmarks: Array = scale * marks + shift
        left, right = (self.landmarks[list(eye)].mean(0) for eye in _EYES)
        self.eyes = float(np.hypot(*(right - left)))
        across = (right - left) / self.eyes
        self._axes = np.array([across, (-across[1], across[0])])
        points = Face(face.box, self.landmarks).points
        transform = _core.alignment_transform(np.ascontiguousarray(points))
        self.crop_scale = float(np.hypot(transform[0, 0], transform[1, 0]))
        rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
        self._x, self._y = cast(Floats, columns), cast(Floats, rows)
        self._center = self.landmarks[[27, 30, 33]].mean(0).astype(np.float32)
        from_x, from_y = self._x - self._center[0], self._y - self._center[1]
        far = np.hypot(from_x / (0.8 * width), from_y / (0.95 * width))
        self._moving: Floats = np.clip((1.5 - far) / 0.5, 0, 1).astype(np.float32)
        near = 1 - np.square(from_x / (0.6 * width)) - np.square(from_y / (0.8 * width))
        self._depth = cast(
            Floats, cv2.GaussianBlur(0.4 * width * np.sqrt(np.clip(near, 0, 1)), (0, 0), width / 20)
        )
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        self.canvas = self._draw(photo, matrix, rng)

    def _draw(self, photo: Photo, matrix: Array, rng: np.random.Generator) -> NDArray[np.uint8]:
        size = (WIDTH, HEIGHT)
        face = cv2.warpAffine(
            photo.frame.image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
        ).astype(np.float32)
        face += 0.5 * (face - cv2.GaussianBlur(face, (0, 0), max(1.0, 0.7 * matrix[0, 0])))
        pores = np.zeros((HEIGHT, WIDTH), np.float32)
        for blur in (0.9, 2.2):
            layer = cv2.GaussianBlur(rng.standard_normal((HEIGHT, WIDTH), np.float32), (0, 0), blur)
            pores += layer / layer.std()
        face *= (1 + _TEXTURE / 150 * pores)[..., np.newaxis]
        behind = cv2.GaussianBlur(face, (0, 0), 12)
        shown = behind + self._moving[..., np.newaxis] * (face - behind)
        return np.clip(np.round(shown), 0, 255).astype(np.uint8)

    def field(self, movement: Movement) -> Floats:
        """Displacement by a movement, float32 [480, 640, 2]; at most 1 at the landmarks."""
        total = np.zeros((HEIGHT, WIDTH), np.float32)
        field = np.zeros((HEIGHT, WIDTH, 2), np.float32)
        for point, x, y in movement.pulls:
            at = self.landmarks[point]
            squared = np.square(self._x - at[0]) + np.square(self._y - at[1])
            weight = np.square(np.clip(1 - squared / (movement.reach * self.eyes) ** 2, 0, None))
            total += weight
            field += weight[..., np.newaxis] * (np.array([x, y]) @ self._axes).astype(np.float32)
        field /= np.maximum(total, 1)[..., np.newaxis]
        farthest = float(np.hypot(*_sampled(field, self.landmarks).T).max())
        return (field / farthest).astype(np.float32)

    def lids(self, closed: float) -> Floats:
        """Displacement where the lids are closed so far, 0 to 1; float32 [480, 640, 2]."""
        field = np.zeros((HEIGHT, WIDTH, 2), np.float32)
        for eye in _EYES:
            points = (self.landmarks[list(eye)] - self.landmarks[eye[0]]) @ self._axes.T
            upper = np.polyfit(points[:4, 0], points[:4, 1], 2)
            lower = np.polyfit(points[[0, 5, 4, 3], 0], points[[0, 5, 4, 3], 1], 2)
            width = float(points[3, 0])
            x, y = self._x - self.landmarks[eye[0], 0], self._y - self.landmarks[eye[0], 1]
            along = x * self._axes[0, 0] + y * self._axes[0, 1]
            down = x * self._axes[1, 0] + y * self._axes[1, 1]
            edge = np.polyval(upper, along)
            gap = np.clip(np.polyval(lower, along) - edge, 0, None) * (
                (along > 0) & (along < width)
            )
            # Skin of the lid, above the edge, is stretched down over the eye.
            crease, new = edge - 0.3 * width, edge + closed * gap
            skin = (down > crease) & (down < new) & (gap > 0)
            source = crease + (down - crease) * (edge - crease) / np.maximum(new - crease, 1e-3)
            moved = np.where(skin, down - source, 0)
            field += moved[..., np.newaxis] * self._axes[1].astype(np.float32)
        return field

    def places(self, shift: Array, roll: float, turn: Array) -> tuple[Floats, Floats]:
        """Where each pixel of the picture lies on the canvas, float32 [480, 640] twice.

        Args:
            shift: of the head, [2], pixels.
            roll: in the picture's plane, radians.
            turn: about the upright and the level axis, [2], radians.
        """
        from_x, from_y = self._x - self._center[0], self._y - self._center[1]
        moved_x = shift[0] - roll * from_y + turn[0] * self._depth
        moved_y = shift[1] + roll * from_x + turn[1] * self._depth
        x, y = self._x - self._moving * moved_x, self._y - self._moving * moved_y
        return x.astype(np.float32), y.astype(np.float32)


def _sampled(field: Floats, points: Array) -> Floats:
    """A field [height, width, 2] at points [n, 2]."""
    x, y = (points[:, axis].astype(np.float32)[np.newaxis] for axis in (0, 1))
    return cast(Floats, cv2.remap(field, x, y, cv2.INTER_LINEAR)[0])
