"""One clip from its frames to its file in the cache; runs in worker processes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import ArrayError
from training.data.align import aligned_face, clip_transforms, to_aligned
from training.data.cache import FORMAT, Pair, PreparedClip, clip_file, is_current, write_clip
from training.data.flow import TVL1, tvl1_flow
from training.data.frames import Clip, read_frame
from training.data.landmarks import LandmarkSource, Points
from training.data.options import Alignment, Protocol
from training.data.report import Finding, LeftOut
from training.data.sampling import clip_samples, pairs_of


@dataclass(frozen=True)
class ClipSettings:
    """What decides the pixels of a prepared clip, and where it goes."""

    out: Path
    alignment: Alignment
    protocol: Protocol


@dataclass(frozen=True)
class Outcome:
    """What became of a clip: in the cache (`finding` None), or left out."""

    finding: Finding | None = None
    reused: bool = False


def prepare_clip(clip: Clip, settings: ClipSettings, landmarks: LandmarkSource) -> Outcome:
    """Put one clip into the cache, unless an earlier run left the same there."""
    try:
        file = clip_file(settings.out, clip.video)
        key = clip_key(clip, settings, landmarks)
        if is_current(file, key):
            return Outcome(reused=True)
        write_clip(file, compute_clip(clip, settings, landmarks), key)
        return Outcome()
    except LeftOut as error:
        return Outcome(error.finding)


def compute_clip(clip: Clip, settings: ClipSettings, source: LandmarkSource) -> PreparedClip:
    """Align a clip's frames and compute the flow of the pairs that its samples need.

    Raises:
        LeftOut: a frame is unreadable or of another size, or has no usable landmarks.
    """
    points = _clip_points(clip, source)
    try:
        transforms = clip_transforms(points, settings.alignment)
    except ArrayError as error:
        raise LeftOut("bad_landmarks", clip.video, str(error)) from None
    # Read a second time: a clip of SAMM in memory would be two thirds of a gigabyte.
    faces = np.stack(
        [aligned_face(read_frame(p, clip.video), t) for p, t in zip(clip.frames, transforms)]
    )
    aligned = np.stack([to_aligned(p, t) for p, t in zip(points, transforms)])
    flow: dict[Pair, NDArray[np.float16]] = {}
    for first, second in pairs_of(clip_samples(len(faces), settings.protocol)):
        flow[first, second] = tvl1_flow(faces[first], faces[second]).astype(np.float16)
    return PreparedClip(faces, aligned, transforms, flow)


def _clip_points(clip: Clip, source: LandmarkSource) -> Points:
    """Landmarks [n, 68, 2] of all frames, each frame looked at."""
    points = []
    size: tuple[int, ...] = ()
    for path in clip.frames:
        image = read_frame(path, clip.video)
        size = size or image.shape
        if image.shape != size:
            raise LeftOut(
                "unreadable_frame",
                clip.video,
                f"{path.name} is {image.shape[1]} × {image.shape[0]} pixels where the first "
                f"frame is {size[1]} × {size[0]}",
            )
        points.append(source.points(path, image, clip.video))
    stacked = np.stack(points)
    _check_points(clip, stacked, width=size[1], height=size[0])
    return stacked


def _check_points(clip: Clip, points: Points, width: int, height: int) -> None:
    """Landmarks in another unit than pixels, or of another picture, must not pass."""
    centres = points.mean(1)
    size = (points.max(1) - points.min(1)).max(1)
    inside = ((centres >= 0) & (centres < (width, height))).all(1)
    good = inside & (size >= 16) & (size <= 2 * max(width, height))
    if not good.all():
        at = int(np.argmin(good))
        x, y = centres[at]
        raise LeftOut(
            "bad_landmarks",
            clip.video,
            f"the points of {clip.frames[at].name} span {size[at]:.1f} pixels around "
            f"({x:.1f}, {y:.1f}) of a {width} × {height} picture; they must be pixels of the frame",
        )


def clip_key(clip: Clip, settings: ClipSettings, landmarks: LandmarkSource) -> str:
    """Hash of all that a prepared clip is made from: frames, landmarks and settings.

    Raises:
        LeftOut: a frame is not there.
    """
    files = []
    for path in clip.frames:
        try:
            status = path.stat()
        except OSError as error:
            raise LeftOut(
                "unreadable_frame", clip.video, f"{path.name}: {error.strerror}"
            ) from None
        files.append((path.name, status.st_size, status.st_mtime_ns))
    made_from = {
        "format": FORMAT,
        "alignment": settings.alignment,
        "protocol": settings.protocol,
        "tvl1": TVL1,
        "landmarks": landmarks.fingerprint(clip.frames),
        "frames": files,
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()
