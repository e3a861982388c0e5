"""Whole events at the camera's own rate, as datasets hold them: uncropped frames in a row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.camera import sample_camera
from training.synthetic.face import sample_light
from training.synthetic.options import SyntheticOptions
from training.synthetic.paint import Look
from training.synthetic.plan import plan_event, stream
from training.synthetic.render import canvas_for, head_painter, render_frames
from training.synthetic.truth import Truth


@dataclass(frozen=True)
class SyntheticEvent:
    """One event from its onset to its offset.

    Attributes:
        frames: uint8 [n, side, side], gray camera frames.
        landmarks: float32 [n, 68, 2], frame pixels.
        fps: rate of the camera.
        onset, apex, offset: indices of frames; onset is 0 and offset n - 1.
        emotion, kind, aus, amplitude, identity: as `SyntheticClip` has them.
        truth: the exact geometry; `truth.flow(k)` is in pixels of the aligned crop.
    """

    frames: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    fps: float
    onset: int
    apex: int
    offset: int
    emotion: str
    kind: str
    aus: tuple[str, ...]
    amplitude: float
    identity: int
    truth: Truth


def make_event(
    seed: int,
    options: SyntheticOptions = SyntheticOptions(),  # noqa: B008
    emotion: str | None = None,
    identity: int | None = None,
) -> SyntheticEvent:
    """Make the whole event with this seed, never without an action.

    Args:
        seed: 0 or more; the same seed and options give the same bytes.
        options: as for `make_clip`; `p_none` and `protocol` do not count.
        emotion: one of `labels.EMOTIONS`; drawn if None.
        identity: number of the face; drawn if None.

    Raises:
        OptionError: the emotion is unknown.

    Example:
        >>> event = make_event(2, SyntheticOptions(fps=(100.0, 100.0)), emotion="surprise")
        >>> event.emotion, event.onset, event.offset == len(event.frames) - 1
        ('surprise', 0, True)
    """
    plan, apex, fps = plan_event(seed, options, emotion, identity)
    rng = stream(seed, options, 1)
    light, camera = sample_light(rng), sample_camera(rng, options.noise)
    look = Look(plan.truth.points, plan.gaze, plan.identity.glasses)
    canvas = canvas_for(float(plan.truth.motion.scale[0]))
    seed_of_paint = int(rng.integers(2**32))
    paint = head_painter(plan.identity, look, light, canvas, seed_of_paint)
    frames = render_frames(plan.truth, paint, camera, plan.frame_size, rng)
    count = len(frames)
    landmarks = np.stack([plan.truth.landmarks(t, in_crop=False) for t in range(count)])
    return SyntheticEvent(
        np.stack(frames), landmarks.astype(np.float32), fps, 0, apex, count - 1, plan.emotion,
        plan.kind, plan.aus, plan.amplitude, plan.identity.number, plan.truth,
    )  # fmt: skip
