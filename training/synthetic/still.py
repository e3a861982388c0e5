"""Single crops for training landmarks, with far more variety than clips have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.synthetic.camera import crop, sample_camera
from training.synthetic.expression import apply_expression, sample_expression
from training.synthetic.face import make_identity, sample_light
from training.synthetic.geometry import Motion
from training.synthetic.options import SyntheticOptions
from training.synthetic.paint import Look
from training.synthetic.plan import stream
from training.synthetic.render import canvas_for, head_painter, render_frames
from training.synthetic.truth import place
from training.synthetic.workers import on_one_thread

# Stills show heads turned further, and smaller in the frame, than clips do.
STILLS = SyntheticOptions(pose_degrees=30.0, scale=(0.3, 1.6), jitter=0.05)


@on_one_thread
def make_still(
    seed: int, options: SyntheticOptions = STILLS
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """One crop with its landmarks: any expression, pose, light and camera.

    Args:
        seed: 0 or more; chooses everything.
        options: `split`, `identities`, `jitter`, `pose_degrees`, `noise` and `scale` count.

    Returns:
        The crop, uint8 [128, 128], and the 68 points, float32 [68, 2], in its pixels.

    Example:
        >>> picture, landmarks = make_still(5)
        >>> picture.shape, landmarks.shape
        ((128, 128), (68, 2))
    """
    rng = stream(seed, options, 2)
    identity = make_identity(options.first_identity + int(rng.integers(options.identities)))
    strength = 0.0 if rng.random() < 0.15 else float(rng.uniform(0.3, 1.0))
    points = apply_expression(identity.points, sample_expression(rng, strength))
    limit = np.radians(options.pose_degrees)
    turn = np.clip(rng.normal(0, (0.5 * limit, 0.35 * limit)), -limit, limit)
    angles = np.array([[*turn, np.clip(rng.normal(0, 0.2), -0.6, 0.6)]])
    scale = np.array([np.exp(rng.uniform(*np.log(options.scale)))])
    motion = Motion(angles, np.zeros((1, 2)), scale, np.zeros((1, 0)), np.zeros(1),
                    float(rng.uniform(250, 1500)))  # fmt: skip
    truth, size = place(rng, points, identity, (), motion, options)
    light, camera = sample_light(rng), sample_camera(rng, options.noise)
    gaze = (float(rng.normal(0, 0.5)), float(rng.normal(0, 0.4)))
    look = Look(points, gaze, identity.glasses)
    canvas = canvas_for(float(scale[0]))
    paint = head_painter(identity, look, light, canvas, int(rng.integers(2**32)))
    frame = render_frames(truth, paint, camera, size, rng)[0]
    if rng.random() < 0.12:
        frame = _occlude(frame, rng)
    return crop(frame, truth.transforms[0]), truth.landmarks(0).astype(np.float32)


def _occlude(frame: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Put something before the face: a hand, a cup, a strand of hair."""
    import cv2

    side = frame.shape[0]
    cover = np.zeros_like(frame)
    at = [int(v) for v in rng.uniform(0, side, 2)]
    if rng.random() < 0.5:
        axes = [int(v) for v in side * rng.uniform(0.06, 0.25, 2)]
        cv2.ellipse(cover, at, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA)
    else:
        end = [int(v) for v in rng.uniform(0, side, 2)]
        width = max(1, int(side * rng.uniform(0.005, 0.07)))
        cv2.line(cover, at, end, 255, width, cv2.LINE_AA)
    cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), 0.8), np.uint8)
    share = cover.astype(np.float32) / 255
    tone = rng.uniform(10, 240) + rng.uniform(0, 12) * rng.standard_normal(frame.shape, np.float32)
    return np.clip(frame + (tone - frame) * share, 0, 255).astype(np.uint8)
