"""A clip's truth as one short vector of numbers, about 5 kB instead of 3 MB of flow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import InputError
from training.synthetic.actions import ActionField
from training.synthetic.blobs import Blobs
from training.synthetic.geometry import Motion
from training.synthetic.truth import Truth

Array = NDArray[np.float64]


def pack(truth: Truth) -> Array:
    """The truth as float64 [n]; `unpack` gives it back without loss."""
    motion = truth.motion
    frames, count = motion.strength.shape
    parts = [
        np.array([frames, count, len(truth.depth.height), motion.distance]),
        truth.points,
        _rows(truth.depth),
        motion.angles, motion.shift, motion.scale, motion.strength, motion.lids,
        truth.transforms,
    ]  # fmt: skip
    for field in truth.fields:
        parts.append(np.array([field.unit, ord(field.side), len(field.vectors)]))
        parts += [_rows(field.blobs), field.vectors]
    return np.concatenate([part.ravel() for part in parts])


def unpack(vector: Array) -> Truth:
    """The truth that `pack` made a vector of.

    Raises:
        InputError: the vector is not one of `pack`'s.
    """
    reader = _Reader(vector)
    frames, count, depth, distance = reader.take(4)
    t, k = int(frames), int(count)
    points = reader.take(68, 2)
    relief = _blobs(reader.take(int(depth), 5))
    angles, shift, scale = reader.take(t, 3), reader.take(t, 2), reader.take(t)
    strength, lids, transforms = reader.take(t, k), reader.take(t), reader.take(t, 2, 3)
    fields: list[ActionField] = []
    for _ in range(k):
        unit, side, size = (int(v) for v in reader.take(3))
        blobs = _blobs(reader.take(size, 5))
        fields.append(ActionField(unit, chr(side), blobs, reader.take(size, 2)))
    reader.finish()
    motion = Motion(angles, shift, scale, strength, lids, float(distance))
    return Truth(points, relief, tuple(fields), motion, transforms)


def _rows(blobs: Blobs) -> Array:
    return np.concatenate([blobs.centre, blobs.sigma, blobs.height[:, None]], axis=1)


def _blobs(rows: Array) -> Blobs:
    return Blobs(rows[:, :2], rows[:, 2:4], rows[:, 4])


class _Reader:
    def __init__(self, vector: Array) -> None:
        self._vector = vector
        self._at = 0

    def take(self, *shape: int) -> Array:
        size = int(np.prod(shape))
        part = self._vector[self._at : self._at + size]
        if len(part) != size:
            self._fail()
        self._at += size
        return np.array(part).reshape(shape)

    def finish(self) -> None:
        if self._at != len(self._vector):
            self._fail()

    def _fail(self) -> None:
        raise InputError(
            f"A packed truth must hold what its header says, got {len(self._vector)} numbers "
            "that do not fit it; render the set again."
        )
