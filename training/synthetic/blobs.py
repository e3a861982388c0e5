"""Sums of axis-parallel anisotropic Gaussians: depth, displacement and shading are made of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Blobs:
    """n Gaussians: centre [n, 2], sigma [n, 2] in canonical units, height [n].

    A separable sum is one matrix product on a grid, which is what makes clips cheap.
    """

    centre: NDArray[np.float64]
    sigma: NDArray[np.float64]
    height: NDArray[np.float64]

    def on_grid(
        self,
        xs: NDArray[np.float64],
        ys: NDArray[np.float64],
        dtype: type[np.floating] = np.float64,
    ) -> NDArray[np.floating]:
        """The sum at every (y, x) of a grid: [len(ys), len(xs)]."""
        along_x = np.exp(-0.5 * ((xs[None] - self.centre[:, :1]) / self.sigma[:, :1]) ** 2)
        along_y = np.exp(-0.5 * ((ys[None] - self.centre[:, 1:]) / self.sigma[:, 1:]) ** 2)
        weighted = (along_y * self.height[:, None]).astype(dtype)
        return weighted.T @ along_x.astype(dtype)


class BlobList:
    """Collects Gaussians one by one."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, float, float, float, float]] = []

    def add(
        self, at: NDArray[np.float64] | tuple[float, float], sx: float, sy: float, height: float
    ) -> None:
        """Add a Gaussian at `at` with the given sigmas and height."""
        self._rows.append((float(at[0]), float(at[1]), float(sx), float(sy), float(height)))

    def line(
        self,
        start: NDArray[np.float64] | tuple[float, float],
        end: NDArray[np.float64] | tuple[float, float],
        sigma: float,
        height: float,
        bow: float = 0.0,
    ) -> None:
        """Add a ridge (or groove) from start to end; `bow` bends it sideways."""
        a, b = np.asarray(start, float), np.asarray(end, float)
        length = float(np.hypot(*(b - a)))
        count = max(2, int(np.ceil(length / (1.2 * sigma))) + 1)
        normal = np.array([a[1] - b[1], b[0] - a[0]]) / max(length, 1e-6)
        for s in np.linspace(0.0, 1.0, count):
            at = a + s * (b - a) + 4 * s * (1 - s) * bow * normal
            self.add((at[0], at[1]), sigma, sigma, 0.5 * height)

    def blobs(self) -> Blobs:
        """What was collected."""
        rows = np.array(self._rows, np.float64).reshape(-1, 5)
        return Blobs(rows[:, :2], rows[:, 2:4], rows[:, 4])
