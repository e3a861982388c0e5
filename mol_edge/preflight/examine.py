"""What was watched, and the report on it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.face_shape import shape_of
from mol_edge.face_state import FaceLimits, eye_distance, sharpness
from mol_edge.faces import FaceDetector
from mol_edge.faces.upright import turn_needed
from mol_edge.frame import Frame
from mol_edge.preflight import judge
from mol_edge.preflight.light import measure_light
from mol_edge.preflight.noise import measure_noise
from mol_edge.preflight.report import FaceView, Finding, PreflightReport, worst_first
from mol_edge.preflight.timing import find_repeats, measure_timing
from mol_edge.similarity import apply

_LOOKS = 7
TURNED_LOOKS = 3
"""Pictures that are looked at for a face that is not upright."""


@dataclass
class Watched:
    """What is kept of the pictures of a source.

    Attributes:
        times_ns: timestamps of the pictures with the face, from the first one on.
        patches: luma of the part of each of them where the face is.
        seen: how many pictures came, those before the first face too.
        dropped: how many came too fast.
        first_ns: timestamp of the first picture.
        last_ns: timestamp of the last one.
        width_px: width of the face's box.
        incomplete: why the source ended early, or None.
        without_face: some pictures in which no face was found.
    """

    times_ns: list[int] = field(default_factory=list)
    patches: list[NDArray[np.uint8]] = field(default_factory=list)
    seen: int = 0
    dropped: int = 0
    first_ns: int = 0
    last_ns: int = 0
    width_px: float = 0.0
    incomplete: str | None = None
    without_face: list[Frame] = field(default_factory=list)


def examine(name: str, watched: Watched, detector: FaceDetector) -> PreflightReport:
    """Measure what was watched, and judge it."""
    looks = _looks(watched.patches, detector) if watched.patches else {}
    points = [found for found in looks.values() if found is not None]
    turn = turn_needed(_to_turn(watched), detector)
    if not points:
        seconds = (watched.last_ns - watched.first_ns) / 1e9
        return PreflightReport(
            name,
            seconds,
            watched.seen,
            watched.dropped,
            timing=None,
            light=None,
            noise=None,
            face=None,
            skipped=None,
            findings=(judge.no_face(seconds, turn),),
            incomplete=watched.incomplete,
            turn=turn,
        )
    middle: NDArray[np.float64] = np.median(np.stack(points), axis=0)
    transform = _core.alignment_transform(middle)
    crops = np.stack([_core.crop_float(p, transform, 0.0, 1.0, "gray") for p in watched.patches])
    in_crop = apply(transform, middle) - _core.CROP_OFFSET
    times_ns = np.array(watched.times_ns, np.int64)
    repeats, skipped = find_repeats(watched.patches)
    timing = measure_timing(times_ns, repeats)
    new = np.concatenate([[True], ~repeats])
    light = measure_light(times_ns[new], crops[new], timing.fps)
    noise = measure_noise(times_ns[new], crops[new], shape_of(in_crop).astype(np.float32))
    face = FaceView(
        width_px=float(watched.width_px),
        eye_px=eye_distance(middle),
        enlarged=float(np.hypot(*transform[0, :2])),
        state=FaceLimits().state_of(middle, sharpness(crops.mean(axis=0))).value,
        found=len(points) / len(looks),
        absent_s=tuple(
            (watched.times_ns[at] - watched.times_ns[0]) / 1e9
            for at, found in looks.items()
            if found is None
        ),
    )
    findings: list[Finding] = [
        *judge.judge_turn(turn),
        *judge.judge_timing(timing),
        *judge.judge_light(light),
        *judge.judge_noise(noise, skipped),
        *judge.judge_face(face),
    ]
    seconds = float(times_ns[-1] - times_ns[0]) / 1e9
    return PreflightReport(
        name,
        seconds,
        len(times_ns),
        watched.dropped,
        timing,
        light,
        noise,
        face,
        skipped,
        worst_first(findings),
        watched.incomplete,
        turn,
    )


def _looks(
    patches: list[NDArray[np.uint8]], detector: FaceDetector
) -> dict[int, NDArray[np.float64] | None]:
    """The five points of the face, or None, at some positions, spread over the time."""
    moments = np.linspace(0, len(patches) - 1, min(_LOOKS, len(patches))).astype(int)
    found = {at: detector.detect(_picture(patches[at])) for at in moments.tolist()}
    return {at: faces[0].points if faces else None for at, faces in found.items()}


def _to_turn(watched: Watched) -> list[Frame]:
    """Pictures of the face, or those where none was found."""
    if not watched.patches:
        return watched.without_face
    moments = np.linspace(0, len(watched.patches) - 1, TURNED_LOOKS).astype(int)
    return [_picture(watched.patches[at]) for at in moments]


def _picture(patch: NDArray[np.uint8]) -> Frame:
    return Frame(patch, 0, 0, "gray")
