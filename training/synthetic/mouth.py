"""Lips, teeth, the dark of the mouth, and nostrils."""

from __future__ import annotations

import numpy as np

from training.synthetic.canvas import Box, Canvas, Image, mix, smooth
from training.synthetic.face import Identity
from training.synthetic.shape import Points


def paint_mouth(canvas: Canvas, image: Image, points: Points, identity: Identity, shade: Image,
                rng: np.random.Generator) -> None:  # fmt: skip
    """Paint the mouth (points 48 to 67) over the skin of `image`, in place."""
    style = identity.rng(4)
    outer, inner = points[48:60], points[60:68]
    box = canvas.box(outer, 6.0)
    patch, light = image[box], shade[box]
    ring = smooth(outer, closed=True, per=4)
    soft = float(style.uniform(0.5, 1.3))
    lips = canvas.fill(ring, box, soft)
    tint = float(style.uniform(0.55, 0.98))
    grain = 1 + 0.05 * canvas.noise(rng, 1.0, box)
    patch *= 1 - lips * (1 - tint * grain)
    top = smooth(outer[0:7], per=4)
    patch *= 1 + float(style.uniform(0.0, 0.12)) * canvas.stroke(top + (0, -0.9), 1.0, box, 0.6)
    upper = canvas.fill(np.concatenate([top, smooth(inner[[4, 3, 2, 1, 0]], per=4)]), box, soft)
    patch *= 1 - float(style.uniform(0.02, 0.25)) * upper
    gap = float(np.mean(inner[[7, 6, 5], 1] - inner[[1, 2, 3], 1]))
    if gap > 1.6:
        _opening(canvas, patch, inner, light, box, gap, style, rng)
    line = smooth(inner[[0, 1, 2, 3, 4]], per=4)
    dark = float(rng.uniform(0.45, 0.85))
    if gap <= 3.0:
        middle = inner[[0, 1, 2, 3, 4]].copy()
        middle[1:4] = 0.5 * (inner[[1, 2, 3]] + inner[[7, 6, 5]])
        line = smooth(middle, per=4)
        ends = np.concatenate([outer[[0]], line, outer[[6]]])
        patch *= 1 - dark * canvas.stroke(ends, float(np.clip(gap, 0.8, 1.6)), box, 0.35)
        patch *= 1 - 0.3 * canvas.stroke(line, 2.0, box, 1.0)
    for corner in outer[[0, 6]]:
        patch *= 1 - 0.4 * canvas.stroke(np.stack([corner, corner + 0.3]), 1.8, box, 0.8)


def _opening(
    canvas: Canvas, patch: Image, inner: Points, light: Image, box: Box, gap: float,
    style: np.random.Generator, rng: np.random.Generator,
) -> None:  # fmt: skip
    ring = smooth(inner, closed=True, per=4)
    hole = canvas.fill(ring, box, 0.3)
    inside = np.full_like(patch, 0.05 + 0.05 * float(rng.random()))
    if rng.random() < 0.4:
        low = inner[5:8].mean(0)
        tongue = np.stack([low + (9 * np.cos(a), 0.5 * gap * np.sin(a))
                           for a in np.linspace(0, 2 * np.pi, 12)])  # fmt: skip
        mix(inside, 0.22, canvas.fill(tongue, box, 0.8))
    if rng.random() < 0.92:
        _teeth(canvas, inside, inner, box, gap, style, rng)
    inside *= 0.45 + 0.55 * np.minimum(light, 1.2)
    rim = canvas.stroke(smooth(inner[[0, 1, 2, 3, 4]], per=4), 1.6, box, 0.7)
    inside *= 1 - 0.45 * rim
    mix(patch, inside, hole)
    patch *= 1 - 0.25 * canvas.stroke(np.concatenate([ring, ring[:1]]), 0.8, box, 0.4)


def _teeth(
    canvas: Canvas, inside: Image, inner: Points, box: Box, gap: float,
    style: np.random.Generator, rng: np.random.Generator,
) -> None:  # fmt: skip
    top = smooth(inner[[0, 1, 2, 3, 4]], per=4)
    share = float(np.clip(rng.uniform(5.0, 9.0) / gap, 0.3, 1.0))
    drop = np.interp(np.linspace(0, 1, len(top)), [0, 0.2, 0.5, 0.8, 1], [0.1, 0.9, 1, 0.9, 0.1])
    bottom = top + np.stack([np.zeros(len(top)), share * gap * drop], 1)
    row = canvas.fill(np.concatenate([top, bottom[::-1]]), box, 0.3)
    tone = float(style.uniform(0.6, 0.95))
    x = canvas.x[:, box[1]] - inner[:, 0].mean()
    half = 0.5 * (inner[4, 0] - inner[0, 0])
    tooth = float(style.uniform(3.4, 4.6))
    seam = 1 - float(style.uniform(0.0, 0.2)) * np.exp(
        -(((x / tooth + 0.5) % 1.0 - 0.5) ** 2) / 0.008
    )
    fade = 1 - 0.6 * np.clip(np.abs(x) / half, 0, 1) ** 3
    mix(inside, (tone * seam * fade).astype(np.float32), row)
    if gap > 7.0 and rng.random() < 0.4:
        low = smooth(inner[[0, 7, 6, 5, 4]], per=4)
        rise = np.stack([np.zeros(len(low)), -0.28 * gap * drop], 1)
        lower = canvas.fill(np.concatenate([low, (low + rise)[::-1]]), box, 0.3)
        mix(inside, (0.85 * tone * seam * fade).astype(np.float32), lower)


def paint_nostrils(canvas: Canvas, image: Image, points: Points, rng: np.random.Generator) -> None:
    """Darken the nostrils and the edge of the wings."""
    box = canvas.box(points[31:36], 8.0)
    patch = image[box]
    seen = float(rng.uniform(0.35, 0.85))
    for wing, inner, sign in ((31, 32, -1.0), (35, 34, 1.0)):
        # The points lie where the nose meets the lip, the nostrils a little above.
        centre = 0.45 * points[wing] + 0.55 * points[inner] + (0, -rng.uniform(1.2, 3.0))
        angles = np.linspace(0, 2 * np.pi, 12)
        size = rng.uniform(0.8, 1.2)
        hole = centre + np.stack(
            [
                3.0 * size * np.cos(angles),
                1.5 * size * np.sin(angles) + sign * 0.6 * np.cos(angles),
            ],
            1,
        )
        patch *= 1 - seen * canvas.fill(hole, box, 0.6)
        wall = np.stack([points[wing] + (sign * 1.0, -6.0), points[wing] + (sign * 2.6, -2.5),
                         points[wing] + (sign * 0.8, 0.2)])  # fmt: skip
        patch *= 1 - 0.4 * seen * canvas.stroke(smooth(wall, per=4), 1.1, box, 0.7)
    base = smooth(points[31:36] + (0, 0.6), per=4)
    patch *= 1 - 0.3 * seen * canvas.stroke(base, 1.0, box, 0.8)
