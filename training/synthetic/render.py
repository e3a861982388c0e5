"""Pictures of a planned clip: one painting, warped by the exact map into every frame."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from training.synthetic.camera import Camera, Gray, expose, sample_background, tone
from training.synthetic.canvas import Canvas, Image, blurred
from training.synthetic.expression import close_lids
from training.synthetic.face import Identity, Light
from training.synthetic.geometry import NodeMap
from training.synthetic.paint import Look, Painting, paint_head
from training.synthetic.truth import EXTENT, Truth


def canvas_for(scale: float, extent: float = EXTENT) -> Canvas:
    """A canvas fine enough for a face of this scale in the frame."""
    return Canvas(extent, float(np.clip(1.05 * scale, 0.8, 1.6)))


class Film:
    """A painting as one camera sees it at one scale: toned and blurred once, warped often.

    `warp` gives the channels (gray levels times cover, cover).
    """

    def __init__(self, painting: Painting, camera: Camera, scale: float) -> None:
        self._canvas = painting.canvas
        layers = np.dstack([tone(painting.gray, camera) * painting.cover, painting.cover])
        ratio = self._canvas.density / scale
        # The lens, and where the frame is coarser than the canvas, its pixels.
        sigma = ratio * float(np.hypot(camera.blur, 0.42 if ratio > 1.2 else 0.0))
        self._layers = blurred(layers, sigma) if sigma > 0.25 else layers

    def warp(self, u: NDArray[np.float32]) -> Image:
        """What is seen at face points u [2, h, w]: float32 [h, w, 2]."""
        import cv2

        at = (u + np.float32(self._canvas.extent)) * np.float32(self._canvas.density)
        seen = cv2.remap(
            self._layers, at[0], at[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
        )
        return np.asarray(seen, np.float32)


def develop_background(light: Image, camera: Camera) -> Image:
    """The background's gray levels, out of the same lens."""
    levels = tone(light, camera)
    return blurred(levels, camera.blur) if camera.blur > 0.25 else levels


class InverseGrid:
    """Finds the face point of every pixel, moment by moment.

    Solved every `step` pixels, with the moment before as the start, cubic in between: maps
    are smooth on the scale of a step, so that less than 0.01 pixels is lost.
    """

    def __init__(self, height: int, width: int, step: float = 4.0) -> None:
        self._rows, self._columns = _cubic_weights(height, step), _cubic_weights(width, step)
        y = (np.arange(self._rows.shape[1]) - 1) * step
        x = (np.arange(self._columns.shape[1]) - 1) * step
        self._shape = (2, len(y), len(x))
        self._grid = np.stack([a.ravel() for a in np.meshgrid(x, y)])
        self._last: NDArray[np.float64] | None = None

    def __call__(self, node_map: NodeMap) -> NDArray[np.float32]:
        """Face points [2, height, width] of all pixels."""
        if self._last is None:
            guess = node_map.affine_guess(self._grid)
            self._last = node_map.inverse(self._grid, guess, steps=4)
        self._last = node_map.inverse(self._grid, self._last, steps=2)
        field = np.asarray(self._last, np.float32).reshape(self._shape)
        dense = self._rows @ field @ self._columns.T
        return np.asarray(dense, np.float32)


@lru_cache(maxsize=64)
def _cubic_weights(size: int, step: float) -> NDArray[np.float32]:
    """Keys' cubic (a = -1/2, exact on parabolas): [size, samples], first sample at -step."""
    samples = int(np.ceil((size - 1) / step)) + 3
    at = np.arange(size) / step + 1
    distance = np.abs(at[:, None] - np.arange(samples)[None])
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    weights = np.where(distance < 1, near, np.where(distance < 2, far, 0.0))
    return weights.astype(np.float32)


Painter = Callable[[float], Painting]


def head_painter(
    identity: Identity, look: Look, light: Light, canvas: Canvas, seed: int
) -> Painter:
    """Paints the head with the lids closed by as much as it is asked to."""

    def paint(lids: float) -> Painting:
        now = Look(close_lids(look.points, lids), look.gaze, look.glasses)
        return paint_head(canvas, identity, now, light, np.random.default_rng(seed))

    return paint


def render_frames(
    truth: Truth, paint: Painter, camera: Camera, size: int, rng: np.random.Generator
) -> list[Gray]:
    """Gray camera frames [size, size] of all moments of the truth."""
    scale = float(truth.motion.scale[0])
    background = develop_background(sample_background(rng, size, size), camera)
    inverse = InverseGrid(size, size)
    films: dict[float, Film] = {}
    frames: list[Gray] = []
    count = len(truth.frame_maps)
    gains = 1.0 + camera.ramp * np.linspace(0, 1, count)
    gains += camera.flicker * rng.standard_normal(count)
    for t, node_map in enumerate(truth.frame_maps):
        lids = float(truth.motion.lids[t])
        if lids not in films:
            films[lids] = Film(paint(lids), camera, scale)
        layers = films[lids].warp(inverse(node_map))
        levels = layers[..., 0] + background * (1 - layers[..., 1])
        frames.append(expose(levels, camera, float(gains[t]), rng))
    return frames
