"""The C++ core's arithmetic in float64 NumPy, written for clarity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

ALIGNED_SIZE = 144
CROP_SIZE = 128
CROP_OFFSET = 8
BORDER_LUMA = 128.0


def alignment_transform(points: Float64) -> Float64:
    """Image to aligned face, [2, 3], by the official formula."""
    dx, dy = points[1] - points[0]
    angle = np.arctan2(dy, dx)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    level = points @ rotation.T
    low, high = level.min(axis=0), level.max(axis=0)
    centre = (low + high) / 2
    half = 0.5 * 2.5 * (high - low).max()
    scale = (ALIGNED_SIZE - 1) / (2 * half)
    return np.column_stack([scale * rotation, -scale * (centre - half)])


def invert_transform(transform: Float64) -> Float64:
    """The inverse of an affine map, [2, 3]."""
    square = np.vstack([transform, [0, 0, 1]])
    inverse: Float64 = np.linalg.inv(square)[:2]
    return inverse


def luma(image: NDArray[np.uint8], format: str = "bgr", full_range: bool = False) -> Float64:
    """Luma of every pixel, 0 to 255, [height, width]."""
    pixels = image.astype(np.float64)
    if format == "bgr":
        return np.asarray(pixels @ np.array([0.114, 0.587, 0.299]))
    if format == "rgb":
        return np.asarray(pixels @ np.array([0.299, 0.587, 0.114]))
    if format == "gray":
        return pixels
    plane = pixels[: len(pixels) * 2 // 3] if format == "nv12" else pixels[:, :, 0]
    return plane if full_range else np.clip((plane - 16) * 255 / 219, 0, 255)


def bilinear(plane: Float64, x: Float64, y: Float64) -> Float64:
    """Samples of a plane whose outside has luma 128."""
    height, width = plane.shape
    left, top = np.floor(x), np.floor(y)

    def tap(column: Float64, row: Float64) -> Float64:
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        rows = np.clip(row, 0, height - 1).astype(np.int64)
        columns = np.clip(column, 0, width - 1).astype(np.int64)
        return np.where(inside, plane[rows, columns], BORDER_LUMA)

    right_share, lower_share = x - left, y - top
    upper = tap(left, top) * (1 - right_share) + tap(left + 1, top) * right_share
    lower = tap(left, top + 1) * (1 - right_share) + tap(left + 1, top + 1) * right_share
    return upper * (1 - lower_share) + lower * lower_share


def crop(
    image: NDArray[np.uint8], transform: Float64, format: str = "bgr", full_range: bool = False
) -> Float64:
    """Luma of the aligned crop, [128, 128]."""
    inverse = invert_transform(transform)
    v, u = np.mgrid[:CROP_SIZE, :CROP_SIZE].astype(np.float64) + CROP_OFFSET
    x, y = (inverse[i, 0] * u + inverse[i, 1] * v + inverse[i, 2] for i in range(2))
    return bilinear(luma(image, format, full_range), x, y)


def points_to_image(points: Float64, transform: Float64) -> Float64:
    """Points of the crop, [N, 2], in image pixels."""
    inverse = invert_transform(transform)
    return (points + CROP_OFFSET) @ inverse[:, :2].T + inverse[:, 2]


def vectors_to_image(flow: Float64, transform: Float64) -> Float64:
    """Motion in crop pixels, [2, height, width], in image pixels."""
    return np.asarray(np.einsum("ij,jhw->ihw", invert_transform(transform)[:, :2], flow))


def softmax(logits: Float64) -> Float64:
    """Softmax over the last axis."""
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))


def flow_to_color(flow: Float64, max_magnitude: float) -> NDArray[np.uint8]:
    """BGR picture of a field [2, height, width] by the Middlebury wheel."""
    wheel = _color_wheel()
    radius = np.hypot(*flow) / max_magnitude
    place = (np.arctan2(-flow[1], -flow[0]) / np.pi + 1) / 2 * (len(wheel) - 1)
    index = np.floor(place).astype(np.int64)
    share = (place - index)[..., None]
    hue = (1 - share) * wheel[index] + share * wheel[(index + 1) % len(wheel)]
    saturated = 1 - np.minimum(radius, 1)[..., None] * (1 - hue)
    color = np.where(radius[..., None] > 1, 0.75 * hue, saturated)
    return np.asarray(np.floor(255 * color)[..., ::-1], np.uint8)


def _color_wheel() -> Float64:
    """The 55 hues, RGB in 0 to 1: one channel rises or falls per stretch."""
    stretches = [(15, 1, 1), (6, 0, -1), (4, 2, 1), (11, 1, -1), (13, 0, 1), (6, 2, -1)]
    color = np.array([255.0, 0, 0])
    wheel = []
    for steps, channel, direction in stretches:
        for step in range(steps):
            here = color.copy()
            here[channel] += direction * np.floor(255 * step / steps)
            wheel.append(here)
        color[channel] += direction * 255
    return np.array(wheel) / 255
