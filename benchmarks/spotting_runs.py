"""What is spotted in a generated video, by the C++ motion, by a model's flow, or end to end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mol_edge import Bundle, Pipeline, PipelineOptions, _core
from mol_edge.alignment import AnchoredAligner
from mol_edge.backends import open_backend
from mol_edge.engine import Engine, EngineOptions
from mol_edge.face_shape import five_points
from mol_edge.motion import Motion
from mol_edge.motion_meter import MotionMeter
from mol_edge.motion_stream import MotionStream
from mol_edge.similarity import apply
from mol_edge.spot import Spot
from mol_edge.spotting import Spotter
from training.synthetic.long_video import HEIGHT, WIDTH, Video

Array = NDArray[np.float64]
Frames = Iterator[NDArray[np.uint8]]

# Errors of a face detector and of a network's landmarks, in parts of the eyes' distance.
DETECTOR_BIAS, DETECTOR_JITTER = 0.03, 0.015
LANDMARK_BIAS, LANDMARK_JITTER = 0.035, 0.02
MEAN, SCALE = 113.5, 141.5


@dataclass(frozen=True)
class Emitted:
    """A spot, and how long after its offset it was told, by the timestamps."""

    spot: Spot
    latency_ms: float


@dataclass(frozen=True)
class AlignedFrame:
    """A frame as the pipeline would see its face.

    Attributes:
        crop: float32 [128, 128], normalised.
        landmarks: float32 [68, 2], crop pixels, with the errors of a network.
        change: float64 [2, 3], from the old crop to the new one where the alignment was replaced.
        before: the frame before by this alignment, where it was replaced.
    """

    timestamp_ns: int
    crop: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    change: Array | None = None
    before: NDArray[np.float32] | None = None


def compressed(frames: Frames, codec: str, fps: float) -> Frames:
    """The frames after a file of some codec: ``raw`` (none), ``mjpg`` or ``mp4v``."""
    if codec == "raw":
        yield from frames
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("video.avi" if codec == "mjpg" else "video.mp4")
        writer = cv2.VideoWriter(
            str(path),
            cv2.VideoWriter.fourcc(*("MJPG" if codec == "mjpg" else "mp4v")),
            fps,
            (WIDTH, HEIGHT),
        )
        for frame in frames:
            writer.write(frame)
        writer.release()
        capture = cv2.VideoCapture(str(path))
        while True:
            got, image = capture.read()
            if not got:
                return
            yield np.asarray(image, np.uint8)


def aligned(video: Video, seed: int, codec: str) -> Iterator[AlignedFrame]:
    """Anchored crops of a video's face, by true points with the errors of a detector."""
    rng = np.random.default_rng([seed, 77])
    aligner, previous = AnchoredAligner(), None
    transform = np.eye(2, 3)
    marks = video.landmarks(0)
    eyes = float(np.hypot(*np.diff(five_points(marks)[:2], axis=0)[0]))
    bias = rng.normal(0, DETECTOR_BIAS * eyes, (5, 2))
    shape_bias = rng.normal(0, LANDMARK_BIAS * eyes, (68, 2))
    for t, frame in enumerate(compressed(video.frames(), codec, video.fps)):
        marks = video.landmarks(t)
        points = five_points(marks) + bias + rng.normal(0, DETECTOR_JITTER * eyes, (5, 2))
        update = aligner.update(points)
        change = before = None
        if update.replaced and previous is not None:
            change = _change(transform, update.transform)
            before = _crop(previous, update.transform)
        transform, previous = update.transform, frame
        seen = marks + shape_bias + rng.normal(0, LANDMARK_JITTER * eyes, (68, 2))
        landmarks = (apply(transform, seen) - _core.CROP_OFFSET).astype(np.float32)
        stamp = round(t * 1e9 / video.fps)
        yield AlignedFrame(stamp, _crop(frame, transform), landmarks, change, before)


def by_motion(frames: Iterator[AlignedFrame]) -> list[Emitted]:
    """Spots by the motion that the core measures."""
    stream, spotter, emitted = MotionStream(), Spotter(), []
    for t, frame in enumerate(frames):
        if frame.change is not None and frame.before is not None:
            stream.realign(frame.before, frame.change)
        motion = stream.push(frame.timestamp_ns, frame.crop, frame.landmarks)
        emitted += _told(spotter.push(frame.timestamp_ns, t, motion), frame.timestamp_ns)
    return emitted


def by_flow(frames: Iterator[AlignedFrame], bundle: Bundle, device: str) -> list[Emitted]:
    """Spots by the flow that a model computes between two samples."""
    engine = Engine(open_backend(bundle, device), EngineOptions(flow="always"))
    meter, spotter, emitted = MotionMeter(), Spotter(), []
    stamps: list[int] = []
    for t, frame in enumerate(frames):
        stamps.append(frame.timestamp_ns)
        if frame.change is not None:
            engine.forget(0)
            spotter.restart()
        (output,) = engine.push(frame.crop[np.newaxis], [0], frame.timestamp_ns, t)
        motion: Motion | None = None
        samples = output.windows[0].samples
        if output.flow is not None and samples:
            since = stamps[samples[-2]]
            motion = meter.of_flow(output.flow, frame.landmarks, since)
        emitted += _told(spotter.push(frame.timestamp_ns, t, motion), frame.timestamp_ns)
    return emitted


def by_pipeline(video: Video, codec: str, bundle: Bundle, device: str) -> list[Emitted]:
    """Spots of the whole pipeline: detection, tracking, alignment, the model's landmarks."""
    emitted = []
    frames = (
        (frame, round(t * 1e9 / video.fps))
        for t, frame in enumerate(compressed(video.frames(), codec, video.fps))
    )
    with Pipeline(bundle, device, options=PipelineOptions()) as pipe:
        for result in pipe.run(frames, flow=False):
            for event in result.events:
                spot = Spot(
                    event.onset_ns,
                    event.apex_ns,
                    event.offset_ns,
                    event.onset,
                    event.apex,
                    event.offset,
                    event.kind,
                    event.peak_px,
                )
                emitted += _told([spot], result.timestamp_ns)
    return emitted


def _told(spots: list[Spot], now_ns: int) -> list[Emitted]:
    return [Emitted(spot, (now_ns - spot.offset_ns) / 1e6) for spot in spots]


def _crop(frame: NDArray[np.uint8], transform: Array) -> NDArray[np.float32]:
    return _core.crop_float(np.ascontiguousarray(frame), transform, MEAN, SCALE)


def _change(before: Array, after: Array) -> Array:
    """Pixels of the crop by one alignment to those by another, float64 [2, 3]."""
    shift = np.array([[1.0, 0, -_core.CROP_OFFSET], [0, 1, -_core.CROP_OFFSET], [0, 0, 1]])
    square = [np.vstack([transform, (0, 0, 1)]) for transform in (before, after)]
    change: Array = (shift @ square[1] @ np.linalg.inv(shift @ square[0]))[:2]
    return change
