"""Pictures with texture in which a face can be followed, and detectors that know where it is."""

from __future__ import annotations

import numpy as np

from mol_edge.faces import Detection
from mol_edge.frame import Frame

POINTS = np.array([[110, 100], [170, 100], [140, 134], [117, 160], [163, 160.0]])
BOX = (90.0, 60.0, 100.0, 130.0)
MS = 1_000_000


def scene(seed: int = 0, width: int = 320, height: int = 240) -> np.ndarray:
    """Smooth random luma, uint8 [height, width, 3], that looks nowhere like somewhere else."""
    import cv2

    random = np.random.default_rng(seed)
    fine = cv2.GaussianBlur(random.normal(0, 1, (height, width)), (0, 0), 3)
    coarse = cv2.GaussianBlur(random.normal(0, 1, (height, width)), (0, 0), 9)
    luma = 128 + 25 * fine / fine.std() + 20 * coarse / coarse.std()
    return np.repeat(luma.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def shifted(image: np.ndarray, x: float, y: float = 0.0) -> np.ndarray:
    """The picture moved by (x, y) pixels."""
    import cv2

    matrix = np.array([[1, 0, x], [0, 1, y]], np.float64)
    size = (image.shape[1], image.shape[0])
    return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def frame_of(image: np.ndarray, index: int = 0, fps: float = 30.0) -> Frame:
    """A frame of a camera with even times."""
    return Frame(image, round(index * 1e9 / fps), index)


def face(x: float = 0.0, y: float = 0.0, score: float = 0.9) -> Detection:
    """The face of `POINTS`, moved."""
    return Detection((BOX[0] + x, BOX[1] + y, *BOX[2:]), POINTS + [x, y], score)


class Scripted:
    """A detector that gives what a test has written down for each frame, and counts its looks."""

    name = "scripted"

    def __init__(self, script) -> None:
        self.script, self.seen = script, []

    def detect(self, frame: Frame) -> list[Detection]:
        self.seen.append(frame.index)
        return self.script(frame.index)
