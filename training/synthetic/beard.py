"""Beards, moustaches and stubble."""

from __future__ import annotations

import numpy as np

from training.synthetic.canvas import Canvas, Image, mix, smooth
from training.synthetic.face import Identity
from training.synthetic.hair import strands
from training.synthetic.shape import Points


def paint_beard(
    canvas: Canvas, image: Image, points: Points, identity: Identity, rng: np.random.Generator
) -> None:
    """Darken chin, jaw and upper lip with hair or stubble, in place."""
    if identity.beard == "none":
        return
    style = identity.rng(9)
    area = _area(canvas, points, identity.beard)
    lips = canvas.fill(smooth(points[48:60], closed=True, per=4), blur=0.7)
    strength = float(
        style.uniform(0.12, 0.4) if identity.beard == "stubble" else style.uniform(0.5, 0.95)
    )
    hairs = 0.85 + 0.12 * canvas.noise(rng, 0.9) + 0.1 * canvas.noise(rng, 5.0)
    if identity.beard != "stubble":
        hairs += 0.06 * strands(canvas, rng, 0.0, 0.7)
    dark = min(identity.hair * 1.1, 0.8 * identity.tone)
    amount = np.clip(area * (1 - lips) * strength * hairs, 0, 1)
    mix(image, dark, amount.astype(np.float32))


def _area(canvas: Canvas, points: Points, kind: str) -> Image:
    """How much of the beard grows at each pixel, 0 to 1."""
    offsets = np.array([[-3, 5], [-1, 6], [0, 3], [1, 6], [3, 5], [0, 0], [0, 0], [0, 0]])
    lip = points[[48, 31, 33, 35, 54, 53, 51, 49]] + offsets
    moustache = canvas.fill(smooth(lip, closed=True, per=4), blur=1.6)
    if kind == "moustache":
        return moustache
    at = points[8] + np.array([0.0, -11.0])
    chin = np.exp(-0.5 * (((canvas.x - at[0]) / 12) ** 2 + ((canvas.y - at[1]) / 11) ** 2))
    if kind == "goatee":
        return np.maximum(moustache, np.clip(chin * 1.4, 0, 1))
    jaw = points[2:15]
    inner = jaw[::-1] * np.array([0.62, 0.55]) + np.array([0.0, 14.0])
    full = canvas.fill(np.concatenate([jaw + (0, 3), inner]), blur=4.5)
    return np.maximum(np.maximum(moustache, full), chin)
