"""The C++ core's crop against what OpenCV users write, on one thread, interleaved in one run.

    python -m benchmarks.preprocess

OpenCV: extractChannel for YUYV, warpAffine to 144, cvtColor for colour, the middle 128, float32,
(v - mean) / scale. Both sides turn the same 1280 x 720 frame into the same array; errors are gray
levels against the same steps in float64. The ratio is the median over rounds of OpenCV's time
divided by the core's.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import interleave
from mol_edge import _core
from mol_edge.commands.values import whole
from tests.mol_edge import reference

MEAN, SCALE = 113.5, 141.5
HEIGHT, WIDTH = 720, 1280
_MIDDLE = slice(8, 136)
_FACES = {
    "face of 100 px": (640, 360, 100),
    "face of 300 px": (640, 360, 300),
    "face of 600 px": (640, 360, 600),
    "300 px, over the corner": (1200, 660, 300),
}
_POINTS = np.array([[-0.2, -0.15], [0.2, -0.15], [0, 0.05], [-0.16, 0.25], [0.16, 0.25]])

Image = NDArray[np.uint8]
Crop = NDArray[np.float32]


@dataclass(frozen=True)
class Row:
    """One line of the table: medians in microseconds, largest errors in gray levels."""

    format: str
    face: str
    opencv_us: float
    core_us: float
    ratio: float
    opencv_error: float
    core_error: float

    def __str__(self) -> str:
        return (
            f"{self.format:6}{self.face:25}{self.opencv_us:9.1f}{self.core_us:10.1f}"
            f"{self.ratio:8.2f}x{self.opencv_error:12.3f}{self.core_error:12.5f}"
        )


HEADER = (
    f"{'':6}{'':25}{'OpenCV us':>9}{'core us':>10}{'ratio':>9}"
    f"{'OpenCV error':>14}{'core error':>12}"
)


def picture() -> Image:
    """A frame of soft shapes with the detail of a camera picture, [720, 1280, 3]."""
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    soft = cv2.GaussianBlur(noise, (0, 0), 2.0).astype(np.float32)
    stretched = np.clip((soft - soft.mean()) / soft.std() * 50 + 128, 0, 255)
    return np.asarray(stretched, np.uint8)


def in_format(image: Image, format: str) -> Image:
    """The frame in a pixel format; luma is the green channel, chroma is left gray."""
    if format == "bgr":
        return image
    luma = np.ascontiguousarray(image[:, :, 1])
    if format == "gray":
        return luma
    if format == "nv12":
        return np.vstack([luma, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)])
    return np.stack([luma, np.full_like(luma, 128)], axis=2)


def transform_of(x: float, y: float, width: float) -> NDArray[np.float64]:
    """Alignment of a slightly turned face `width` pixels wide."""
    cosine, sine = np.cos(0.1), np.sin(0.1)
    points = width * _POINTS @ np.array([[cosine, sine], [-sine, cosine]]) + [x, y]
    return _core.alignment_transform(points)


def opencv_crop(image: Image, transform: NDArray[np.float64], format: str) -> Crop:
    """What one would write with OpenCV."""
    if format == "nv12":
        image = image[:HEIGHT]
    elif format == "yuyv":
        image = np.asarray(cv2.extractChannel(image, 0), np.uint8)
    aligned = cv2.warpAffine(
        image,
        transform,
        (_core.ALIGNED_SIZE, _core.ALIGNED_SIZE),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(128, 128, 128),
    )
    if format == "bgr":
        aligned = cv2.cvtColor(aligned, cv2.COLOR_BGR2GRAY)
    return (aligned[_MIDDLE, _MIDDLE].astype(np.float32) - np.float32(MEAN)) / np.float32(SCALE)


def measure(format: str, face: str, rounds: int) -> Row:
    """Times and errors of both sides on one face."""
    image, transform = in_format(picture(), format), transform_of(*_FACES[face])
    tasks: dict[str, Callable[[], Crop]] = {
        "opencv": lambda: opencv_crop(image, transform, format),
        "core": lambda: _core.crop_float(image, transform, MEAN, SCALE, format, full_range=True),
    }
    truth = reference.crop(image, transform, format, full_range=True)
    errors = {
        name: float(np.abs(task() * SCALE + MEAN - truth).max()) for name, task in tasks.items()
    }
    times = {name: 1e6 * np.array(t) for name, t in interleave(tasks, rounds).items()}
    return Row(
        format,
        face,
        float(np.median(times["opencv"])),
        float(np.median(times["core"])),
        float(np.median(times["opencv"] / times["core"])),
        errors["opencv"],
        errors["core"],
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.preprocess", description=str(__doc__).partition("\n")[0]
    )
    parser.add_argument(
        "--rounds", type=whole(1), default=1000, help="times each side takes its turn"
    )
    parser.add_argument("--isa", choices=_core._isas(), default=_core._isa())
    given = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    _core._set_isa(given.isa)
    print(f"OpenCV {cv2.__version__}, core with {given.isa} code, {given.rounds} rounds")
    print(HEADER)
    for format in ("bgr", "gray", "nv12", "yuyv"):
        for face in _FACES:
            print(measure(format, face, given.rounds))


if __name__ == "__main__":
    main()
