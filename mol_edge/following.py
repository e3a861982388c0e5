"""What a run keeps from frame to frame: its faces, the network's state, their movements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.alignment import Aligner, Alignment, AnchoredAligner, PerFrameAligner
from mol_edge.backends.base import Backend
from mol_edge.cadence import SegmentReason
from mol_edge.crop import normalised_crop
from mol_edge.engine import Engine
from mol_edge.engine_output import EngineOptions, EngineOutput, FlowMode, WindowOutput
from mol_edge.errors import MolEdgeError, OptionError
from mol_edge.face_state import sharpness
from mol_edge.faces import Detection, FaceDetector, refined
from mol_edge.follow import TRUSTED_NME, ByLandmarks, ByTexture
from mol_edge.frame import Frame
from mol_edge.manifest import Manifest
from mol_edge.options import PipelineOptions
from mol_edge.patches import Patches
from mol_edge.results import FaceResult, FaceState, Window, WindowState
from mol_edge.track import FaceTrack
from mol_edge.tracker import Tracker

Flow = bool | FlowMode

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


@dataclass
class Face:
    """One face on its way through a frame.

    Attributes:
        track: what is known of it.
        alignment: how it is aligned, or None where it is lost.
        crop: float32 [128, 128] where it can be measured, else None.
        output: what the network says, where there is a crop.
        landmarks: float32 [68, 2] in image pixels, where there is a crop.
    """

    track: FaceTrack
    alignment: Alignment | None = None
    crop: NDArray[np.float32] | None = None
    output: EngineOutput | None = None
    landmarks: NDArray[np.float32] | None = None
    motion: dict[str, float] | None = None
    windows: list[Window] = field(default_factory=list)


class Following:
    """One run's state: the tracker, the engine, and how they fit together.

    Args:
        manifest: how the model wants its faces.
        backend: runs the model.
        detector: gives the detector when it is needed.
        options: of the pipeline.
        windows_ms: lengths of the windows.
        flow: when flow is computed.
        period_ns: nominal time between two frames, where the source states one.
    """

    def __init__(
        self,
        manifest: Manifest,
        backend: Backend,
        detector: Callable[[], FaceDetector],
        options: PipelineOptions,
        windows_ms: tuple[float, ...],
        flow: FlowMode,
        period_ns: int | None,
    ) -> None:
        self._manifest, self._detector, self._options = manifest, detector, options
        self._keep_ms = max(_RECOMPUTED_MS, 1.2 * max(windows_ms))
        nme = manifest.landmark_nme(options.backend.precision)
        self._trusts_landmarks = nme is not None and nme <= TRUSTED_NME
        self.tracker = Tracker(detector, options.track, self._new_track)
        self.engine = Engine(backend, EngineOptions(windows_ms=windows_ms, flow=flow), period_ns)

    def forget_gone(self) -> None:
        """Give back what is kept of faces that the tracker has let go of."""
        for track_id in self.tracker.gone:
            self.engine.forget(track_id)

    def align(self, track: FaceTrack, frame: Frame) -> Face:
        """Make the face stand still in its crop, and see whether it can be measured there."""
        if track.lost:
            return Face(track)
        look = partial(self._better_points, frame, track) if self._options.refine else None
        alignment = track.align(look)
        if alignment.replaced:
            self._recompute(track, alignment.transform)
        crop = normalised_crop(frame, alignment.transform, self._manifest.normalisation)
        track.judge(self._options.track.limits, sharpness(crop))
        track.patches.add(frame, alignment.transform)
        return Face(track, alignment, crop if track.state is FaceState.TRACKED else None)

    def infer(self, faces: Sequence[Face], frame: Frame) -> None:
        """Run the network on all faces that can be measured, in one batch."""
        seen = [(face, face.crop) for face in faces if face.crop is not None]
        crops = [crop for _, crop in seen]
        outputs = self.engine.push(
            np.stack(crops) if crops else np.empty((0, 128, 128), np.float32),
            [face.track.id for face, _ in seen],
            frame.timestamp_ns,
            frame.index,
        )
        for (face, _), output in zip(seen, outputs):
            assert face.alignment is not None
            face.output = output
            face.landmarks = _core.points_to_image(output.landmarks, face.alignment.transform)
            face.windows = [window for each in output.windows if (window := _window(each))]
        for face in faces:
            if not face.track.lost:
                face.track.see(frame, face.landmarks)

    def result(self, face: Face) -> FaceResult:
        """What is told of the face."""
        track, output, alignment = face.track, face.output, face.alignment
        windows = tuple(face.windows)
        first = output.windows[0] if output else None
        ready = first is not None and first.state is WindowState.READY
        return FaceResult(
            track_id=track.id,
            box=track.box,
            score=0.0 if track.lost else track.score,
            points=track.points,
            transform=track.transform,
            landmarks=face.landmarks,
            flow=output.flow if output else None,
            window_state=first.state if first else WindowState.NO_FACE,
            window=windows[0] if ready else None,
            windows=windows,
            state=track.state,
            motion=face.motion,
            drift_px=alignment.drift_px if alignment else 0.0,
            reanchored=alignment.replaced if alignment else False,
            new_segment=self._reason(output),
        )

    def _reason(self, output: EngineOutput | None) -> str | None:
        if output is None or output.new_segment is None:
            return None
        if output.new_segment is SegmentReason.START and self.tracker.resized:
            return SegmentReason.SIZE_CHANGED.value
        return output.new_segment.value

    def _recompute(self, track: FaceTrack, transform: NDArray[np.float64]) -> None:
        """Take the kept frames of a face from where it is anchored now."""
        crops = track.patches.crops(
            self.engine.kept(track.id), transform, self._manifest.normalisation
        )
        if len(crops):
            self.engine.reanchor(track.id, crops)
        else:
            self.engine.restart(SegmentReason.REALIGNED, track.id)

    def _better_points(self, frame: Frame, track: FaceTrack) -> NDArray[np.float64]:
        try:
            face = Detection(track.box, track.points, track.score)
        except MolEdgeError:
            return track.points
        return refined(self._detector(), frame, face).points

    def _new_track(self, track_id: int, face: Detection) -> FaceTrack:
        aligner: Aligner = PerFrameAligner()
        if self._manifest.alignment.mode == "anchored":
            aligner = AnchoredAligner(self._options.anchor_frames, self._options.drift_px)
        follower = ByLandmarks() if self._trusts_landmarks else ByTexture()
        return FaceTrack(track_id, face, aligner, follower, Patches(self._keep_ms))


def _window(output: WindowOutput) -> Window | None:
    if output.logits is None:
        return None
    return Window(
        probabilities=_core.softmax(output.logits[np.newaxis])[0],
        logits=output.logits,
        span_ms=output.span_ns / 1e6,
        samples=output.samples,
        wanted_ms=output.window_ms,
        jitter_ms=output.jitter_ns / 1e6,
        dropped=output.dropped,
    )
