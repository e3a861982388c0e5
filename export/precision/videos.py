"""Calibration clips from a folder of videos: faces found and aligned as the SDK does it."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.progress import counted
from mol_edge.clip import ClipFaces, clip_frames
from mol_edge.crop import normalised_crop
from mol_edge.errors import InputError, NoFaceError
from mol_edge.faces import FaceDetector, open_detector
from mol_edge.manifest import Alignment, Normalisation
from mol_edge.sources import open_source
from mol_edge.windows import SAMPLES, event_samples

log = logging.getLogger(__name__)

_SPAN = 24
_APART = 8
"""Frames between the beginnings of two clips of a video, at least: nearer ones show the same."""
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
    most = min(count, len(videos) * len(_starts(_AT_MOST_FRAMES, each)))
    clips = (crops for path in videos for crops in _clips_of(path, each, alignment, detector))
    found = list(counted(itertools.islice(clips, count), most))
    if not found:
        raise InputError(
            f"Calibration needs videos of {SAMPLES} frames or more that show a face, and none of "
            f"{len(videos)} does: give others, or --calibration synthetic."
        )
    return np.stack(found)


def _clips_of(
    path: Path, most: int, alignment: Alignment, detector: FaceDetector
) -> Iterator[NDArray[np.uint8]]:
    """Clips of one video, spread over it."""
    luma = Normalisation(0.0, 1.0)
    with open_source(path) as source:
        frames = clip_frames(frame for frame, _ in zip(source, range(_AT_MOST_FRAMES)))
    for start in _starts(len(frames), most):
        clip = frames[start : start + _SPAN]
        samples = event_samples(len(clip))
        try:
            faces = ClipFaces.found(clip, samples, detector)
        except NoFaceError:
            log.warning("No face was found in %s from frame %d.", path.name, start)
            continue
        transforms = faces.transforms(alignment.mode)
        crops = [normalised_crop(clip[at], transforms[at], luma) for at in samples]
        yield np.clip(np.rint(np.stack(crops)), 0, 255).astype(np.uint8)


def check_videos(videos: Sequence[Path]) -> None:
    """Raise InputError unless every one can be opened as a video."""
    for path in videos:
        open_source(path).close()


def _starts(frames: int, clips: int) -> list[int]:
    """Where the clips of a video begin, spread over it."""
    if frames < SAMPLES:
        return []
    last = max(0, frames - _SPAN)
    clips = min(clips, last // _APART + 1)
    starts: list[int] = np.linspace(0, last, clips).round().astype(int).tolist()
    return starts
