"""Eyes and brows."""

from __future__ import annotations

import numpy as np

from training.synthetic.canvas import Box, Canvas, Image, mix, smooth
from training.synthetic.face import Identity
from training.synthetic.shape import Points


def lid_curves(eye: Points) -> tuple[Points, Points]:
    """Upper and lower lid from the outer to the inner corner (or the other way), as curves."""
    upper = smooth(eye[[0, 1, 2, 3]], per=6)
    lower = smooth(eye[[0, 5, 4, 3]], per=6)
    return upper, lower


def paint_eye(
    canvas: Canvas,
    image: Image,
    eye: Points,
    identity: Identity,
    shade: Image,
    gaze: tuple[float, float],
    highlight: tuple[float, float],
    rng: np.random.Generator,
) -> None:
    """Paint one eye (six points) over the skin of `image`, in place."""
    box = canvas.box(eye, 9.0)
    patch, light = image[box], shade[box]
    upper, lower = lid_curves(eye)
    width = float(np.hypot(*(eye[3] - eye[0])))
    opening = canvas.fill(np.concatenate([upper, lower[::-1]]), box, 0.25)
    ball = _eyeball(canvas, box, eye, width, identity, gaze, highlight, rng)
    lid_shadow = canvas.stroke(upper + (0, 0.9), 2.6, box, 1.0)
    ball *= (0.12 + 0.88 * np.minimum(light, 1.1)) * (1 - 0.6 * lid_shadow)
    mix(patch, ball, opening)
    _lids(canvas, box, patch, eye, upper, lower, identity, rng)


def _eyeball(
    canvas: Canvas,
    box: Box,
    eye: Points,
    width: float,
    identity: Identity,
    gaze: tuple[float, float],
    highlight: tuple[float, float],
    rng: np.random.Generator,
) -> Image:
    centre = eye.mean(0) + np.array([gaze[0] * 0.16 * width, gaze[1] * 1.2 - 0.2])
    radius = 5.4 * float(rng.uniform(0.94, 1.06)) * np.clip(width / 20.0, 0.85, 1.2)
    x, y = canvas.x[:, box[1]] - centre[0], canvas.y[box[0]] - centre[1]
    r = np.sqrt(x**2 + y**2)
    edge = np.float32(1.2) * np.float32(canvas.density)
    white = np.float32(rng.uniform(0.42, 0.72) * (0.6 + 0.55 * identity.tone))
    along = (canvas.x[:, box[1]] - eye[:, 0].mean()) / (0.5 * width)
    ball = white * (1 - 0.3 * along**2) * np.ones_like(r)
    iris = np.clip((radius - r) * edge + 0.5, 0, 1)
    tone = (0.5 + 0.5 * identity.tone) * identity.iris * (0.75 + 0.5 * np.clip(r / radius, 0, 1))
    tone = tone * (1 - 0.6 * np.clip((r - 0.82 * radius) / (0.18 * radius), 0, 1))
    mix(ball, tone.astype(np.float32), iris)
    pupil = np.clip((radius * rng.uniform(0.32, 0.52) - r) * edge + 0.5, 0, 1)
    mix(ball, 0.02, pupil)
    at = np.array(highlight) * 0.45 * radius
    spark = np.sqrt((x - at[0]) ** 2 + (y - at[1]) ** 2)
    mix(ball, float(rng.uniform(0.7, 1.3)), np.clip((0.2 * radius - spark) * edge + 0.5, 0, 1))
    return np.asarray(ball, np.float32)


def _lids(
    canvas: Canvas,
    box: Box,
    patch: Image,
    eye: Points,
    upper: Points,
    lower: Points,
    identity: Identity,
    rng: np.random.Generator,
) -> None:
    lash = float(rng.uniform(0.4, 0.92))
    thick = float(rng.uniform(0.7, 1.6))
    dark = 0.08 * identity.tone + 0.02
    mix(patch, dark, lash * canvas.stroke(upper + (0, -0.2), thick, box, 0.3))
    mix(patch, dark, 0.45 * lash * canvas.stroke(lower + (0, 0.2), 0.6, box, 0.35))
    patch *= 1 + 0.12 * canvas.stroke(lower + (0, 1.4), 1.0, box, 0.5)
    if rng.random() < 0.8:
        lift = float(rng.uniform(1.8, 4.2))
        crease = upper[2:-2] + np.array([0.0, -lift])
        patch *= 1 - float(rng.uniform(0.15, 0.5)) * canvas.stroke(crease, 0.9, box, 0.5)
    if rng.random() < 0.2:
        shadow = canvas.fill(np.concatenate([upper, (upper + (0, -5))[::-1]]), box, 1.2)
        patch *= 1 - float(rng.uniform(0.1, 0.4)) * shadow
    corner = eye[3] if abs(eye[3, 0]) < abs(eye[0, 0]) else eye[0]
    patch *= 1 - 0.35 * canvas.stroke(np.stack([corner, corner + (0.3, 0.6)]), 1.4, box, 0.5)


def paint_brow(
    canvas: Canvas, image: Image, brow: Points, identity: Identity, outward: float,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Paint one brow: its five points lie near its upper edge, hairs lean outward."""
    style = identity.rng(3)
    box = canvas.box(brow, 6.0)
    patch = image[box]
    thick = float(style.uniform(3.2, 8.0))
    density = float(style.uniform(0.35, 0.95))
    dark = min(identity.hair * float(style.uniform(0.5, 1.0)), 0.75 * identity.tone)
    path = smooth(brow if outward > 0 else brow[::-1], per=6) + (0, 0.3 * thick)
    taper = np.interp(np.linspace(0, 1, len(path)), [0, 0.25, 0.6, 1], [0.75, 1, 0.85, 0.3])
    half = 0.5 * thick * taper[:, None] * np.array([[0.0, 1.0]])
    cover = canvas.fill(
        np.concatenate([path - half, (path + half)[::-1]]), box, float(style.uniform(0.9, 2.2))
    )
    hairs = _hairs(canvas, box, path, thick, taper, outward, rng)
    hairy = np.clip(cover * (0.8 + 0.4 * hairs), 0, 1) * density
    mix(patch, dark, hairy.astype(np.float32))


def _hairs(
    canvas: Canvas, box: Box, path: Points, thick: float, taper: Points, outward: float,
    rng: np.random.Generator,
) -> Image:  # fmt: skip
    import cv2

    mask, offset = canvas._blank(box)
    count = 46
    index = rng.integers(0, len(path), count)
    spread = taper[index] * thick * rng.uniform(-0.55, 0.55, count)
    start = path[index] + np.stack([rng.normal(0, 0.5, count), spread], 1)
    lean = np.stack([outward * rng.uniform(0.8, 2.6, count), rng.uniform(-2.2, -0.2, count)], 1)
    lines = np.stack([start, start + lean], 1)
    at = np.round((canvas.pixels(lines) - offset) * 16).astype(np.int32)
    cv2.polylines(mask, list(at), False, 255, 1, cv2.LINE_AA, 4)
    return mask.astype(np.float32) / np.float32(255)
