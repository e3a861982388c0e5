"""Photographs with annotated faces, as `benchmarks.faces` reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    photos = []
    for name, faces in _annotations(folder):
        image = cv2.imread(str(folder / name))
        if image is None:
            raise InputError(
                f"{folder / name} must be a picture that OpenCV reads, and is not: replace it, or "
                "take it out of landmarks.json."
            )
        photos.append(Photo(name, Frame(np.asarray(image, np.uint8), timestamp_ns=0), faces))
    return photos


def _annotations(folder: Path) -> list[tuple[str, tuple[Face, ...]]]:
    """Names of the pictures and their faces, as `landmarks.json` has them."""
    path = folder / "landmarks.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return [
            (name, tuple(_face(face) for face in faces)) for name, faces in sorted(content.items())
        ]
    except OSError as error:
        raise InputError(
            f"{folder} must hold a readable landmarks.json, and does not ({error.strerror}): check "
            "the path."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} must name for each picture a list of faces with box and landmarks, and does "
            f"not ({type(error).__name__}: {error}): correct it."
        ) from None


def _face(entry: Mapping[str, Any]) -> Face:
    left, top, width, height = (float(side) for side in entry["box"])
    return Face((left, top, width, height), np.array(entry["landmarks"], float).reshape(68, 2))
