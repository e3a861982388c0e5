"""Landmarks on annotated photographs: aligned, predicted, compared, and laid out on one sheet.

A folder holds pictures and `landmarks.json`: ``{file: [{"box": [x, y, w, h], "landmarks":
[[x, y] x 68]}]}`` in pixels of the picture.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.errors import InputError
from training.evaluation.pictures import Image, contact_sheet, draw_points
from training.evaluation.predictor import Predictor
from training.metrics import FAILURE, landmark_errors, pupil_distance

Points = NDArray[np.float64]
_SCALE = 3


@dataclass(frozen=True)
class AnnotatedFace:
    """A face in a photograph.

    Attributes:
        name: of the picture's file, with the face's number in it.
        image: the whole picture, BGR uint8.
        landmarks: true points [68, 2], pixels of the picture.
    """

    name: str
    image: NDArray[np.uint8]
    landmarks: Points

    @property
    def alignment_points(self) -> Points:
        """Eye centres, nose tip and mouth corners [5, 2], from the true points."""
        marks = self.landmarks
        eyes = marks[36:42].mean(axis=0), marks[42:48].mean(axis=0)
        return np.array([*eyes, marks[30], marks[48], marks[54]])


@dataclass(frozen=True)
class FaceResult:
    """What was found on one face.

    Attributes:
        name: of the face.
        error: mean point-to-point error by the distance of the eye centres.
        crop: the face as the network saw it, uint8 [128, 128].
        predicted: points [68, 2] in the crop.
        truth: true points in the crop.
    """

    name: str
    error: float
    crop: NDArray[np.uint8]
    predicted: Points
    truth: Points


def read_faces(folder: Path) -> list[AnnotatedFace]:
    """The annotated faces of a folder.

    Raises:
        InputError: `landmarks.json` or a picture cannot be read, or has no 68 points.
    """
    import cv2

    path = folder / "landmarks.json"
    try:
        annotated = json.loads(path.read_text(encoding="utf-8"))
        marks = {
            name: [np.array(face["landmarks"], np.float64) for face in faces]
            for name, faces in sorted(annotated.items())
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} must hold 68 landmarks for each face of each picture, and cannot be read as "
            f"that ({type(error).__name__}: {error}): correct it."
        ) from None
    faces = []
    for name, points_of_faces in marks.items():
        image = cv2.imread(str(folder / name))
        if image is None:
            raise InputError(f"{folder / name} must be a picture that OpenCV reads, and is not.")
        for number, points in enumerate(points_of_faces, 1):
            if points.shape != (68, 2):
                raise InputError(f"{path} must give 68 points for {name}, got {points.shape}.")
            faces.append(AnnotatedFace(f"{name}#{number}", np.asarray(image, np.uint8), points))
    return faces


def judge_face(model: Predictor, face: AnnotatedFace, points: Points) -> FaceResult:
    """Align a face by five points [5, 2], predict its landmarks and compare them.

    The error is that of the points taken back to the picture; a similarity transform changes
    both it and the distance of the eyes alike.
    """
    transform = _core.alignment_transform(np.ascontiguousarray(points))
    crop = _core.crop_uint8(face.image, transform)
    predicted = model.points(crop[None])[0].astype(np.float64)
    offset = _core.CROP_OFFSET
    truth = face.landmarks @ transform[:, :2].T + transform[:, 2] - offset
    error = float(landmark_errors(predicted, truth))
    return FaceResult(face.name, error, crop, predicted, truth)


def jittered(points: Points, share: float, rng: np.random.Generator) -> Points:
    """Alignment points with an error, as a detector's have: `share` of the distance of the eyes."""
    distance = float(np.linalg.norm(points[1] - points[0]))
    return points + rng.normal(0, share * distance, points.shape)


def detected_points(face: AnnotatedFace) -> Points | None:
    """The five points that the SDK's face detector finds on this face, None if it finds none."""
    from mol_edge.faces import open_detector
    from mol_edge.frame import Frame

    eyes = face.alignment_points
    distance = float(np.linalg.norm(eyes[1] - eyes[0]))
    for found in open_detector().detect(Frame(face.image, timestamp_ns=0)):
        if float(np.linalg.norm(found.points[:3] - eyes[:3], axis=1).mean()) < 0.5 * distance:
            return found.points
    return None


def evaluate_photos(
    model: Predictor, folder: Path, repeats: int = 20, jitter: float = 0.04, seed: int = 0
) -> tuple[dict[str, Any], Image]:
    """Judge all faces of a folder.

    Args:
        model: the model.
        folder: pictures with `landmarks.json`.
        repeats: alignments with an error, per face; their mean is reported too.
        jitter: that error, as a share of the distance of the eyes.
        seed: of the errors.

    Returns:
        The figures, and a contact sheet: true points green, predicted ones red.
    """
    rng = np.random.default_rng(seed)
    results, rows = [], []
    for face in read_faces(folder):
        five = face.alignment_points
        result = judge_face(model, face, five)
        varied = [judge_face(model, face, jittered(five, jitter, rng)) for _ in range(repeats)]
        found = detected_points(face)
        by_detector = None if found is None else judge_face(model, face, found).error
        results.append(result)
        rows.append(
            {
                "face": face.name,
                "eyes_px": float(pupil_distance(face.landmarks)),
                "nme": result.error,
                "nme_jittered": float(np.mean([v.error for v in varied])) if varied else None,
                "nme_detector": by_detector,
            }
        )
    figures = {"faces": len(rows), "jitter": jitter, **_means(rows), "by_face": rows}
    return figures, _sheet(results)


def _means(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    means: dict[str, Any] = {}
    for name in ("nme", "nme_jittered", "nme_detector"):
        values = [row[name] for row in rows if row[name] is not None]
        means[name] = float(np.mean(values)) if values else None
    errors = np.array([row["nme"] for row in rows])
    means["failure_rate"] = float((errors > FAILURE).mean()) if len(rows) else None
    means["detected"] = sum(row["nme_detector"] is not None for row in rows)
    return means


def _sheet(results: Sequence[FaceResult]) -> Image:
    tiles = []
    for result in results:
        picture = draw_points(result.crop, result.truth, (80, 220, 80), _SCALE)
        picture = draw_points(picture, result.predicted, (60, 60, 255), _SCALE)
        tiles.append((f"{result.name} {100 * result.error:.1f}%", picture))
    return contact_sheet(tiles)
