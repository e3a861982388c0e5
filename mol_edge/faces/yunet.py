"""YuNet through `cv2.FaceDetectorYN`: its five points are the five of MOL's alignment.

Paper: Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence
Research 2023, doi 10.1007/s11633-023-1423-y.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import InputError, OptionError
from mol_edge.faces.base import Detection, largest_first
from mol_edge.faces.image import opencv, to_bgr
from mol_edge.faces.refine import averaged_points
from mol_edge.frame import Frame

_PURPOSE = "The face detector YuNet"
_OVERLAP = 0.3
_CANDIDATES = 5000
# YuNet was trained on faces of 10 to 300 pixels. A picture is shrunk to the first size, which
# finds small faces; one whose face fills it, and so is missed there, is looked at again smaller.
_SIDES = (640, 320)


class YunetDetector:
    """Finds faces with YuNet.

    One detector may be used from several threads; their calls run one after another.

    Args:
        model: the ONNX file, as a path or as its bytes.
        score: least confidence of a face, 0 to 1.
        refine: whether each face is looked at again enlarged and upright, plain and mirrored,
            and the points averaged. On faces 37 to 109 pixels wide this took the median error of
            aligned landmarks from 5.5 to 3.0 pixels of 144 (`benchmarks/faces.py`). It costs two
            passes over 256 × 256 pixels per face: with one face in a 640 × 480 picture, `detect`
            takes 1.8 times as long. For stills and segmented clips; a stream averages its points
            over frames anyway.

    Raises:
        OptionError: the score is outside 0 to 1.
        InputError: the file cannot be read, or is no YuNet model.
        MissingExtraError: OpenCV is not installed.

    Example:
        >>> detector = YunetDetector("face_detection_yunet_2023mar.onnx")  # doctest: +SKIP
        >>> face = detector.detect(frame)[0]  # doctest: +SKIP
        >>> face.points.shape  # doctest: +SKIP
        (5, 2)
    """

    name = "yunet"

    def __init__(self, model: str | Path | bytes, score: float = 0.8, refine: bool = False) -> None:
        if not 0.0 <= score <= 1.0:
            raise OptionError(f"score must lie between 0 and 1, got {score}.")
        self._cv2 = opencv(_PURPOSE, "FaceDetectorYN")
        self._score = score
        self._refine = refine
        self._lock = threading.Lock()
        data = model if isinstance(model, bytes) else _read(Path(model))
        came = "its bytes" if isinstance(model, bytes) else str(model)
        self._net = self._load(data, came)

    def detect(self, frame: Frame) -> list[Detection]:
        """Faces in `frame` (any `Frame.format`), the largest first."""
        image = to_bgr(frame, self._cv2)
        with self._lock:
            faces = self._find(image)
            if self._refine:
                faces = [self._refined(image, face) for face in faces]
        return largest_first(faces)

    def refine(self, frame: Frame, face: Detection) -> Detection:
        """`face` of `frame` with its points averaged over two enlarged, upright views."""
        image = to_bgr(frame, self._cv2)
        with self._lock:
            return self._refined(image, face)

    def _load(self, data: bytes, came: str) -> Any:
        cv2 = self._cv2
        try:
            # From memory: the bytes that were checked are the bytes that are loaded.
            net = cv2.FaceDetectorYN.create(
                "onnx",
                np.frombuffer(data, np.uint8),
                np.empty(0, np.uint8),
                (64, 64),
                self._score,
                _OVERLAP,
                _CANDIDATES,
            )
            net.detect(np.zeros((64, 64, 3), np.uint8))
        except cv2.error as error:
            raise InputError(
                f"OpenCV {cv2.__version__} cannot use {came} as a YuNet model: give "
                "face_detection_yunet_2023mar.onnx of opencv_zoo "
                "(`mol-edge models get yunet` fetches it)."
            ) from error
        return net

    def _find(self, image: NDArray[np.uint8]) -> list[Detection]:
        longest = max(image.shape[:2])
        for side in _SIDES:
            scale = min(1.0, side / longest)
            rows = self._rows(self._resized(image, scale))
            if len(rows):
                return [_detection(row, scale) for row in rows]
        return []

    def _resized(self, image: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
        if scale == 1.0:
            return image
        size = tuple(max(1, round(scale * side)) for side in image.shape[1::-1])
        smaller: NDArray[np.uint8] = self._cv2.resize(
            image, size, interpolation=self._cv2.INTER_AREA
        )
        return smaller

    def _rows(self, image: NDArray[np.uint8], score: float | None = None) -> NDArray[np.float32]:
        """Detections of YuNet, [faces, 15]: box, five points, score."""
        self._net.setInputSize(image.shape[1::-1])
        self._net.setScoreThreshold(self._score if score is None else score)
        rows = self._net.detect(image)[1]
        return np.empty((0, 15), np.float32) if rows is None else rows

    def _refined(self, image: NDArray[np.uint8], face: Detection) -> Detection:
        points = averaged_points(image, face.points, self._points, self._cv2)
        return Detection(face.box, points, face.score)

    def _points(self, view: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Points of every face in an enlarged view, [faces, 5, 2]."""
        return self._rows(view, min(self._score, 0.5))[:, 4:14].reshape(-1, 5, 2).astype(float)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"The YuNet file {path} cannot be read ({reason}): give the path of "
            "face_detection_yunet_2023mar.onnx (`mol-edge models get yunet` fetches it)."
        ) from error


def _detection(row: NDArray[np.float32], scale: float) -> Detection:
    """A row of YuNet in coordinates of the picture; pixel centres lie on whole numbers."""
    left, top, width, height = (float(value) / scale for value in row[:4])
    points = (row[4:14].reshape(5, 2).astype(np.float64) + 0.5) / scale - 0.5
    return Detection((left, top, width, height), points, float(np.clip(row[14], 0.0, 1.0)))
