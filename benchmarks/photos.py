"""Photographs with annotated faces, as `benchmarks.faces` reads them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import InputError
from mol_edge.frame import Frame

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Face:
    """A face as annotated: `box` and its 68 `landmarks` [68, 2], image pixels."""

    box: tuple[float, float, float, float]
    landmarks: Points

    @property
    def points(self) -> Points:
        """The five alignment points of MOL: eye centres, nose tip 30, mouth corners 48 and 54."""
        marks = self.landmarks
        eyes = marks[36:42].mean(axis=0), marks[42:48].mean(axis=0)
        return np.array([*eyes, marks[30], marks[48], marks[54]])


@dataclass(frozen=True)
class Photo:
    """A photograph, BGR, and the faces in it."""

    name: str
    frame: Frame
    faces: tuple[Face, ...]


def read_photos(folder: Path) -> list[Photo]:
    """The annotated photographs of a folder."""
    try:
        annotations = json.loads((folder / "landmarks.json").read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{folder} must hold a readable landmarks.json, got: {error}.") from error
    photos = []
    for name, faces in sorted(annotations.items()):
        image = cv2.imread(str(folder / name))
        if image is None:
            raise InputError(f"{folder / name} must be a picture that OpenCV reads, and is not.")
        annotated = tuple(Face(tuple(f["box"]), np.array(f["landmarks"], float)) for f in faces)
        frame = Frame(np.asarray(image, np.uint8), timestamp_ns=0)
        photos.append(Photo(name, frame, annotated))
    return photos
