"""What is timed: each mode as a task that takes one more frame or clip."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.benchmark.measure import Task
from mol_edge.benchmark.modes import Mode
from mol_edge.benchmark.scene import scene_of, video_frames
from mol_edge.bundle import Bundle
from mol_edge.check_set import CheckSet
from mol_edge.crop import normalised_crop
from mol_edge.engine import Engine
from mol_edge.engine_output import EngineOptions, FlowMode
from mol_edge.errors import NoFaceError
from mol_edge.face_shape import MEAN_SHAPE
from mol_edge.frame import Frame
from mol_edge.motion import MotionOptions
from mol_edge.movements import Movements
from mol_edge.network import run_clip
from mol_edge.pipeline import Pipeline
from mol_edge.spot import SpotterOptions

_SAMPLES = 8
# Frames of a stream that come before anything is timed: the windows are full then.
_FILLING = 20


class Tasks:
    """The tasks of one pipeline and its backend; close it after.

    Args:
        pipe: what is measured; it serves no other run meanwhile.
        fps: rate of the camera that is played.
        video: what the pipeline is given; None: a face of the check set in 1280 × 720.
    """

    def __init__(self, pipe: Pipeline, fps: float, video: Path | None) -> None:
        self._pipe, self._video = pipe, video
        self._backend, self._bundle = pipe.backend, pipe.bundle
        self._period_ns = round(1e9 / fps)
        self._crops = clip_crops(pipe.bundle)
        self._open = ExitStack()

    def open(self, mode: Mode) -> Task:
        """The task of a mode.

        Raises:
            MolEdgeError: it cannot be had here; the message says why.
        """
        makers: dict[Mode, Callable[[], Task]] = {
            "clip": self._clip,
            "clip_fused": self._clip_fused,
            "stream_flow": lambda: self._stream("always"),
            "stream": lambda: self._stream("never"),
            "preprocess": self._preprocess,
            "postprocess": self._postprocess,
            "pipeline": self._pipeline,
        }
        return makers[mode]()

    def close(self) -> None:
        """End the runs that the tasks have begun."""
        self._open.close()

    def _clip(self) -> Task:
        crops = self._crops[:, np.newaxis]
        return lambda: run_clip(self._backend, crops)

    def _clip_fused(self) -> Task:
        inputs = {"clip": self._crops[np.newaxis, np.newaxis]}
        # Refused here where the bundle has no such graph.
        self._backend.outputs_of("clip")
        return lambda: self._backend.run("clip", inputs)

    def _stream(self, flow: FlowMode) -> Task:
        engine = Engine(self._backend, EngineOptions(flow=flow), self._period_ns)
        crops, index = self._crops[:, np.newaxis], itertools.count()

        def push() -> None:
            at = next(index)
            engine.push(crops[at % len(crops)], [0], at * self._period_ns, at)

        for _ in range(_FILLING):
            push()
        return push

    def _preprocess(self) -> Task:
        scene, constants = scene_of(self._bundle), self._bundle.manifest.normalisation
        frame = Frame(scene.images[0], 0)

        def run() -> None:
            normalised_crop(frame, _core.alignment_transform(scene.points), constants)

        return run

    def _postprocess(self) -> Task:
        movements = Movements(MotionOptions(), SpotterOptions())
        transform = _core.alignment_transform(scene_of(self._bundle).points)
        landmarks = (MEAN_SHAPE + _core.CROP_SIZE / 2).astype(np.float32)
        logits = np.zeros((1, self._bundle.manifest.model.classes), np.float32)
        index = itertools.count()

        def run() -> None:
            at = next(index)
            _core.points_to_image(landmarks, transform)
            _core.softmax(logits)
            crop = self._crops[at % len(self._crops)]
            movements.push(at * self._period_ns, at, crop, landmarks)

        for _ in range(_FILLING):
            run()
        return run

    def _pipeline(self) -> Task:
        frames: Iterator[Frame]
        if self._video is None:
            frames = scene_of(self._bundle).frames(self._period_ns)
        else:
            frames = video_frames(self._video)
        run = self._pipe.run(frames)
        self._open.callback(run.close)
        faces = [len(next(run).faces) for _ in range(_FILLING)]
        if not any(faces):
            what = self._video or "the check set's clip"
            raise NoFaceError(
                f"A face must be in view, and the detector {self._pipe.detector.name} finds none "
                f"in the first {_FILLING} frames of {what}: name another video with --video."
            )
        return lambda: next(run)


def clip_crops(bundle: Bundle) -> NDArray[np.float32]:
    """Crops [8, 128, 128], normalised: of the check set, else noise."""
    check = CheckSet.of(bundle)
    if check is None:
        random = np.random.default_rng(1)
        return random.standard_normal((_SAMPLES, 128, 128)).astype(np.float32)
    constants = bundle.manifest.normalisation
    luma = check.frames[0].astype(np.float32)
    crops: NDArray[np.float32] = ((luma - constants.mean) / constants.scale).astype(np.float32)
    return crops
