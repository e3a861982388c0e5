"""Skin: relief lit by a lamp, cast shadows, and the skin's own spots and pores."""

from __future__ import annotations

import numpy as np

from training.synthetic.blobs import Blobs
from training.synthetic.canvas import Canvas, Image, smooth
from training.synthetic.face import Identity, Light
from training.synthetic.shape import Points


def head_outline(points: Points, widen: float = 0.0) -> Points:
    """The closed outline of the bare head: the jaw's points and a skull above."""
    jaw = points[0:17]
    centre_x = 0.5 * (jaw[0, 0] + jaw[16, 0])
    half = 0.5 * (jaw[16, 0] - jaw[0, 0])
    base_y = 0.5 * (jaw[0, 1] + jaw[16, 1])
    height = 0.96 * (points[8, 1] - points[36:48, 1].mean()) - (points[36:48, 1].mean() - base_y)
    angles = np.linspace(0.0, np.pi, 15)[1:-1]
    skull = np.stack(
        [centre_x + half * (1 + 0.06 * np.sin(angles)) * np.cos(angles),
         base_y - height * np.sin(angles) ** 0.8],
        axis=1,
    )  # fmt: skip
    outline = np.concatenate([jaw, skull])
    middle = outline.mean(0)
    grown = middle + (outline - middle) * (1 + widen / half)
    return smooth(grown, closed=True, per=4)


def shading(
    canvas: Canvas, relief: Blobs, fine: Blobs, mask: Image, light: Light
) -> tuple[Image, Image]:
    """Brightness under the light and the highlights, both [size, size]; `mask` is the face."""
    axis = canvas.axis
    height = relief.on_grid(axis, axis, np.float32) + fine.on_grid(axis, axis, np.float32)
    height = height.astype(np.float32) + _roundness(canvas, mask)
    slope_y, slope_x = np.gradient(height, np.float32(1 / canvas.density))
    norm = 1 / np.sqrt(1 + slope_x**2 + slope_y**2)
    lx, ly, lz = light.direction
    facing = (lz - lx * slope_x - ly * slope_y) * norm
    diffuse = np.maximum((facing + light.wrap) / (1 + light.wrap), 0)
    diffuse *= 1 - _cast_shadow(canvas, height, light)
    hollow = np.minimum(height - canvas.blur(height, 5.0), 0)
    occlusion = np.exp(0.16 * hollow)
    sky = 1 + light.sky * (slope_y * norm)
    shade = light.ambient * sky * occlusion + (1 - light.ambient) * diffuse * (
        0.4 + 0.6 * occlusion
    )
    half = np.array([lx, ly, lz + 1.0]) / np.sqrt(lx**2 + ly**2 + (lz + 1) ** 2)
    glint = np.maximum((half[2] - half[0] * slope_x - half[1] * slope_y) * norm, 0)
    return shade.astype(np.float32), (glint**24).astype(np.float32)


def _roundness(canvas: Canvas, mask: Image) -> Image:
    """Height that falls off towards the outline, so that the face turns away at its edge."""
    import cv2

    small = (cv2.resize(mask, (96, 96), interpolation=cv2.INTER_AREA) > 0.5).astype(np.uint8)
    unit = 96 / (2 * canvas.extent)
    inward = cv2.distanceTransform(small, cv2.DIST_L2, 5) / unit
    fall = cv2.GaussianBlur(np.float32(16.0) * (1 - np.exp(-inward / 11.0)), (0, 0), 1.5)
    return cv2.resize(fall, mask.shape[::-1], interpolation=cv2.INTER_CUBIC)


def _cast_shadow(canvas: Canvas, height: Image, light: Light) -> Image:
    """Soft shadows: whether relief towards the light rises above the ray, in eight steps."""
    import cv2

    lx, ly, lz = light.direction
    flat = float(np.hypot(lx, ly))
    if flat < 0.25:
        return np.zeros_like(height)
    small = cv2.resize(height, (96, 96), interpolation=cv2.INTER_AREA)
    unit = 96 / (2 * canvas.extent)
    above = np.zeros_like(small)
    for step in (2.0, 4.0, 7.0, 10.0, 14.0, 19.0, 25.0):
        dx, dy = step * lx / flat * unit, step * ly / flat * unit
        matrix = np.array([[1, 0, -dx], [0, 1, -dy]], np.float32)
        moved = cv2.warpAffine(small, matrix, (96, 96), borderMode=cv2.BORDER_REPLICATE)
        above = np.maximum(above, moved - small - step * lz / flat)
    shadow = np.clip(above / 2.5, 0, 1) * np.float32(0.85)
    shadow = cv2.GaussianBlur(shadow, (0, 0), 1.2)
    return cv2.resize(shadow, height.shape[::-1], interpolation=cv2.INTER_LINEAR)


def albedo(canvas: Canvas, identity: Identity, points: Points) -> Image:
    """The skin's own brightness: blotches, pores, freckles, moles, darker rings under the eyes."""
    rng = identity.rng(2)
    image = np.full((canvas.size, canvas.size), identity.tone, np.float32)
    uneven = rng.uniform(0.0, 0.022) * (1 + identity.age)
    image *= 1 + np.float32(uneven) * canvas.noise(rng, 14.0)
    image *= 1 + np.float32(uneven) * canvas.noise(rng, 4.0)
    image *= 1 + np.float32(rng.uniform(0.0, 0.02)) * canvas.noise(rng, 1.2)
    spots = Spots(canvas)
    for _ in range(int(rng.integers(0, 4))):
        at = rng.uniform((-40, -55), (40, 55))
        spots.dab(image, at, float(rng.uniform(0.5, 1.2)), float(rng.uniform(-0.6, -0.2)))
    if rng.random() < 0.15:
        for _ in range(40):
            at = rng.normal((0, 0), (26, 12))
            spots.dab(image, at, float(rng.uniform(0.4, 0.9)), float(rng.uniform(-0.2, -0.05)))
    ring = -rng.uniform(0.0, 0.22)
    cheek = rng.uniform(-0.12, 0.06)
    for eye, sign in ((slice(36, 42), -1), (slice(42, 48), 1)):
        middle = points[eye].mean(0)
        spots.dab(image, middle + (0, 5), 9.0, ring)
        spots.dab(image, middle + (0, -7), 9.0, 0.8 * ring)
        spots.dab(image, np.array([middle[0] + 6 * sign, 10.0]), 12.0, cheek)
    spots.dab(image, points[30], 9.0, float(rng.uniform(-0.08, 0.05)))
    return image


class Spots:
    """Soft round dabs of paint on a canvas."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas

    def dab(self, image: Image, at: Points, sigma: float, amount: float) -> None:
        """Multiply a Gaussian spot of 1 + amount into the image."""
        canvas = self._canvas
        rows, columns = canvas.box(np.asarray(at, float)[None], 3 * sigma)
        x = canvas.axis[columns] - at[0]
        y = canvas.axis[rows] - at[1]
        bump = np.exp(-0.5 * (y / sigma) ** 2)[:, None] * np.exp(-0.5 * (x / sigma) ** 2)[None]
        image[rows, columns] *= (1 + amount * bump).astype(np.float32)
