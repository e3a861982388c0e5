"""Pictures of a planned clip: one painting, warped by the exact map into every frame."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from training.synthetic.camera import Camera, Gray, expose, sample_background
from training.synthetic.canvas import Canvas, Image
from training.synthetic.face import Identity, Light
from training.synthetic.geometry import NodeMap
from training.synthetic.paint import Look, Painting, paint_head
from training.synthetic.plan import EXTENT, Truth

COARSE = 4.0


def canvas_for(scale: float, extent: float = EXTENT) -> Canvas:
    """A canvas fine enough for a face of this scale in the frame."""
    return Canvas(extent, float(np.clip(1.05 * scale, 0.8, 1.6)))


def warp(painting: Painting, node_map: NodeMap, height: int, width: int, scale: float) -> Image:
    """The painting's channels (gray, cover) [height, width, 2] as the map places them."""
    import cv2

    u = inverse_grid(node_map, height, width)
    at = ((u + painting.canvas.extent) * painting.canvas.density).astype(np.float32)
    layers = np.dstack([painting.gray * painting.cover, painting.cover])
    ratio = painting.canvas.density / scale
    if ratio > 1.2:
        layers = cv2.GaussianBlur(layers, (0, 0), 0.42 * ratio)
    return cv2.remap(layers, at[0], at[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def inverse_grid(node_map: NodeMap, height: int, width: int) -> NDArray[np.float64]:
    """Face points [2, height, width] of all pixels, solved every 4 pixels, cubic in between."""
    rows, columns = _cubic_weights(height), _cubic_weights(width)
    y = (np.arange(rows.shape[1]) - 1) * COARSE
    x = (np.arange(columns.shape[1]) - 1) * COARSE
    grid = np.stack([a.ravel() for a in np.meshgrid(x, y)])
    solved = node_map.inverse(grid, node_map.affine_guess(grid), steps=5)
    field = solved.reshape(2, len(y), len(x))
    dense: NDArray[np.float64] = rows @ field @ columns.T
    return dense


@lru_cache(maxsize=64)
def _cubic_weights(size: int) -> NDArray[np.float64]:
    """Keys' cubic (a = -1/2, exact on parabolas): [size, samples], first sample at -4."""
    samples = int(np.ceil((size - 1) / COARSE)) + 3
    at = np.arange(size) / COARSE + 1
    distance = np.abs(at[:, None] - np.arange(samples)[None])
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    return np.where(distance < 1, near, np.where(distance < 2, far, 0.0))


def render_frames(
    truth: Truth, identity: Identity, look: Look, light: Light, camera: Camera, size: int,
    rng: np.random.Generator,
) -> list[Gray]:  # fmt: skip
    """Gray camera frames [size, size] of all moments of the truth."""
    scale = float(truth.motion.scale[0])
    background = sample_background(rng, size, size)
    brush = int(rng.integers(2**32))
    frames: list[Gray] = []
    painted: dict[float, Painting] = {}
    gain = 1.0
    for t, node_map in enumerate(truth.frame_maps):
        lids = round(float(truth.motion.lids[t]), 3)
        if lids not in painted:
            now = Look(truth.face_points(t), look.gaze, look.glasses)
            painted[lids] = paint_head(
                canvas_for(scale), identity, now, light, np.random.default_rng(brush)
            )
        layers = warp(painted[lids], node_map, size, size, scale)
        image = layers[..., 0] + background * (1 - layers[..., 1])
        gain += camera.flicker * float(rng.standard_normal())
        frames.append(expose(image, camera, gain, rng))
    return frames


