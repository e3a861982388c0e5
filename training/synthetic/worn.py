"""Glasses."""

from __future__ import annotations

import numpy as np

from training.synthetic.canvas import Canvas, Image, mix
from training.synthetic.face import Identity, Light
from training.synthetic.shape import EYE_L, EYE_R, Points


def _rim(eye: Points, style: np.random.Generator, size: tuple[float, float, float]) -> Points:
    width, height, square = size
    angles = np.linspace(0, 2 * np.pi, 33)[:-1]
    c, s = np.cos(angles), np.sin(angles)
    power = 2.0 / square
    x = width * np.sign(c) * np.abs(c) ** power
    y = height * np.sign(s) * np.abs(s) ** power
    middle = eye.mean(0)
    return np.stack([middle[0] * 1.05 + x, middle[1] + 2.5 + y], 1)


def paint_glasses(
    canvas: Canvas, image: Image, points: Points, kind: str, identity: Identity, light: Light,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Draw glasses over the face: rims, bridge, temples, tinted lenses and reflections."""
    style = identity.rng(10)
    size = (float(style.uniform(15.5, 20.5)), float(style.uniform(9.5, 15.5)),
            float(style.uniform(2.0, 4.5)))  # fmt: skip
    width = {"thin": 0.9, "rimless": 0.5, "thick": float(style.uniform(1.8, 3.4)), "dark": 1.6}[
        kind
    ]
    tone = float(style.uniform(0.02, 0.15) if style.random() < 0.75 else style.uniform(0.4, 0.8))
    strength = {"thin": 0.8, "rimless": 0.35, "thick": 0.95, "dark": 0.9}[kind]
    tint = float(style.uniform(0.6, 0.93)) if kind == "dark" else float(style.uniform(0, 0.12))
    rims = [_rim(points[eye], style, size) for eye in (EYE_L, EYE_R)]
    for rim in rims:
        lens = canvas.fill(rim, blur=0.2)
        mix(image, 0.04, lens * tint)
        if rng.random() < 0.35:
            _reflection(canvas, image, rim, lens, rng)
        shadow = canvas.stroke(np.concatenate([rim, rim[:1]]) + (0.6, 1.6), width, blur=0.9)
        image *= 1 - 0.25 * strength * shadow
    left, right = rims
    paths = [np.concatenate([rim, rim[:1]]) for rim in rims]
    inner_l, inner_r = left[left[:, 0].argmax()], right[right[:, 0].argmin()]
    bridge = np.stack([inner_l, (inner_l + inner_r) / 2 + (0, -1.6), inner_r])
    outer_l, outer_r = left[left[:, 0].argmin()] + (0, -2), right[right[:, 0].argmax()] + (0, -2)
    paths += [
        bridge,
        np.stack([outer_l, points[0] + (-4, -8)]),
        np.stack([outer_r, points[16] + (4, -8)]),
    ]
    for path in paths:
        mix(image, tone, strength * canvas.stroke(path, width, blur=0.25))


def _reflection(
    canvas: Canvas, image: Image, rim: Points, lens: Image, rng: np.random.Generator
) -> None:
    middle = rim.mean(0) + rng.normal(0, 4, 2)
    half = rng.uniform((2, 1.5), (9, 6))
    lean = rng.uniform(-3, 3)
    corners = middle + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half + np.array(
        [[lean, 0], [lean, 0], [-lean, 0], [-lean, 0]])  # fmt: skip
    glare = canvas.fill(corners, blur=float(rng.uniform(0.2, 1.5))) * lens
    image += np.float32(rng.uniform(0.08, 0.6)) * glare
