"""Folders that look like a licensed set, with synthetic faces: to try everything without one."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import OptionError, OutputError
from mol_edge.windows import SAMPLES
from training.data.classes import class_names
from training.data.naming import NAMINGS, SMIC_EMOTIONS
from training.data.options import Layout, SetName
from training.synthetic import SyntheticEvent, SyntheticOptions, make_event

LANDMARKS = "landmarks.csv"
SHEET = "coding.csv"
_SHEET_COLUMNS = {
    "casme2": ("Subject", "Filename", "", "OnsetFrame", "ApexFrame", "OffsetFrame", "",
               "Action Units", "Estimated Emotion"),
    "samm": ("Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame",
             "Offset Frame", "Duration", "Action Units", "Estimated Emotion"),
}  # fmt: skip
# Frames before the onset and after the offset, as the original folders have them.
_MARGIN = 2
_FIRST = 41


@dataclass(frozen=True)
class LookalikeOptions:
    """What `write_lookalike` writes.

    Attributes:
        dataset: ``casme2``, ``samm`` or ``smic``.
        layout: ``official`` or ``original``.
        subjects: how many.
        clips: of each subject; their emotions go round the set's classes.
        fps: of the camera; the real ones have 200 (SMIC 100).
        seed: another one gives other faces.

    Raises:
        OptionError: a value is outside what is written above.
    """

    dataset: SetName
    layout: Layout
    subjects: int = 5
    clips: int = 2
    fps: float = 30.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.dataset not in get_args(SetName) or self.layout not in get_args(Layout):
            raise OptionError(
                f"A look-alike must be of {', '.join(get_args(SetName))} in the layout official "
                f"or original, got {self.dataset!r} and {self.layout!r}."
            )
        if self.subjects < 1 or self.clips < 1 or not 20 <= self.fps <= 500:
            raise OptionError(
                "A look-alike needs 1 subject and 1 clip or more and 20 to 500 fps, got "
                f"{self.subjects}, {self.clips} and {self.fps}."
            )
        if self.seed < 0:
            raise OptionError(f"The seed of a look-alike must be 0 or more, got {self.seed}.")


def write_lookalike(root: Path, options: LookalikeOptions) -> Path:
    """Write the frames, `coding.csv` where the layout has one, and `landmarks.csv`.

    Returns:
        The landmarks' CSV, for `--landmarks csv:FILE`.

    Raises:
        OutputError: `root` exists and is not empty.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     options = LookalikeOptions("samm", "official", subjects=1, clips=1)
        ...     _ = write_lookalike(Path(folder), options)
        ...     sorted(p.name for p in Path(folder).rglob("006_*_1"))
        ['006_1_1']
    """
    if root.is_dir() and any(root.iterdir()):
        raise OutputError(f"A look-alike needs an empty folder, and {root} is not: name another.")
    root.mkdir(parents=True, exist_ok=True)
    names = class_names(options.dataset, 3 if options.dataset == "smic" else 5)
    sheet: list[tuple[object, ...]] = []
    with (root / LANDMARKS).open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["frame", *(f"{axis}{i}" for i in range(68) for axis in "xy")])
        for subject in range(options.subjects):
            for clip in range(options.clips):
                emotion = names[(subject * options.clips + clip) % len(names)]
                event = _event(options, subject, clip, emotion)
                folder, name_of = _place(options, subject, clip, emotion)
                padded = _padded(options, len(event.frames))
                for number, at in enumerate(padded, start=_FIRST):
                    path = folder / name_of(number)
                    _write_image(root / path, event.frames[at])
                    points = event.landmarks[at].ravel().tolist()
                    rows.writerow([path.as_posix(), *(f"{value:.3f}" for value in points)])
                sheet.append(_sheet_row(options, subject, folder.name, emotion, event))
    if options.layout == "original" and options.dataset in _SHEET_COLUMNS:
        with (root / SHEET).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([_SHEET_COLUMNS[options.dataset], *sheet])
    return root / LANDMARKS


def _event(options: LookalikeOptions, subject: int, clip: int, emotion: str) -> SyntheticEvent:
    """An event of at least 8 frames that shows the emotion."""
    shown = {"positive": "happiness", "negative": "disgust"}.get(emotion, emotion)
    synthetic = SyntheticOptions(fps=(options.fps, options.fps))
    first = 1000 * (options.seed * 1000 + subject * options.clips + clip)
    for seed in range(first, first + 1000):
        event = make_event(seed, synthetic, shown, identity=options.seed * 1000 + subject)
        if len(event.frames) >= SAMPLES:
            return event
    raise OptionError(
        f"No event of {options.fps} fps has {SAMPLES} frames: raise LookalikeOptions.fps."
    )


def _padded(options: LookalikeOptions, count: int) -> list[int]:
    """Indices of the frames to write, still ones at either end where a sheet trims them."""
    margin = _MARGIN if options.layout == "original" and options.dataset != "smic" else 0
    return [0] * margin + list(range(count)) + [count - 1] * margin


def _place(
    options: LookalikeOptions, subject: int, clip: int, emotion: str
) -> tuple[Path, Callable[[int], str]]:
    """A clip's folder below the root, and the names of its frames."""
    naming = NAMINGS[options.dataset]
    official = options.layout == "official"
    if options.dataset == "casme2":
        who, name = naming.subject_id(subject + 1), f"EP{clip + 1:02d}_01"
        folder = Path(emotion, f"{who}_{name}") if official else Path(f"sub{who}", name)
        return folder, lambda number: f"img{number}.jpg"
    if options.dataset == "samm":
        who = naming.subject_id(subject + 6)
        name = f"{who}_{clip + 1}_1"
        return Path(emotion if official else who, name), lambda number: f"{who}_{number:05d}.jpg"
    who = naming.subject_id(subject + 1)
    code = {full: short for short, full in SMIC_EMOTIONS.items()}[emotion]
    name = f"{who}_{code}_{clip + 1:02d}"
    folder = Path(emotion, name) if official else Path("HS", who, "micro", emotion, name)
    suffix = "jpg" if official else "bmp"
    return folder, lambda number: f"image{number:06d}.{suffix}"


def _sheet_row(
    options: LookalikeOptions, subject: int, name: str, emotion: str, event: SyntheticEvent
) -> tuple[object, ...]:
    onset = _FIRST + _MARGIN
    frames = onset, onset + event.apex, onset + len(event.frames) - 1
    units = "+".join(event.aus)
    if options.dataset == "casme2":
        return (f"{subject + 1:02d}", name, "", *frames, "", units, emotion)
    spelled = {"others": "Other"}.get(emotion, emotion.capitalize())
    return (f"{subject + 6:03d}", name, 1, *frames, frames[2] - onset, units, spelled)


def _write_image(path: Path, image: NDArray[np.uint8]) -> None:
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 97] if path.suffix == ".jpg" else []
    if not cv2.imwrite(str(path), image, quality):
        raise OutputError(f"{path} could not be written: check the folder's space and permissions.")
