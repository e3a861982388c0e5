"""The exact geometry of a clip, and what follows from it: landmarks and flow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from training.synthetic.actions import ActionField
from training.synthetic.blobs import Blobs
from training.synthetic.camera import crop_transform, five_points
from training.synthetic.depth import relief
from training.synthetic.expression import close_lids
from training.synthetic.face import Identity
from training.synthetic.geometry import Head, Motion, NodeMap, flow_between
from training.synthetic.options import SyntheticOptions

Array = NDArray[np.float64]
EXTENT = 92.0
CROP = 128


@dataclass(frozen=True)
class Truth:
    """The exact geometry of T frames; all else that is true of them follows.

    Attributes:
        points: [68, 2] face points at rest, canonical units.
        depth: relief of the face.
        fields: the K action fields.
        motion: of head, camera and actions.
        transforms: [T, 2, 3] from the camera's frame to the crop.
    """

    points: Array
    depth: Blobs
    fields: tuple[ActionField, ...]
    motion: Motion
    transforms: Array

    @cached_property
    def head(self) -> Head:
        """The face's nodes, fields and relief."""
        return Head(EXTENT, self.depth, self.fields)

    @cached_property
    def frame_maps(self) -> list[NodeMap]:
        """Per frame, from face points to the camera's frame."""
        return [self.head.place(self.motion, t) for t in range(len(self.motion.scale))]

    @cached_property
    def crop_maps(self) -> list[NodeMap]:
        """Per frame, from face points to crop pixels."""
        return [m.then(a) for m, a in zip(self.frame_maps, self.transforms, strict=True)]

    def face_points(self, t: int) -> Array:
        """The 68 points [68, 2] in canonical units, lids as a blink has them at frame t."""
        return close_lids(self.points, float(self.motion.lids[t]))

    def landmarks(self, t: int, in_crop: bool = True) -> Array:
        """The 68 points [68, 2] at frame t, in pixels of the crop or of the camera's frame."""
        maps = self.crop_maps if in_crop else self.frame_maps
        return maps[t].forward(self.face_points(t).T).T

    def place_landmarks(self, t: int) -> Array:
        """The 68 points [68, 2] at frame t in the camera's frame, without the other frames."""
        return self.head.place(self.motion, t).forward(self.face_points(t).T).T

    def flow(self, k: int) -> Array:
        """Exact flow [2, 128, 128] from frame k to k + 1, crop pixels."""
        return flow_between(self.crop_maps[k], self.crop_maps[k + 1], CROP)


def place(
    rng: np.random.Generator, points: Array, identity: Identity, fields: tuple[ActionField, ...],
    motion: Motion, options: SyntheticOptions,
) -> tuple[Truth, int]:  # fmt: skip
    """Centre the face in its frame, find the alignment; returns the truth and the frame's side."""
    depth = relief(points, identity.rng(5))
    frames = len(motion.scale)
    loose = Truth(points, depth, fields, motion, np.tile(np.eye(2, 3), (frames, 1, 1)))
    # A locked transform is anchored on a few frames; the other kind needs all of them.
    locked = options.alignment == "anchored"
    seen = sorted({0, frames // 2, frames - 1}) if locked else range(frames)
    five = np.stack([five_points(loose.place_landmarks(t)) for t in seen])
    low, high = five[0].min(0), five[0].max(0)
    half = 0.5 * 2.5 * float((high - low).max()) * 128 / 143
    roll = abs(float(motion.angles[0, 2]))
    size = 2 * int(np.ceil(1.06 * half * (np.cos(roll) + np.sin(roll)) + 6))
    offset = (size - 1) / 2 - 0.5 * (low + high)
    moved = replace(motion, shift=motion.shift + offset)
    five += offset
    eyes = float(np.hypot(*(five[0, 1] - five[0, 0])))
    five += eyes * _detector_error(rng, options.jitter)
    if locked:
        transforms = np.tile(crop_transform(five.mean(0)), (frames, 1, 1))
    else:
        five += 0.3 * options.jitter * eyes * rng.standard_normal(five.shape)
        transforms = np.stack([crop_transform(p) for p in five])
    return Truth(points, depth, fields, moved, transforms), size


def _detector_error(rng: np.random.Generator, jitter: float) -> Array:
    """Error [5, 2] of the five points, in distances of the eyes.

    Beside chance, detectors differ in where they see a point: eyes and mouth higher or lower,
    corners of the mouth further in or out, which changes the scale of the crop.
    """
    error = rng.standard_normal((5, 2))
    eyes, mouth, inward = rng.standard_normal(3)
    error[:2, 1] += eyes
    error[3:, 1] += mouth
    error[3:, 0] += inward * np.array([1.0, -1.0])
    return jitter * error
