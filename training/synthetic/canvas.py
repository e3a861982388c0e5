"""A square picture over canonical coordinates, and the brushes that paint on it."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from training.synthetic.shape import Points

Image = NDArray[np.float32]
Box = tuple[slice, slice]


class Canvas:
    """Coordinates of a picture that covers -extent to extent at `density` pixels per unit."""

    def __init__(self, extent: float, density: float) -> None:
        self.extent = extent
        self.density = density
        self.size = int(round(2 * extent * density)) + 1

    @cached_property
    def axis(self) -> NDArray[np.float64]:
        """Canonical coordinate of each row and column."""
        return np.arange(self.size) / self.density - self.extent

    @cached_property
    def x(self) -> Image:
        """Canonical x of every pixel, [1, size] to broadcast."""
        return self.axis.astype(np.float32)[None]

    @cached_property
    def y(self) -> Image:
        """Canonical y of every pixel, [size, 1] to broadcast."""
        return self.axis.astype(np.float32)[:, None]

    def pixels(self, points: Points) -> NDArray[np.float64]:
        """Pixel coordinates of canonical points."""
        placed: NDArray[np.float64] = (points + self.extent) * self.density
        return placed

    def box(self, points: Points, margin: float) -> Box:
        """The rows and columns that hold the points and a margin in canonical units."""
        low = np.floor(self.pixels(points.min(0) - margin)).astype(int)
        high = np.ceil(self.pixels(points.max(0) + margin)).astype(int) + 1
        low, high = np.clip(low, 0, self.size - 1), np.clip(high, 1, self.size)
        return slice(low[1], max(high[1], low[1] + 1)), slice(low[0], max(high[0], low[0] + 1))

    def fill(self, outline: Points, box: Box | None = None, blur: float = 0.0) -> Image:
        """Anti-aliased cover, 0 to 1, of a closed outline; `blur` in canonical units."""
        import cv2

        mask, offset = self._blank(box)
        at = np.round((self.pixels(outline) - offset) * 16).astype(np.int32)
        cv2.fillPoly(mask, [at], 255, cv2.LINE_AA, 4)
        return self._soften(mask, blur)

    def stroke(
        self, path: Points, width: float, box: Box | None = None, blur: float = 0.0
    ) -> Image:
        """Anti-aliased cover, 0 to 1, of a line `width` canonical units wide."""
        import cv2

        mask, offset = self._blank(box)
        pixels = width * self.density
        at = np.round((self.pixels(path) - offset) * 16).astype(np.int32)
        cv2.polylines(mask, [at], False, 255, max(1, int(round(pixels))), cv2.LINE_AA, 4)
        cover = self._soften(mask, blur)
        return cover * np.float32(min(1.0, pixels / max(1.0, round(pixels))))

    def _blank(self, box: Box | None) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        if box is None:
            return np.zeros((self.size, self.size), np.uint8), np.zeros(2)
        shape = box[0].stop - box[0].start, box[1].stop - box[1].start
        return np.zeros(shape, np.uint8), np.array([box[1].start, box[0].start], float)

    def _soften(self, mask: NDArray[np.uint8], blur: float) -> Image:
        import cv2

        sigma = blur * self.density
        if sigma > 0.3:
            mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma), np.uint8)
        return mask.astype(np.float32) * np.float32(1 / 255)

    def noise(self, rng: np.random.Generator, grain: float, box: Box | None = None) -> Image:
        """Smooth noise of unit deviation whose spots are `grain` canonical units large."""
        import cv2

        height, width = self._shape(box)
        cells = (
            max(2, int(height / (grain * self.density)) + 2),
            max(2, int(width / (grain * self.density)) + 2),
        )
        if cells[0] >= height or cells[1] >= width:
            return rng.standard_normal((height, width), np.float32)
        small = rng.standard_normal(cells, np.float32)
        return resized(small, (width, height), cv2.INTER_CUBIC)

    def _shape(self, box: Box | None) -> tuple[int, int]:
        if box is None:
            return self.size, self.size
        return box[0].stop - box[0].start, box[1].stop - box[1].start

    def blur(self, image: Image, sigma: float) -> Image:
        """Gaussian blur, `sigma` in canonical units; wide ones on a smaller picture."""
        import cv2

        pixels = sigma * self.density
        if pixels > 5.0 and min(image.shape) > 40:
            height, width = image.shape
            small = resized(image, (width // 4, height // 4), cv2.INTER_AREA)
            return resized(blurred(small, pixels / 4), (width, height), cv2.INTER_LINEAR)
        return blurred(image, pixels) if pixels > 0.2 else image


def blurred(image: Image, sigma: float) -> Image:
    """Gaussian blur of one or more channels, `sigma` in pixels."""
    import cv2

    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)


def resized(image: Image, size: tuple[int, int], interpolation: int) -> Image:
    """The picture at another size (width, height), with one of OpenCV's interpolations."""
    import cv2

    return np.asarray(cv2.resize(image, size, interpolation=interpolation), np.float32)


def smooth(points: Points, closed: bool = False, per: int = 5) -> Points:
    """A Catmull-Rom curve through the points, `per` steps between two."""
    if closed:
        padded = np.concatenate([points[-1:], points, points[:2]])
    else:
        padded = np.concatenate(
            [2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]]
        )
    a, b, c, d = padded[:-3, None], padded[1:-2, None], padded[2:-1, None], padded[3:, None]
    s = (np.arange(per) / per)[None, :, None]
    curve = 0.5 * (
        2 * b + (c - a) * s + (2 * a - 5 * b + 4 * c - d) * s**2 + (3 * b - a - 3 * c + d) * s**3
    )
    flat: Points = curve.reshape(-1, 2)
    return flat if closed else np.concatenate([flat, points[-1:]])


def mix(image: Image, colour: Image | float, cover: Image) -> None:
    """Paint `colour` over `image` in place where `cover` says."""
    image += (np.asarray(colour, np.float32) - image) * cover
