"""Random changes of a clip that keep its truth: in tone, in place, and mirrored."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.model.config import CROP
from training.options import AugmentOptions
from training.samples import Sample

MIRROR = np.array(
    [*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31,
     45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40, 54, 53, 52, 51, 50, 49, 48,
     59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65]
)  # fmt: skip
"""Index of each of the 68 points' mirror image."""

Pictures = NDArray[np.uint8]

_BANK = 1 << 21
_BANK_SIGMA = 40.0
_BORDER = 128  # gray, as the alignment's


def crop(sample: Sample, left: int, top: int) -> Sample:
    """The 128 x 128 pixels from (left, top) of every frame; nothing of `sample` is changed.

    Example:
        >>> from training.texture import TextureDataset
        >>> crop(TextureDataset(1, side=144).sample(0), 8, 8).frames.shape
        (8, 128, 128)
    """
    if sample.frames.shape[-1] == CROP and left == 0 and top == 0:
        return sample
    rows, columns = slice(top, top + CROP), slice(left, left + CROP)
    points = sample.landmarks
    return replace(
        sample,
        frames=sample.frames[:, rows, columns],
        landmarks=None if points is None else points - np.array([left, top], np.float32),
        flow=sample.flow[:, :, rows, columns],
        face=None if sample.face is None else sample.face[rows, columns],
    )


def middle(sample: Sample) -> Sample:
    """The middle 128 x 128 pixels, as deployment sees them."""
    offset = (sample.frames.shape[-1] - CROP) // 2
    return crop(sample, offset, offset)


def mirror(sample: Sample) -> Sample:
    """Left and right exchanged: pixels, points with their indices, and the flow's x."""
    side = sample.frames.shape[-1]
    points = None if sample.landmarks is None else _mirror_points(sample.landmarks, side)
    sign = np.array([-1, 1], sample.flow.dtype)[:, None, None]
    return replace(
        sample,
        frames=sample.frames[..., ::-1],
        landmarks=points,
        flow=sample.flow[..., ::-1] * sign,
        face=None if sample.face is None else sample.face[:, ::-1],
    )


def _mirror_points(points: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    mirrored = points[..., MIRROR, :] * np.array([-1, 1], np.float32)
    return mirrored + np.array([side - 1, 0], np.float32)


def warp(sample: Sample, matrix: NDArray[np.float64]) -> Sample:
    """Move the whole clip by a similarity transform [2, 3] (pixels to pixels).

    The flow's vectors are turned and scaled with it, so it stays exact up to interpolation.
    """
    frames = np.stack([_moved(frame, matrix, _BORDER) for frame in sample.frames])
    linear = matrix[:, :2].astype(np.float32)
    flow = np.empty(sample.flow.shape, np.float32)
    for k, pair in enumerate(sample.flow):
        planes = np.stack([_moved(plane.astype(np.float32), matrix, 0) for plane in pair])
        flow[k] = np.tensordot(linear, planes, axes=1)
    points, face = sample.landmarks, sample.face
    if face is not None:
        face = _moved(face.astype(np.uint8), matrix, 0) > 0
    if points is not None:
        points = _moved_points(points, matrix)
    return replace(sample, frames=frames, landmarks=points, flow=flow, face=face)


def _moved(image: NDArray[Any], matrix: NDArray[np.float64], border: float) -> NDArray[Any]:
    import cv2

    side = image.shape[-1]
    return cv2.warpAffine(
        image, matrix, (side, side), flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT, borderValue=(border,) * 4,
    )  # fmt: skip


def _moved_points(points: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return moved.astype(np.float32)


def augment(sample: Sample, options: AugmentOptions, rng: np.random.Generator) -> Sample:
    """One random variant of a sample, cropped to 128; frames change alike, truth goes along."""
    room = sample.frames.shape[-1] - CROP
    sample = crop(sample, int(rng.integers(room + 1)), int(rng.integers(room + 1)))
    if options.flip and rng.random() < options.flip:
        sample = mirror(sample)
    if (options.shift or options.turn or options.zoom) and rng.random() < options.share:
        sample = warp(sample, _similarity(options, rng))
    return replace(sample, frames=retone(sample.frames, options, rng))


def augment_still(
    picture: NDArray[np.uint8],
    points: NDArray[np.float32],
    options: AugmentOptions,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """One random variant of a single crop [128, 128] and its points [68, 2]."""
    if options.flip and rng.random() < options.flip:
        picture, points = picture[:, ::-1], _mirror_points(points, CROP)
    if (options.shift or options.turn or options.zoom) and rng.random() < options.share:
        matrix = _similarity(options, rng)
        picture, points = _moved(picture, matrix, _BORDER), _moved_points(points, matrix)
    return retone(picture[None], options, rng)[0], points


def _similarity(options: AugmentOptions, rng: np.random.Generator) -> NDArray[np.float64]:
    zoom = np.exp(rng.uniform(-options.zoom, options.zoom))
    turn = np.radians(rng.uniform(-options.turn, options.turn))
    linear = zoom * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = np.full(2, (CROP - 1) / 2)
    shift = centre - linear @ centre + rng.uniform(-options.shift, options.shift, 2)
    return np.concatenate([linear, shift[:, None]], axis=1)


def retone(frames: Pictures, options: AugmentOptions, rng: np.random.Generator) -> Pictures:
    """Change the tone of frames [T, 128, 128] alike; only grain and flicker differ by frame."""
    import cv2

    sigma = rng.uniform(0, options.blur) if rng.random() < 0.5 else 0.0
    grain = rng.uniform(0, options.noise) if rng.random() < 0.7 else 0.0
    flicker = rng.uniform(-options.flicker, options.flicker, len(frames))
    tone, box = _tone_curve(options, rng), _cutout(options, rng)
    start = int(rng.integers(_BANK - frames.size))
    noise = _bank()[start : start + frames.size].reshape(frames.shape)
    out = np.empty(frames.shape, np.uint8)
    for t, frame in enumerate(frames):
        frame = cv2.LUT(np.ascontiguousarray(frame), tone)
        if sigma > 0.25:
            frame = cv2.GaussianBlur(frame, (0, 0), sigma)
        if box is not None:
            top, left, height, width, value = box
            frame[top : top + height, left : left + width] = value
        share = grain / _BANK_SIGMA
        out[t] = cv2.addWeighted(frame, 1.0, noise[t], share, flicker[t] - 128 * share)
    return out


@lru_cache(maxsize=1)
def _bank() -> NDArray[np.uint8]:
    """Gaussian noise about 128, from which stretches are taken: drawing it anew costs more."""
    noise = np.random.default_rng(0).normal(128, _BANK_SIGMA, _BANK)
    return np.clip(np.rint(noise), 0, 255).astype(np.uint8)


def _tone_curve(options: AugmentOptions, rng: np.random.Generator) -> NDArray[np.uint8]:
    gain = np.exp(rng.uniform(-options.gain, options.gain))
    gamma = np.exp(rng.uniform(-options.gamma, options.gamma))
    bias = rng.uniform(-options.bias, options.bias)
    level = (np.arange(256) / 255.0) ** gamma
    curve = 255 * ((level - 0.5) * gain + 0.5) + bias
    return np.clip(np.rint(curve), 0, 255).astype(np.uint8)


def _cutout(
    options: AugmentOptions, rng: np.random.Generator
) -> tuple[int, int, int, int, int] | None:
    if rng.random() >= options.cutout:
        return None
    height, width = (int(rng.integers(8, 44)) for _ in range(2))
    top, left = int(rng.integers(CROP - height)), int(rng.integers(CROP - width))
    return top, left, height, width, int(rng.integers(256))
