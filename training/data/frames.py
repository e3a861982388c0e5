"""The frames of a clip: found in their folder, put in order, read whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.data.naming import IMAGE_SUFFIXES, Naming
from training.data.report import LeftOut, Report

_ENDINGS = {b"\xff\xd8": b"\xff\xd9", b"\x89PNG": b"IEND"}
_TAIL = 1024


@dataclass(frozen=True)
class Clip:
    """One micro-expression of a set, from onset to offset.

    Attributes:
        video: name of the clip, unique in the set.
        subject: who is seen.
        emotion: as the set names it, in lower case.
        frames: its frames, in order.
        onset, apex, offset: frame numbers of the coding sheet, None where there is none.
    """

    video: str
    subject: str
    emotion: str
    frames: tuple[Path, ...]
    onset: int | None = None
    apex: int | None = None
    offset: int | None = None


def pictures(folder: Path) -> list[Path]:
    """Pictures directly in a folder, hidden files aside, sorted by name."""
    return sorted(
        entry
        for entry in folder.iterdir()
        if entry.suffix.lower() in IMAGE_SUFFIXES and not entry.name.startswith(".")
    )


def folders(folder: Path) -> list[Path]:
    """Folders directly in a folder, hidden ones aside, sorted by name."""
    return sorted(e for e in folder.iterdir() if e.is_dir() and not e.name.startswith("."))


def numbered_frames(
    folder: Path, naming: Naming, video: str, report: Report
) -> list[tuple[int, Path]]:
    """The frames of a clip folder by their numbers; foreign pictures are noted.

    Raises:
        LeftOut: a number comes twice, or no picture is named as the set names frames.
    """
    numbered: dict[int, Path] = {}
    foreign: list[str] = []
    for path in pictures(folder):
        number = naming.frame_number(path.stem)
        if number is None:
            foreign.append(path.name)
        elif number in numbered:
            raise LeftOut(
                "wrong_layout",
                video,
                f"frame {number} must come once, got {numbered[number].name} and {path.name}: "
                "keep one of them",
            )
        else:
            numbered[number] = path
    if foreign and not numbered:
        raise LeftOut(
            "wrong_layout",
            video,
            f"frames must be named as in {naming.example}, got {foreign[0]} and "
            f"{len(foreign) - 1} others: rename them",
        )
    if foreign:
        report.note("foreign_file", video, f"{len(foreign)} not read, first {foreign[0]}")
    return sorted(numbered.items())


def read_frame(path: Path, video: str) -> NDArray[np.uint8]:
    """A frame as BGR uint8 [height, width, 3].

    Raises:
        LeftOut: the file is missing, cut short or not a picture. A decoder fills the rest of a
            picture that was cut short with gray and says nothing, so the ending is looked at.
    """
    import cv2

    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(video, path, str(error.strerror)) from None
    for start, ending in _ENDINGS.items():
        if data.startswith(start) and ending not in data[-_TAIL:]:
            raise _unreadable(video, path, "the file is cut short")
    if data.startswith(b"BM") and len(data) < int.from_bytes(data[2:6], "little"):
        raise _unreadable(video, path, "the file is cut short")
    image = None
    if data:
        try:
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error:
            image = None
    if image is None:
        raise _unreadable(video, path, f"{len(data)} bytes that are no picture")
    return np.asarray(image, np.uint8)


def _unreadable(video: str, path: Path, why: str) -> LeftOut:
    return LeftOut("unreadable_frame", video, f"{path.name}: {why}; replace it from the original")
