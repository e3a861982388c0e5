"""Pictures for reports: points on crops, flow in colours, sheets, and confusion matrices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.errors import OutputError
from training.evaluation.clips import Example

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]
_LABEL = 18


def draw_points(image: Image, points: NDArray[np.floating], colour: Colour, scale: int) -> Image:
    """A crop enlarged `scale` times with points [n, 2] of the crop on it, BGR.

    A picture that has colours already is taken to be enlarged before.
    """
    import cv2

    if image.ndim == 2:
        size = (image.shape[1] * scale, image.shape[0] * scale)
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        image = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
    drawn = image.copy()
    # The centre of pixel p lies at (p + 0.5) * scale - 0.5 of the enlarged picture.
    for x, y in (points + 0.5) * scale - 0.5:
        at = round(16 * float(x)), round(16 * float(y))
        cv2.circle(drawn, at, 16 * 2, colour, -1, cv2.LINE_AA, 4)
    return drawn


def contact_sheet(tiles: Sequence[tuple[str, Image]], columns: int = 4) -> Image:
    """Pictures of one size side by side, each with its title below."""
    import cv2

    if not tiles:
        return np.full((_LABEL, 200, 3), 255, np.uint8)
    height, width = tiles[0][1].shape[:2]
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * (height + _LABEL), columns * width, 3), 255, np.uint8)
    for number, (title, picture) in enumerate(tiles):
        top, left = number // columns * (height + _LABEL), number % columns * width
        sheet[top : top + height, left : left + width] = picture
        below = (left + 4, top + height + _LABEL - 5)
        cv2.putText(sheet, title, below, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
    return sheet


def example_picture(example: Example, scale: int = 2) -> Image:
    """Landmarks, true flow, predicted flow and their difference, side by side, BGR."""
    import cv2

    largest = float(np.linalg.norm(example.truth, axis=0).max()) or 1.0
    fields = (example.truth, example.predicted, example.predicted - example.truth)
    tiles = [example.frames[1]]
    picture = draw_points(tiles[0], np.zeros((0, 2)), (0, 0, 0), scale)
    if example.true_points is not None:
        picture = draw_points(picture, example.true_points, (80, 220, 80), scale)
    parts = [draw_points(picture, example.points, (60, 60, 255), scale)]
    for field in fields:
        colours = _core.flow_to_color(np.ascontiguousarray(field, np.float32), largest)
        size = (colours.shape[1] * scale, colours.shape[0] * scale)
        parts.append(np.asarray(cv2.resize(colours, size), np.uint8))
    return np.concatenate(parts, axis=1)


def confusion_picture(confusion: Sequence[Sequence[int]], labels: Sequence[str]) -> Image:
    """A confusion matrix, row = truth, each row shaded by its share, BGR."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    counts = np.asarray(confusion)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 2.2 + 0.75 * len(labels)
    figure, axis = pyplot.subplots(figsize=(side, side), constrained_layout=True)
    axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*counts.shape):
        shade = "white" if share[row, column] > 0.55 else "black"
        axis.text(column, row, str(counts[row, column]), ha="center", va="center", color=shade)
    axis.set_xticks(range(len(labels)), labels, rotation=40, ha="right")
    axis.set_yticks(range(len(labels)), labels)
    axis.set(xlabel="predicted", ylabel="truth")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., 2::-1].copy()
    pyplot.close(figure)
    return pixels


def save_picture(image: Image, path: Path) -> Path:
    """Write a PNG; raises OutputError where that fails."""
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), image):
        raise OutputError(f"The picture {path} must be writable, and is not: name another --out.")
    return path
