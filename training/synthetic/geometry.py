"""The exact map from the face to the crop, its inverse, and the flow that follows.

A face point u (canonical units) goes to φ_t(u) = u + Σ a_k(t) G_k(u), is turned and projected
with its depth, and lands in the camera's frame; the alignment carries it into the crop. All of
that is tabulated on the nodes of a square grid per frame and bilinear in between, and this
interpolated map *is* the map: pictures, landmarks and flow use the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from training.synthetic.actions import ActionField
from training.synthetic.blobs import Blobs

Array = NDArray[np.float64]
STEP = 2.0
PIVOT = -45.0


@dataclass(frozen=True)
class Motion:
    """What moves in T frames.

    Attributes:
        angles: [T, 3] yaw, pitch, roll in radians.
        shift: [T, 2] position of the face's origin in the camera's frame, pixels.
        scale: [T] pixels of the frame per canonical unit.
        strength: [T, K] of each action field, canonical units.
        lids: [T] how far a blink has closed the lids, 0 to 1.
        distance: of the camera, canonical units; smaller means stronger perspective.
    """

    angles: Array
    shift: Array
    scale: Array
    strength: Array
    lids: Array
    distance: float


def node_axis(extent: float) -> Array:
    """Node coordinates from -extent to extent."""
    count = int(round(2 * extent / STEP)) + 1
    return np.linspace(-extent, extent, count)


def rotation(yaw: float, pitch: float, roll: float) -> Array:
    """Rotation [3, 3]: first yaw about the vertical, then pitch, then roll in the picture."""
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, roll) for f in (np.cos, np.sin))
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    turned: Array = about_z @ about_x @ about_y
    return turned


@dataclass(frozen=True)
class NodeMap:
    """A map given on the nodes of `axis`: positions [2, n, n], bilinear in between."""

    table: Array
    extent: float

    def then(self, transform: Array) -> NodeMap:
        """This map followed by the affine transform [2, 3]."""
        moved = np.tensordot(transform[:, :2], self.table, axes=(1, 0))
        return NodeMap(moved + transform[:, 2, None, None], self.extent)

    @cached_property
    def _flat(self) -> Array:
        return np.ascontiguousarray(self.table.reshape(2, -1))

    def _corners(self, u: Array) -> tuple[Array, Array, tuple[Array, Array, Array, Array]]:
        n = self.table.shape[-1]
        grid = (u + self.extent) / STEP
        cell = np.clip(np.floor(grid), 0, n - 2)
        f = grid - cell
        base = (cell[1] * n + cell[0]).astype(np.intp)
        take = self._flat.take
        corners = take(base, 1), take(base + 1, 1), take(base + n, 1), take(base + n + 1, 1)
        return f[0], f[1], corners

    def forward(self, u: Array) -> Array:
        """Where face points u [2, m] (canonical units) land; linear beyond the nodes."""
        fx, fy, (a, b, c, d) = self._corners(u)
        top, bottom = a + fx * (b - a), c + fx * (d - c)
        placed: Array = top + fy * (bottom - top)
        return placed

    def inverse(self, target: Array, start: Array, steps: int = 4) -> Array:
        """The face points [2, m] that land on target [2, m]: Newton steps from `start`."""
        u = start.copy()
        for _ in range(steps):
            fx, fy, (a, b, c, d) = self._corners(u)
            top, bottom = a + fx * (b - a), c + fx * (d - c)
            error = target - (top + fy * (bottom - top))
            along_x = ((b - a) + fy * (d - c - b + a)) / STEP
            along_y = (bottom - top) / STEP
            det = along_x[0] * along_y[1] - along_x[1] * along_y[0]
            det = np.where(np.abs(det) < 0.05, np.copysign(0.05, det), det)
            u[0] += (error[0] * along_y[1] - error[1] * along_y[0]) / det
            u[1] += (error[1] * along_x[0] - error[0] * along_x[1]) / det
            np.clip(u, -3 * self.extent, 3 * self.extent, out=u)
        return u

    def affine_guess(self, target: Array) -> Array:
        """Inverse of the best affine fit to the table, as a start for `inverse`."""
        n = self.table.shape[-1]
        axis = node_axis(self.extent)[n // 4 : -(n // 4)]
        inner = self.table[:, n // 4 : -(n // 4), n // 4 : -(n // 4)]
        centred = axis / float((axis**2).sum() * len(axis))
        matrix = np.stack([inner.sum(1) @ centred, inner.sum(2) @ centred], axis=1)
        offset = inner.mean((1, 2))
        guess: Array = np.linalg.solve(matrix, target - offset[:, None])
        return guess


class Head:
    """The nodes of a face with its relief and action fields, ready to be placed."""

    def __init__(self, extent: float, depth: Blobs, fields: Sequence[ActionField]) -> None:
        axis = node_axis(extent)
        self._plane = np.stack(np.meshgrid(axis, axis))
        self._fields = [field.on_grid(axis) for field in fields]
        self._z = depth.on_grid(axis, axis) - 70.0 - PIVOT
        self.extent = extent

    def place(self, motion: Motion, t: int) -> NodeMap:
        """The map from face points to the camera's frame at moment t."""
        plane = self._plane
        for strength, field in zip(motion.strength[t], self._fields, strict=True):
            if strength != 0.0:
                plane = plane + strength * field
        r = rotation(*motion.angles[t])
        x, y, z = (r[i, 0] * plane[0] + r[i, 1] * plane[1] + r[i, 2] * self._z for i in range(3))
        zoom = motion.scale[t] * motion.distance / (motion.distance - z)
        table = np.stack([x * zoom + motion.shift[t, 0], y * zoom + motion.shift[t, 1]])
        return NodeMap(table, self.extent)


def pixel_grid(size: int, step: float = 1.0) -> Array:
    """Pixel centres of a square picture, row by row: [2, n * n], every `step` pixels."""
    axis = np.arange(0, size - 1 + step, step)
    x, y = np.meshgrid(axis, axis)
    return np.stack([x.ravel(), y.ravel()])


def flow_between(first: NodeMap, second: NodeMap, size: int) -> Array:
    """Exact flow [2, size, size] from the first map's picture to the second's."""
    grid = pixel_grid(size)
    u = first.inverse(grid, coarse_start(first, size), steps=2)
    flow: Array = (second.forward(u) - grid).reshape(2, size, size)
    return flow


def coarse_start(node_map: NodeMap, size: int) -> Array:
    """A close guess of the inverse at every pixel, from a grid eight times coarser."""
    step = 8.0
    coarse = pixel_grid(size, step)
    solved = node_map.inverse(coarse, node_map.affine_guess(coarse), steps=6)
    side = int(np.sqrt(coarse.shape[1]))
    weights = linear_weights(size, side, step)
    guess: Array = weights @ solved.reshape(2, side, side) @ weights.T
    return guess.reshape(2, -1)


def linear_weights(size: int, coarse: int, step: float) -> Array:
    """Matrix [size, coarse] of linear interpolation between samples every `step` pixels."""
    at = np.arange(size) / step
    cell = np.clip(np.floor(at).astype(int), 0, coarse - 2)
    weights = np.zeros((size, coarse))
    weights[np.arange(size), cell] = 1 - (at - cell)
    weights[np.arange(size), cell + 1] = at - cell
    return weights
