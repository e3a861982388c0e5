"""Where 68 landmarks come from: a CSV of any origin, or dlib's predictor."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import InputError, MissingExtraError
from training.data.report import LeftOut
from training.samples import POINTS

Points = NDArray[np.float64]


class LandmarkSource(Protocol):
    """Gives the landmarks of frames."""

    def points(self, path: Path, image: NDArray[np.uint8], video: str) -> Points:
        """The 68 points [68, 2] in pixels of a BGR frame; raises LeftOut where it has none."""
        ...

    def fingerprint(self, paths: Sequence[Path]) -> str:
        """Changes when the points of these frames may have changed."""
        ...


def open_landmarks(source: str, root: Path) -> LandmarkSource:
    """Open ``csv:FILE`` or ``dlib:FILE``.

    Args:
        source: kind and file, as in `PrepareOptions.landmarks`.
        root: folder that the paths in a CSV start from.

    Raises:
        InputError: the file is missing or not of its kind.
        MissingExtraError: dlib is not installed.
    """
    kind, _, file = source.partition(":")
    return CsvLandmarks(Path(file), root) if kind == "csv" else DlibLandmarks(Path(file))


class CsvLandmarks:
    """Landmarks from a CSV file: frame path, x0, y0, …, x67, y67 in pixels of the frame.

    Paths are relative to `root`, with either slash; absolute ones below it will do. A first
    line of names is passed over. A row with an empty or non-finite number is a frame without
    landmarks.

    Raises:
        InputError: the file is missing, has a row of another length or a frame twice.
    """

    def __init__(self, file: Path, root: Path) -> None:
        self._root = root.resolve()
        self._rows: dict[str, Points] = {}
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                for line, cells in enumerate(csv.reader(lines), start=1):
                    if cells:
                        self._add(file, line, cells)
        except OSError as error:
            raise InputError(
                f"The landmarks' CSV {file} cannot be read ({error.strerror}): "
                "check --landmarks csv:FILE."
            ) from None

    def _add(self, file: Path, line: int, cells: list[str]) -> None:
        if len(cells) != 1 + 2 * POINTS:
            raise InputError(
                f"Each row of {file} must hold a frame's path and {2 * POINTS} coordinates, "
                f"got {len(cells)} cells in line {line}: write x0, y0, …, x67, y67 after the path."
            )
        try:
            values = np.array([float(cell) if cell.strip() else np.nan for cell in cells[1:]])
        except ValueError:
            if line == 1:
                return
            raise InputError(
                f"Coordinates in {file} must be numbers, got something else in line {line}: "
                "leave cells of frames without landmarks empty."
            ) from None
        key = self._key(cells[0])
        if key in self._rows:
            raise InputError(f"{file} must name each frame once, got {key} again in line {line}.")
        self._rows[key] = values.reshape(POINTS, 2)

    def _key(self, path: str) -> str:
        posix = PurePosixPath(path.strip().replace("\\", "/"))
        base = PurePosixPath(self._root.as_posix())
        return str(posix.relative_to(base) if posix.is_relative_to(base) else posix)

    def points(self, path: Path, image: NDArray[np.uint8], video: str) -> Points:
        """The points of a frame; raises LeftOut where the file has none."""
        points = self._rows.get(self._key(path.resolve().as_posix()))
        if points is None:
            raise LeftOut("no_landmarks", video, f"the CSV has no row for {path.name}")
        if not np.isfinite(points).all():
            raise LeftOut("no_landmarks", video, f"the CSV's row for {path.name} has gaps")
        return points

    def fingerprint(self, paths: Sequence[Path]) -> str:
        """Hash of the rows of these frames."""
        digest = hashlib.sha256()
        for path in paths:
            points = self._rows.get(self._key(path.resolve().as_posix()))
            digest.update(b"none" if points is None else points.tobytes())
        return digest.hexdigest()


class DlibLandmarks:
    """Landmarks of dlib's frontal face detector and 68-point predictor, on the largest face.

    The predictor's file is the user's own (`shape_predictor_68_face_landmarks.dat` from
    dlib.net; its training data allow research use only).

    Raises:
        InputError: the file is missing or not a predictor of 68 points.
        MissingExtraError: dlib is not installed.
    """

    def __init__(self, file: Path) -> None:
        if not file.is_file():
            raise InputError(
                f"Landmarks from dlib need its 68-point predictor, and {file} does not exist: get "
                "shape_predictor_68_face_landmarks.dat from dlib.net/files and name it with "
                "--landmarks dlib:FILE."
            )
        try:
            import dlib
        except ImportError:
            raise MissingExtraError("dlib", "dlib", "Finding landmarks with dlib") from None
        self._detector: Any = dlib.get_frontal_face_detector()
        try:
            self._predictor: Any = dlib.shape_predictor(str(file))
        except RuntimeError as error:
            raise InputError(
                f"{file} is not a predictor that dlib can read ({error}): get "
                "shape_predictor_68_face_landmarks.dat from dlib.net/files, unpacked."
            ) from None
        self._hash = hashlib.sha256(file.read_bytes()).hexdigest()

    def points(self, path: Path, image: NDArray[np.uint8], video: str) -> Points:
        """The points of the largest face; raises LeftOut where dlib finds none."""
        rgb = np.ascontiguousarray(image[:, :, ::-1])
        # Upsampled once, as the official code does.
        boxes = list(self._detector(rgb, 1))
        if not boxes:
            raise LeftOut("no_landmarks", video, f"dlib finds no face in {path.name}")
        shape = self._predictor(rgb, max(boxes, key=lambda box: box.area()))
        points = np.array([(p.x, p.y) for p in shape.parts()], np.float64)
        if points.shape != (POINTS, 2):
            raise InputError(
                f"dlib's predictor must give {POINTS} points, got {len(points)}: "
                "name the 68-point file with --landmarks dlib:FILE."
            )
        return points

    def fingerprint(self, paths: Sequence[Path]) -> str:
        """Hash of the predictor's file, whatever the frames."""
        return self._hash
