"""Calibration clips from a folder of videos: faces found and aligned as the SDK does it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mol_edge.clip import ClipFaces, clip_frames
from mol_edge.crop import normalised_crop
from mol_edge.errors import InputError, NoFaceError
from mol_edge.faces import FaceDetector, open_detector
from mol_edge.manifest import Alignment, Normalisation
from mol_edge.sources import open_source
from mol_edge.windows import SAMPLES, event_samples

log = logging.getLogger(__name__)

_SPAN = 24
_AT_MOST_FRAMES = 600


def clips_of_videos(
    videos: Sequence[Path],
    count: int,
    alignment: Alignment,
    detector: FaceDetector | None = None,
) -> NDArray[np.uint8]:
    """Luma crops [n, 8, 128, 128], n at most `count`, spread evenly over the videos.

    Args:
        videos: paths; what shows no face or is too short is passed over.
        count: clips to take.
        alignment: how faces are aligned.
        detector: finds faces; by default the best that is there.

    Raises:
        InputError: no video gives a clip.
    """
    detector = detector or open_detector()
    each = -(-count // len(videos))
    luma = Normalisation(0.0, 1.0)
    found: list[NDArray[np.uint8]] = []
    for path in videos:
        with open_source(path) as source:
            frames = clip_frames(frame for frame, _ in zip(source, range(_AT_MOST_FRAMES)))
        for start in _starts(len(frames), each):
            clip = frames[start : start + _SPAN]
            samples = event_samples(len(clip))
            try:
                faces = ClipFaces.found(clip, samples, detector)
            except NoFaceError:
                log.warning("No face was found in %s from frame %d.", path.name, start)
                continue
            transforms = faces.transforms(alignment.mode)
            crops = [normalised_crop(clip[at], transforms[at], luma) for at in samples]
            found.append(np.clip(np.rint(np.stack(crops)), 0, 255).astype(np.uint8))
    if not found:
        raise InputError(
            f"Calibration needs videos of {SAMPLES} frames or more that show a face, and none of "
            f"{len(videos)} does: give others, or --calibration synthetic."
        )
    return np.stack(found[:count])


def check_videos(videos: Sequence[Path]) -> None:
    """Raise InputError unless every one can be opened as a video."""
    for path in videos:
        open_source(path).close()


def _starts(frames: int, clips: int) -> list[int]:
    """Where the clips of a video begin, spread over it."""
    if frames < SAMPLES:
        return []
    last = max(0, frames - _SPAN)
    return sorted(set(np.linspace(0, last, clips).round().astype(int).tolist()))
