"""One face on its way through a frame, from track to result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.alignment import Alignment
from mol_edge.engine_output import EngineOutput, WindowOutput
from mol_edge.face_shape import shape_in_crop
from mol_edge.results import FaceResult, Window, WindowState
from mol_edge.track import FaceTrack


@dataclass
class SeenFace:
    """What is known of a face in a frame; each stage adds to it.

    Attributes:
        track: the face along the source.
        alignment: how it is aligned, or None where it is lost.
        crop: float32 [128, 128] where it can be measured, else None.
        output: what the network says of the crop.
        landmarks: float32 [68, 2], those in image pixels.
        flow: float32 [2, 128, 128], crop pixels, where it was computed.
        motion: pixels of the crop by region, where they were measured.
    """

    track: FaceTrack
    alignment: Alignment | None = None
    crop: NDArray[np.float32] | None = None
    output: EngineOutput | None = None
    landmarks: NDArray[np.float32] | None = None
    flow: NDArray[np.float32] | None = None
    motion: Mapping[str, float] | None = None

    def take(self, output: EngineOutput) -> None:
        """Take what the network says."""
        self.output, self.flow = output, output.flow
        self.landmarks = _core.points_to_image(output.landmarks, self.track.transform)

    def mean_shape(self) -> NDArray[np.float32]:
        """The mean face's landmarks, float32 [68, 2] in crop pixels, by the track's five points."""
        return shape_in_crop(self.track.transform, self.track.points)

    def result(self, new_segment: str | None) -> FaceResult:
        """What is told of the face."""
        track, output, alignment = self.track, self.output, self.alignment
        found = [_window(each) for each in output.windows] if output else []
        return FaceResult(
            track_id=track.id,
            box=track.box,
            score=0.0 if track.lost else track.score,
            points=track.points,
            transform=track.transform,
            landmarks=self.landmarks,
            flow=self.flow,
            window_state=output.windows[0].state if output else WindowState.NO_FACE,
            window=found[0] if found else None,
            windows=tuple(window for window in found if window is not None),
            state=track.state,
            motion=self.motion,
            drift_px=alignment.drift_px if alignment else 0.0,
            reanchored=alignment.replaced if alignment else False,
            new_segment=new_segment,
        )


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
