"""How a pipeline works."""

from __future__ import annotations

from dataclasses import dataclass, field

from mol_edge._numbers import BELOW_MS, are_lengths, is_finite, is_whole
from mol_edge.backends.base import BackendOptions
from mol_edge.errors import OptionError
from mol_edge.motion import MotionOptions
from mol_edge.sources.base import SourceOptions
from mol_edge.spot import SpotterOptions
from mol_edge.track_options import TrackOptions


@dataclass(frozen=True)
class PipelineOptions:
    """What a pipeline can be told; the defaults suit most.

    Attributes:
        backend: threads, precision and cache of the runtime.
        source: frame rate of images without times, time limit of streams.
        track: which faces are followed and measured, how often the detector looks.
        windows_ms: times from the first to the last of a window's 8 samples; several lengths share
            the features of their frames. None takes what the bundle's model was trained with.
        window_ms: the same for one length.
        min_score: least confidence of a face, 0 to 1, for the detector that is chosen by itself.
        refine: whether a detector that can looks again, closer, at the faces of a segmented clip
            and at those that an alignment is anchored on: better points for two more small passes.
        anchor_frames: frames whose points an anchored alignment averages.
        drift_px: how far a face may move, in pixels of the 144 aligned face, before an anchored
            alignment is anchored anew.
        motion: how motion is measured.
        spotting: what counts as a movement.
        flow_from_px: motion of a region, crop pixels, from which flow is computed ``on_motion``:
            three times the noise of a still face.
        event_flow: whether the flows between the frames of an event are computed too.

    Raises:
        OptionError: a value is out of range.

    Example:
        >>> PipelineOptions(windows_ms=(200, 350), backend=BackendOptions(threads=2)).windows_ms
        (200, 350)
    """

    backend: BackendOptions = field(default_factory=BackendOptions)
    source: SourceOptions = field(default_factory=SourceOptions)
    track: TrackOptions = field(default_factory=TrackOptions)
    windows_ms: tuple[float, ...] | None = None
    window_ms: float | None = None
    min_score: float = 0.8
    refine: bool = True
    anchor_frames: int = 5
    drift_px: float = 4.0
    motion: MotionOptions = field(default_factory=MotionOptions)
    spotting: SpotterOptions = field(default_factory=SpotterOptions)
    flow_from_px: float = 0.15
    event_flow: bool = False

    def __post_init__(self) -> None:
        for name, kind in _PARTS.items():
            if not isinstance(getattr(self, name), kind):
                raise OptionError(
                    f"{name} must be of type {kind.__name__}, got {getattr(self, name)!r}."
                )
        for name in ("min_score", "anchor_frames", "drift_px", "flow_from_px"):
            if not is_finite(getattr(self, name)):
                raise OptionError(f"{name} must be a finite number, got {getattr(self, name)!r}.")
        for name in ("refine", "event_flow"):
            if not isinstance(getattr(self, name), bool):
                raise OptionError(f"{name} must be True or False, got {getattr(self, name)!r}.")
        if self.window_ms is not None and not are_lengths((self.window_ms,)):
            raise OptionError(
                f"window_ms must be a number above 0 and below {BELOW_MS}, got {self.window_ms!r}."
            )
        if self.windows_ms is not None:
            if self.window_ms is not None:
                raise OptionError("windows_ms and window_ms say the same: give one of them.")
            if not are_lengths(self.windows_ms):
                raise OptionError(
                    "windows_ms must be a tuple of one time, or several different ones, above 0 "
                    f"and below {BELOW_MS}, got {self.windows_ms!r}."
                )
        if not 0 <= self.min_score <= 1:
            raise OptionError(f"min_score must lie between 0 and 1, got {self.min_score}.")
        if not is_whole(self.anchor_frames, 1):
            raise OptionError(
                f"anchor_frames must be a whole number from 1, got {self.anchor_frames}."
            )
        if not self.drift_px > 0:
            raise OptionError(f"drift_px must be above 0, got {self.drift_px}.")
        if not self.flow_from_px >= 0:
            raise OptionError(f"flow_from_px must be 0 or more, got {self.flow_from_px}.")


_PARTS = {
    "backend": BackendOptions,
    "source": SourceOptions,
    "track": TrackOptions,
    "motion": MotionOptions,
    "spotting": SpotterOptions,
}
