"""What lies between the face and the numbers: background, lens, sensor, compression, crop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from training.synthetic.canvas import Image, blurred, resized

Gray = NDArray[np.uint8]


@dataclass(frozen=True)
class Camera:
    """How a camera spoils what it sees.

    Attributes:
        blur: sigma of the lens in frame pixels.
        grain: deviation of the noise of one frame, gray levels.
        shot: part of the noise that grows with brightness, 0 to 1.
        jpeg: quality 1 to 100, or 0 for none.
        gamma: exponent of the tone curve.
        black, white: gray levels that 0 and 1 become.
        flicker: relative change of brightness from frame to frame.
        ramp: relative change of brightness from the first frame to the last.
    """

    blur: float
    grain: float
    shot: float
    jpeg: int
    gamma: float
    black: float
    white: float
    flicker: float
    ramp: float


def sample_camera(rng: np.random.Generator, noise: bool) -> Camera:
    """Draw a camera: most are decent, some are poor."""
    poor = rng.random() < 0.3
    return Camera(
        blur=float(abs(rng.normal(0, 0.9 if poor else 0.5))),
        grain=float(rng.gamma(2.0, 2.2 if poor else 0.9)) if noise else 0.0,
        shot=float(rng.uniform(0, 0.7)),
        jpeg=int(rng.uniform(35, 80) if poor else rng.uniform(75, 98))
        if noise and rng.random() < 0.6
        else 0,
        gamma=float(np.exp(rng.normal(0, 0.22))),
        black=float(rng.uniform(0, 30) if rng.random() < 0.5 else rng.uniform(0, 8)),
        white=float(rng.uniform(150, 275)),
        flicker=float(abs(rng.normal(0, 0.006))) if noise else 0.0,
        ramp=float(rng.normal(0, 0.05)) if noise and rng.random() < 0.2 else 0.0,
    )


def sample_background(rng: np.random.Generator, height: int, width: int) -> Image:
    """A still background: gradients, blurred spots, boxes and lines."""
    import cv2

    image: Image = np.full((height, width), rng.uniform(0.05, 0.85), np.float32)
    image += np.linspace(-1, 1, width, dtype=np.float32)[None] * np.float32(rng.normal(0, 0.1))
    image += np.linspace(-1, 1, height, dtype=np.float32)[:, None] * np.float32(rng.normal(0, 0.1))
    if rng.random() < 0.25:
        return np.clip(image, 0, 1)
    for cells, size in ((4, 0.12), (12, 0.08), (40, 0.05)):
        small = rng.standard_normal((cells, cells), np.float32) * np.float32(rng.uniform(0, size))
        image += resized(small, (width, height), cv2.INTER_CUBIC)
    for _ in range(int(rng.integers(0, 12))):
        at = (rng.random(2) * (width, height)).astype(int)
        span = (rng.gamma(1.2, 0.15, 2) * (width, height)).astype(int) + 1
        tone = float(rng.uniform(0, 1))
        if rng.random() < 0.6:
            cv2.rectangle(image, at.tolist(), (at + span).tolist(), tone, -1)
        else:
            cv2.ellipse(image, at.tolist(), span.tolist(), rng.uniform(0, 180), 0, 360, tone, -1)
    blur = float(rng.gamma(1.5, 0.012)) * width
    if blur > 0.4:
        image = blurred(image, blur)
    return np.clip(image, 0, 1)


def tone(light: Image, camera: Camera) -> Image:
    """Gray levels, not yet rounded, of light from 0 to about 1."""
    curve = np.clip(light, 0, 1.6) ** np.float32(camera.gamma)
    levels: Image = np.float32(camera.black) + np.float32(camera.white - camera.black) * curve
    return levels


def expose(levels: Image, camera: Camera, gain: float, rng: np.random.Generator) -> Gray:
    """Add flicker, grain and compression: gray levels become the camera's frame."""
    import cv2

    levels = levels * np.float32(gain)
    if camera.grain > 0:
        noise = rng.standard_normal(levels.shape, np.float32) * np.float32(camera.grain)
        if camera.shot > 0:
            noise *= np.float32(1 - camera.shot) + np.float32(camera.shot / 11.0) * np.sqrt(levels)
        levels += noise
    gray: Gray = np.clip(levels + np.float32(0.5), 0, 255).astype(np.uint8)
    if camera.jpeg:
        _, data = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, camera.jpeg])
        gray = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return gray


def five_points(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Eye centres, nose tip and mouth corners [5, 2] of 68 points, as the alignment takes them."""
    return np.stack([landmarks[36:42].mean(0), landmarks[42:48].mean(0), *landmarks[[30, 48, 54]]])


def crop_transform(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The SDK's own alignment of five points, carried on to the 128 × 128 crop: [2, 3]."""
    transform = np.array(_core.alignment_transform(np.ascontiguousarray(points, np.float64)))
    transform[:, 2] -= _core.CROP_OFFSET
    return transform


def crop(frame: Gray, transform: NDArray[np.float64]) -> Gray:
    """The SDK's own crop [128, 128] of a gray frame, by the transform of `crop_transform`."""
    aligned = transform.copy()
    aligned[:, 2] += _core.CROP_OFFSET
    return _core.crop_uint8(np.ascontiguousarray(frame), aligned, format="gray")
