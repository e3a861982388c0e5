"""What a run keeps from frame to frame: its faces, the network's state, their movements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.alignment import Aligner, AnchoredAligner, PerFrameAligner
from mol_edge.backends.base import Backend
from mol_edge.cadence import SegmentReason
from mol_edge.crop import normalised_crop
from mol_edge.engine import Engine
from mol_edge.engine_output import EngineOptions, FlowMode
from mol_edge.errors import OptionError
from mol_edge.event_class import classified
from mol_edge.face_state import sharpness
from mol_edge.faces import Detection, FaceDetector, refined
from mol_edge.faces.upright import UprightCheck
from mol_edge.follow import TRUSTED_NME, ByLandmarks, ByTexture
from mol_edge.frame import Frame
from mol_edge.manifest import Manifest
from mol_edge.movements import Movements
from mol_edge.options import PipelineOptions
from mol_edge.patches import Patches
from mol_edge.results import Event, FaceResult, FaceState
from mol_edge.rhythm_notices import RhythmNotices
from mol_edge.run import StageClock
from mol_edge.seen import SeenFace
from mol_edge.sources.base import Source
from mol_edge.spot import Spot
from mol_edge.track import FaceTrack
from mol_edge.tracker import Tracker

CROP = _core.CROP_SIZE
Flow = bool | FlowMode

# Mean error of a model's landmarks, in parts of the pupils' distance, up to which motion is taken
# around them: the mean face, which serves otherwise, is off by 0.13 on photographs.
PLACED_NME = 0.10
# Frames of this time are computed anew when a face is anchored anew: a micro-expression and what
# it takes to notice it.
_RECOMPUTED_MS = 700.0


def flow_mode(flow: Flow) -> FlowMode:
    """When flow is computed: True stands for ``always``, False for ``never``.

    Raises:
        OptionError: it is something else.

    Example:
        >>> flow_mode(False)
        'never'
    """
    if isinstance(flow, bool):
        return "always" if flow else "never"
    if flow not in get_args(FlowMode):
        raise OptionError(
            f"flow must be one of {', '.join(get_args(FlowMode))}, True or False, got {flow!r}."
        )
    return flow


class Following:
    """One run's state: the tracker, the engine, and how they fit together.

    Args:
        manifest: how the model wants its faces.
        backend: runs the model.
        detector: gives the detector when it is needed.
        options: of the pipeline.
        windows_ms: lengths of the windows.
        flow: when flow is computed.
        source: where the frames come from: the nominal time between two, and whether it is live.

    Attributes:
        rhythm: what is told of the source's rhythm.
    """

    def __init__(
        self,
        manifest: Manifest,
        backend: Backend,
        detector: Callable[[], FaceDetector],
        options: PipelineOptions,
        windows_ms: tuple[float, ...],
        flow: FlowMode,
        source: Source,
    ) -> None:
        self._manifest, self._detector, self._options = manifest, detector, options
        self._flow = flow
        self.rhythm = RhythmNotices(windows_ms[0], options.spotting.learn_ms, source.live)
        self._keep_ms = max(_RECOMPUTED_MS, 1.2 * max(windows_ms))
        error = manifest.landmark_nme(options.backend.precision)
        self._follows_landmarks = error is not None and error <= TRUSTED_NME
        self._moves_at_landmarks = error is not None and error <= PLACED_NME
        self.tracker = Tracker(detector, options.track, self._new_track, source.live)
        keep = EngineOptions(windows_ms=windows_ms, flow=flow)
        self.engine = Engine(backend, keep, source.period_ns)
        self._movements: dict[int, Movements] = {}
        self._upright = UprightCheck(detector)

    @property
    def turn(self) -> int:
        """Degrees clockwise by which pictures must be turned for their face to be upright, or 0."""
        return self._upright.turn

    def track(self, frame: Frame, clock: StageClock) -> list[FaceTrack]:
        """The faces of a frame; what is kept of those that have gone is given back."""
        tracks = self.tracker.update(frame, clock)
        if self._upright.open and self.tracker.looked and self.tracker.faces_found:
            with clock.stage("detect"):
                self._upright.look(frame)
        for track_id in self.tracker.gone:
            self.engine.forget(track_id)
            self._movements.pop(track_id, None)
        return tracks

    def align(self, track: FaceTrack, frame: Frame) -> SeenFace:
        """Make the face stand still in its crop, and see whether it can be measured there."""
        if track.lost:
            return SeenFace(track)
        before = track.transform
        look = partial(self._better_points, frame, track) if self._options.refine else None
        alignment = track.align(look)
        if alignment.replaced:
            self._recompute(track, before)
        crop = normalised_crop(frame, alignment.transform, self._manifest.normalisation)
        track.judge(self._options.track.limits, sharpness(crop))
        if track.aligner.replaces:
            track.patches.add(frame, alignment.transform)
        return SeenFace(track, alignment, crop if track.state is FaceState.TRACKED else None)

    def infer(self, faces: Sequence[SeenFace], frame: Frame) -> None:
        """Run the network on all faces that can be measured, in one batch."""
        seen = [face for face in faces if face.crop is not None]
        crops = [face.crop for face in seen if face.crop is not None]
        outputs = self.engine.push(
            np.array(crops) if crops else np.empty((0, CROP, CROP), np.float32),
            [face.track.id for face in seen],
            frame.timestamp_ns,
            frame.index,
        )
        for face, output in zip(seen, outputs):
            face.take(output)
        for face in faces:
            if not face.track.lost:
                face.track.see(frame, face.landmarks)

    def measure(self, face: SeenFace, frame: Frame) -> list[Spot]:
        """How the parts of a face move, and which movements are known to be over."""
        if face.track.id not in self._movements:
            self._movements[face.track.id] = Movements(self._options.motion, self._options.spotting)
        movements = self._movements[face.track.id]
        if face.crop is None or face.output is None:
            movements.skip()
            return []
        if face.output.new_segment is not None:
            movements.restart()
        landmarks = face.output.landmarks if self._moves_at_landmarks else face.mean_shape()
        spots = movements.push(frame.timestamp_ns, frame.index, face.crop, landmarks)
        if movements.motion is not None:
            face.motion = movements.motion.regions
            if self._flow == "on_motion" and self._moves(face.motion):
                face.flow = self.engine.flow(face.track.id)
        return spots

    def event(self, face: SeenFace, spot: Spot, frame: Frame, clock: StageClock) -> Event:
        """A movement with its class."""
        waited_ms = (frame.timestamp_ns - spot.offset_ns) / 1e6
        with clock.stage("classify"):
            return classified(
                self.engine,
                self._manifest.labels,
                face.track.id,
                spot,
                lambda: waited_ms + clock.computing_ms,
                self._options.event_flow,
            )

    def result(self, face: SeenFace) -> FaceResult:
        """What is told of the face."""
        reason = face.output.new_segment if face.output else None
        if reason is SegmentReason.START and self.tracker.resized:
            reason = SegmentReason.SIZE_CHANGED
        return face.result(None if reason is None else reason.value)

    def _moves(self, motion: Mapping[str, float]) -> bool:
        return max(motion.values()) >= self._options.flow_from_px

    def _recompute(self, track: FaceTrack, before: NDArray[np.float64]) -> None:
        """Take the kept frames of a face anew from where it is anchored now."""
        crops = track.patches.crops(
            self.engine.kept(track.id), track.transform, self._manifest.normalisation
        )
        if not len(crops):
            self.engine.restart(SegmentReason.REALIGNED, track.id)
            return
        self.engine.reanchor(track.id, crops)
        if track.id in self._movements:
            self._movements[track.id].realign(crops[-1], _change(before, track.transform))

    def _better_points(self, frame: Frame, track: FaceTrack) -> NDArray[np.float64]:
        face = Detection(track.box, track.points, track.score)
        return refined(self._detector(), frame, face).points

    def _new_track(self, track_id: int, face: Detection) -> FaceTrack:
        aligner: Aligner = PerFrameAligner()
        if self._manifest.alignment.mode == "anchored":
            aligner = AnchoredAligner(self._options.anchor_frames, self._options.drift_px)
        follower = ByLandmarks() if self._follows_landmarks else ByTexture()
        return FaceTrack(track_id, face, aligner, follower, Patches(self._keep_ms))


def _change(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pixels of the crop by one alignment to those by another, float64 [2, 3]."""
    to_image = _core.invert_transform(before)
    linear = after[:, :2] @ to_image[:, :2]
    shift = after[:, :2] @ to_image[:, 2] + after[:, 2]
    # Crop pixels are pixels of the aligned face less the offset.
    offset = np.full(2, float(_core.CROP_OFFSET))
    return np.column_stack([linear, shift + linear @ offset - offset])
