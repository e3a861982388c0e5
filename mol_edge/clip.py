"""Classifying a segmented clip: its frames, its samples, where its face is, what it shows."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.backends.base import Backend
from mol_edge.crop import normalised_crop
from mol_edge.errors import ArrayError, InputError, NoFaceError, OptionError
from mol_edge.faces.base import FaceDetector, refined
from mol_edge.frame import Frame
from mol_edge.manifest import Manifest, Normalisation
from mol_edge.network import run_clip
from mol_edge.results import PhaseResult, Protocol
from mol_edge.sources.base import SourceOptions, check_size
from mol_edge.sources.memory import Item, as_frame
from mol_edge.windows import event_samples, official_phases

log = logging.getLogger(__name__)

Points = NDArray[np.float64]
Transforms = Mapping[int, NDArray[np.float64]]


def clip_frames(frames: Iterable[Item] | object) -> list[Frame]:
    """The frames of a clip.

    Raises:
        ArrayError: one is none.
        InputError: one is too small, or was taken before the one that it follows.
        OptionError: it is no sequence of frames.
    """
    if isinstance(frames, (str, bytes)) or not isinstance(frames, Iterable):
        raise OptionError(
            "A clip must be a sequence of frames, got "
            f"{frames!r}: read a video with `mol_edge.open_source`."
        )
    period_ns = SourceOptions().period_ns
    clip: list[Frame] = []
    before_ns = None
    for index, item in enumerate(frames):
        clip.append(check_size(as_frame(item, index, period_ns), f"frame {index} of the clip"))
        # Images alone have no times of their own.
        now_ns = None if isinstance(item, np.ndarray) else clip[-1].timestamp_ns
        if before_ns is not None and now_ns is not None and now_ns < before_ns:
            raise InputError(
                f"The times of a clip's frames must not run backward, and frame {index} has "
                f"{now_ns} ns after {before_ns} ns: give the frames in their order."
            )
        before_ns = now_ns
    return clip


def phases_of(frames: int, protocol: Protocol) -> tuple[tuple[int, ...], ...]:
    """The samples of each phase; raises InputError below 8 frames."""
    if protocol not in get_args(Protocol):
        raise OptionError(f"protocol must be 'official' or 'event', got {protocol!r}.")
    return official_phases(frames) if protocol == "official" else (event_samples(frames),)


@dataclass(frozen=True)
class ClipFaces:
    """The largest face of those frames that are samples.

    Attributes:
        points: float64 [5, 2] by position in the clip, image pixels.
        most_found: the most faces seen in one frame.
    """

    points: Mapping[int, Points]
    most_found: int

    @classmethod
    def given(cls, points: Points, frames: int) -> ClipFaces:
        """Points that the caller has, float64 [frames, 5, 2]; raises ArrayError otherwise."""
        array = isinstance(points, np.ndarray)
        if not array or points.dtype != np.float64 or points.shape != (frames, 5, 2):
            came = f"{points.dtype} of {points.shape}" if array else type(points).__name__
            raise ArrayError(f"points must be float64 of shape ({frames}, 5, 2), got {came}.")
        return cls(dict(enumerate(points)), most_found=1)

    @classmethod
    def found(
        cls,
        clip: Sequence[Frame],
        samples: Iterable[int],
        detector: FaceDetector,
        refine: bool = True,
    ) -> ClipFaces:
        """What the detector finds; a frame without a face takes the points of the nearest with one.

        Args:
            clip: its frames.
            samples: positions of the frames to look at.
            detector: finds faces.
            refine: whether the detector, if it can, looks at each face again, closer.

        Raises:
            NoFaceError: there is none in any sample.
        """
        wanted = sorted(set(samples))
        faces = {at: detector.detect(clip[at]) for at in wanted}
        with_face = np.array([at for at in wanted if faces[at]])
        if not with_face.size:
            raise NoFaceError(
                f"A clip must show a face, and none was found in {len(wanted)} frames: check that "
                "it faces the camera and is large enough, or try another detector."
            )
        if len(with_face) < len(wanted):
            log.warning(
                "No face was found in %d of %d frames, which take the points of the nearest.",
                len(wanted) - len(with_face),
                len(wanted),
            )
        nearest = {at: int(with_face[np.abs(with_face - at).argmin()]) for at in wanted}
        largest = {at: faces[at][0] for at in with_face.tolist()}
        if refine:
            largest = {at: refined(detector, clip[at], face) for at, face in largest.items()}
        points = {at: largest[nearest[at]].points for at in wanted}
        return cls(points, max(len(found) for found in faces.values()))

    def transforms(self, mode: str) -> Transforms:
        """Image to aligned face, float64 [2, 3], by position in the clip.

        Args:
            mode: ``per_frame``, or ``anchored``: all have that of the clip's mean points.
        """
        if mode == "per_frame":
            return {at: _core.alignment_transform(p) for at, p in self.points.items()}
        mean = np.mean(list(self.points.values()), axis=0)
        return dict.fromkeys(self.points, _core.alignment_transform(mean))


def classify_phases(
    backend: Backend,
    manifest: Manifest,
    phases: Sequence[tuple[int, ...]],
    clip: Sequence[Frame],
    faces: ClipFaces,
) -> tuple[PhaseResult, ...]:
    """Run the network on each sampling of a clip.

    Args:
        backend: runs the graphs.
        manifest: how the model wants its faces.
        phases: positions of 8 frames, for each sampling.
        clip: its frames.
        faces: where its face is.
    """
    transforms = faces.transforms(manifest.alignment.mode)
    constants = manifest.normalisation
    return tuple(_classify(backend, samples, clip, transforms, constants) for samples in phases)


def _classify(
    backend: Backend,
    samples: tuple[int, ...],
    clip: Sequence[Frame],
    transforms: Transforms,
    constants: Normalisation,
) -> PhaseResult:
    crops = [normalised_crop(clip[at], transforms[at], constants) for at in samples]
    output = run_clip(backend, np.stack(crops)[:, np.newaxis])
    landmarks = [
        _core.points_to_image(points, transforms[at])
        for points, at in zip(output.landmarks, samples[1:])
    ]
    return PhaseResult(
        samples=samples,
        logits=output.logits,
        probabilities=_core.softmax(output.logits[np.newaxis])[0],
        flow=output.flow,
        landmarks=np.stack(landmarks),
    )
