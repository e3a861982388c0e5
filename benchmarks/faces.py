"""How well detectors find and align the faces of annotated photographs.

    python -m benchmarks.faces PHOTOS --out sheet.png

PHOTOS holds pictures and a `landmarks.json`: per picture a list of faces, each with `box` (left,
top, width, height) and `landmarks` (68 points, iBUG order). Each detector's transform takes the 68
landmarks into the 144-pixel aligned face, and so does the transform of the true five points: the
table gives the distances between the two, the sheet shows them.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.face_sheet import Cell, draw_sheet
from benchmarks.photos import Face, Photo, Points, read_photos
from mol_edge import _core
from mol_edge.faces import Detection, FaceDetector, HaarDetector, open_detector

_ROUNDS = 5
_SAME_FACE = 0.4


@dataclass(frozen=True)
class Score:
    """What one detector did on all photographs.

    Attributes:
        name: the detector.
        found: per photograph and annotated face what was found there, or None.
        extra: how many detections lay on no annotated face.
        milliseconds: median time per photograph.
    """

    name: str
    found: tuple[tuple[Detection | None, ...], ...]
    extra: int
    milliseconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.faces", description=(__doc__ or "").strip())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("photos", type=Path, help="folder with pictures and landmarks.json")
    parser.add_argument("--out", type=Path, help="contact sheet to write (PNG)")
    parser.add_argument("--yunet", type=Path, help="YuNet file, if not where mol-edge finds it")
    parser.add_argument("--score", type=float, default=0.8, help="YuNet's least confidence")
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(message)s")
    photos = read_photos(options.photos)
    choice = options.yunet or "yunet"
    detectors: dict[str, FaceDetector] = {
        "yunet": open_detector(choice, options.score),
        "yunet, refined": open_detector(choice, options.score, refine=True),
        "haar": HaarDetector(),
    }
    scores = evaluate(detectors, photos)
    print(table(scores, photos))
    if options.out:
        draw_sheet(options.out, sheet_rows(scores, photos))
    return 0


def evaluate(detectors: dict[str, FaceDetector], photos: list[Photo]) -> list[Score]:
    """Every detector on every photograph, timed in turns so that load falls on all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in detectors}
    seen: dict[str, list[list[Detection]]] = {}
    for _ in range(_ROUNDS):
        for name, detector in detectors.items():
            seen[name] = []
            for photo in photos:
                start = time.perf_counter()
                seen[name].append(detector.detect(photo.frame))
                seconds[name].append(time.perf_counter() - start)
    return [_score(name, seen[name], photos, float(np.median(seconds[name]))) for name in detectors]


def _score(name: str, seen: list[list[Detection]], photos: list[Photo], seconds: float) -> Score:
    found = []
    extra = 0
    for photo, detections in zip(photos, seen):
        matched = [_match(face, detections) for face in photo.faces]
        used = {id(detection) for detection in matched if detection is not None}
        extra += len(detections) - len(used)
        found.append(tuple(matched))
    return Score(name, tuple(found), extra, 1e3 * seconds)


def _match(face: Face, detections: list[Detection]) -> Detection | None:
    best = max(detections, key=lambda d: overlap(d.box, face.box), default=None)
    return best if best is not None and overlap(best.box, face.box) > _SAME_FACE else None


def overlap(first: Sequence[float], second: Sequence[float]) -> float:
    """Intersection over union of two boxes (left, top, width, height)."""
    a, b = np.array(first), np.array(second)
    sides = np.minimum(a[:2] + a[2:], b[:2] + b[2:]) - np.maximum(a[:2], b[:2])
    shared = float(np.prod(np.maximum(sides, 0.0)))
    return shared / float(a[2] * a[3] + b[2] * b[3] - shared)


def errors(face: Face, points: Points) -> NDArray[np.float64]:
    """Per landmark, its distance under the two alignments, in pixels of 144: float64 [68]."""
    got = to_aligned(face.landmarks, points)
    difference = got - to_aligned(face.landmarks, face.points)
    return np.asarray(np.linalg.norm(difference, axis=1))


def to_aligned(marks: Points, points: Points) -> Points:
    """`marks` in the aligned face that the five `points` give."""
    transform = _core.alignment_transform(np.ascontiguousarray(points))
    return np.asarray(marks @ transform[:, :2].T + transform[:, 2])


def table(scores: list[Score], photos: list[Photo]) -> str:
    """One line per detector."""
    faces = sum(len(photo.faces) for photo in photos)
    lines = [
        f"{len(photos)} photographs, {faces} faces; distances of 68 landmarks in pixels of 144",
        f"{'detector':16}{'found':>7}{'extra':>7}{'median':>8}{'p90':>7}{'worst face':>12}"
        f"{'ms/photo':>10}",
    ]
    for score in scores:
        per_face = [
            errors(face, detection.points)
            for photo, row in zip(photos, score.found)
            for face, detection in zip(photo.faces, row)
            if detection is not None
        ]
        spread = np.concatenate(per_face) if per_face else np.full(1, np.nan)
        worst = max((float(np.median(one)) for one in per_face), default=float("nan"))
        lines.append(
            f"{score.name:16}{len(per_face):>7}{score.extra:>7}{np.median(spread):>8.2f}"
            f"{np.percentile(spread, 90):>7.2f}{worst:>12.2f}{score.milliseconds:>10.1f}"
        )
    return "\n".join(lines)


def sheet_rows(scores: list[Score], photos: list[Photo]) -> list[list[Cell]]:
    """Per face the aligned picture under the true points, then under each detector's."""
    rows = []
    for index, photo in enumerate(photos):
        for position, face in enumerate(photo.faces):
            row = [_cell(photo, face, face.points, f"true, {face.box[2]:.0f} px:")]
            for score in scores:
                detection = score.found[index][position]
                points = None if detection is None else detection.points
                row.append(_cell(photo, face, points, score.name))
            rows.append(row)
    return rows


def _cell(photo: Photo, face: Face, points: Points | None, label: str) -> Cell:
    if points is None:
        return Cell(None, None, None, f"{label}: none")
    transform = _core.alignment_transform(np.ascontiguousarray(points))
    size = (_core.ALIGNED_SIZE, _core.ALIGNED_SIZE)
    picture = cv2.warpAffine(photo.frame.image, transform, size, borderValue=(128, 128, 128))
    text = f"{label} {np.median(errors(face, points)):.1f}"
    return Cell(
        np.asarray(picture, np.uint8),
        to_aligned(face.landmarks, points),
        to_aligned(face.landmarks, face.points),
        text,
    )


if __name__ == "__main__":
    sys.exit(main())
