"""Clips, whole events and stills, each made from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from training.synthetic.camera import crop, sample_camera
from training.synthetic.canvas import smooth
from training.synthetic.face import sample_light
from training.synthetic.labels import to_casme5, to_class3, to_samm5
from training.synthetic.options import SyntheticOptions
from training.synthetic.paint import Look
from training.synthetic.plan import plan_clip, stream
from training.synthetic.render import canvas_for, head_painter, render_frames
from training.synthetic.truth import CROP, Array, Truth
from training.synthetic.workers import on_one_thread


@dataclass(frozen=True)
class SyntheticClip:
    """Eight crops of one face and all that is true of them.

    Attributes:
        frames: uint8 [8, 128, 128], luma.
        landmarks: float32 [8, 68, 2], crop pixels; may lie outside the crop.
        timestamps_ns: int64 [8], from 0.
        emotion: one of `labels.EMOTIONS`, or "none" without an event.
        kind: "micro", "macro" or "none".
        aus: the action units, "12" on both sides, "L14" or "R14" on one (as seen).
        amplitude: largest displacement at the apex, about crop pixels.
        identity: number of the face.
        truth: the exact geometry, from which `flow` follows.

    Example:
        >>> clip = make_clip(3)
        >>> clip.frames.shape, clip.flow(0).shape
        ((8, 128, 128), (2, 128, 128))
    """

    frames: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    timestamps_ns: NDArray[np.int64]
    emotion: str
    kind: str
    aus: tuple[str, ...]
    amplitude: float
    identity: int
    truth: Truth

    def flow(self, k: int) -> NDArray[np.float32]:
        """Exact flow of pair k (0 to 6), [2, 128, 128] (x, y), crop pixels.

        True where `flow_mask` says; elsewhere it is the head's motion continued.
        """
        return self.truth.flow(k).astype(np.float32)

    def flow_mask(self, k: int) -> NDArray[np.bool_]:
        """Where the flow of pair k is true, [128, 128]: the face, without blinking eyes."""
        mask = face_mask(self.truth, k)
        lids = self.truth.motion.lids
        if lids[k] != lids[k + 1]:
            mask &= ~_eye_mask(self.truth, k)
        return mask

    @cached_property
    def face_mask(self) -> NDArray[np.bool_]:
        """The face's pixels in the first crop, [128, 128]: jaw to forehead."""
        return face_mask(self.truth, 0)

    @property
    def label5_casme(self) -> int | None:
        """Index into `labels.CASME5`, None without an event."""
        return to_casme5(self.emotion)

    @property
    def label5_samm(self) -> int | None:
        """Index into `labels.SAMM5`, None without an event."""
        return to_samm5(self.emotion)

    @property
    def label3(self) -> int | None:
        """Index into `labels.CLASSES3`, None without an event and for "others"."""
        return to_class3(self.emotion)


@on_one_thread
def make_clip(seed: int, options: SyntheticOptions = SyntheticOptions()) -> SyntheticClip:  # noqa: B008
    """Make the clip with this seed; the same seed and options give the same bytes.

    Args:
        seed: 0 or more; chooses everything, the face among the options' identities too.
        options: what clips may look like.
    """
    plan = plan_clip(seed, options)
    rng = stream(seed, options, 1)
    light, camera = sample_light(rng), sample_camera(rng, options.noise)
    look = Look(plan.truth.points, plan.gaze, plan.identity.glasses)
    canvas = canvas_for(float(plan.truth.motion.scale[0]))
    seed_of_paint = int(rng.integers(2**32))
    paint = head_painter(plan.identity, look, light, canvas, seed_of_paint)
    frames = render_frames(plan.truth, paint, camera, plan.frame_size, rng)
    transforms = plan.truth.transforms
    crops = np.stack([crop(f, m) for f, m in zip(frames, transforms, strict=True)])
    landmarks = np.stack([plan.truth.landmarks(t) for t in range(len(frames))])
    return SyntheticClip(
        crops, landmarks.astype(np.float32), plan.timestamps_ns, plan.emotion, plan.kind,
        plan.aus, plan.amplitude, plan.identity.number, plan.truth,
    )  # fmt: skip


def face_mask(truth: Truth, t: int) -> NDArray[np.bool_]:
    """Pixels of the crop at frame t that show the face from jaw to forehead."""
    points = truth.points
    brows = points[17:27] + np.array([0.0, -14.0])
    outline = np.concatenate([points[0:17], brows[::-1]])
    inner = outline.mean(0) + 0.96 * (outline - outline.mean(0))
    return _polygon(truth.crop_maps[t].forward(smooth(inner, closed=True, per=3).T).T)


def _eye_mask(truth: Truth, t: int) -> NDArray[np.bool_]:
    mask = np.zeros((CROP, CROP), np.bool_)
    for eye in (slice(36, 42), slice(42, 48)):
        points = truth.points[eye]
        middle = points.mean(0)
        grown = middle + (points - middle) * np.array([1.35, 1.9])
        mask |= _polygon(truth.crop_maps[t].forward(grown.T).T)
    return mask


def _polygon(outline: Array) -> NDArray[np.bool_]:
    import cv2

    mask = np.zeros((CROP, CROP), np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
    return mask.astype(np.bool_)
