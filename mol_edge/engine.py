"""The network along time: what is computed once for a frame serves every window it is in.

The state of a frame is its crop, its `first` and `second` maps, its `parts` (what it adds to the
columns along time that it may be in) and, where flow is wanted, its encoder maps. A window's logits
come of sums of its samples' parts. So a new frame costs one `features`, one `encoder` and `flow`,
and one `head`; a further time scale costs one more head.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.backends.base import Backend
from mol_edge.cadence import Cadence, SegmentReason
from mol_edge.engine_output import EngineOptions, EngineOutput, EventOutput, WindowOutput
from mol_edge.errors import ArrayError, FramesGoneError
from mol_edge.kept import CROP, FrameStore, KeptFrame, Track
from mol_edge.network import ClipOutput, Network, run_clip
from mol_edge.sampling import event_at, sample_before
from mol_edge.stages import Stages
from mol_edge.window_outputs import windows_of
from mol_edge.windows import PAIRS, unevenness

__all__ = [
    "ClipOutput",
    "Engine",
    "EngineOptions",
    "EngineOutput",
    "EventOutput",
    "WindowOutput",
    "run_clip",
]

Crops = NDArray[np.float32]

# Where no period is known yet: the arrays grow when the camera turns out to be faster.
_USUAL_PERIOD_NS = 33_333_333


class Engine:
    """The faces of one source: their kept frames, the windows along them, their events.

    Not safe to share between threads; several engines may share a backend.

    Args:
        backend: runs the graphs.
        options: time scales, flow, what is kept.
        period_ns: nominal time between two frames, where the source states one.

    Example:
        >>> from mol_edge import Bundle
        >>> from mol_edge.backends import open_backend
        >>> engine = Engine(open_backend(Bundle.default(), "onnxruntime"))
        >>> crops = np.zeros((2, 128, 128), np.float32)
        >>> for index in range(8):
        ...     faces = engine.push(crops, [0, 1], index * 50_000_000, index)
        >>> [face.windows[0].state.value for face in faces]
        ['ready', 'ready']
    """

    def __init__(
        self,
        backend: Backend,
        options: EngineOptions | None = None,
        period_ns: int | None = None,
    ) -> None:
        self.options = options or EngineOptions()
        self._network = Network(backend)
        self._cadence = Cadence(self.options.windows_ms, period_ns)
        self._tracks: dict[int, Track] = {}
        self._opened: tuple[FrameStore, Stages] | None = None

    @property
    def cadence(self) -> Cadence:
        """The rhythm that the timestamps have shown."""
        return self._cadence

    @property
    def state_bytes(self) -> int:
        """Bytes of the arrays that hold kept state and pass it to the graphs."""
        kept = 0 if self._opened is None else self._opened[0].nbytes
        return kept + self._network.nbytes

    @property
    def track_ids(self) -> tuple[int, ...]:
        """The faces that something is kept of."""
        return tuple(self._tracks)

    def kept(self, track_id: int) -> tuple[int, ...]:
        """Positions in the source of a face's kept frames, oldest first."""
        track = self._tracks.get(track_id)
        return () if track is None else tuple([frame.index for frame in track.frames])

    def push(
        self, crops: Crops, track_ids: Sequence[int], timestamp_ns: int, index: int
    ) -> list[EngineOutput]:
        """Take the faces of the next frame of the source, none too: it tells the camera's rhythm.

        Args:
            crops: float32 [faces, 128, 128], normalised.
            track_ids: which face each crop is of, no two the same.
            timestamp_ns: capture time of the frame.
            index: the frame's position in the source, named in `WindowOutput.samples`.

        Returns:
            One output per crop, in that order.

        Raises:
            ArrayError: the crops have another type or shape, are not finite, or do not fit
                `track_ids`.
            InputError: the timestamps are not in whole nanoseconds, or leave 64 bits.
            DeviceError: the device failed.
        """
        _check_crops(crops, len(track_ids), track_ids)
        if len(set(track_ids)) < len(track_ids):
            raise ArrayError(f"Track ids must differ within a frame, got {list(track_ids)}.")
        reason = self._cadence.update(timestamp_ns)
        if reason is not None:
            self.restart(reason)
        if not len(crops):
            return []
        landmarks = self._enter(crops, track_ids, timestamp_ns, index)
        tracks = [self._tracks[track_id] for track_id in track_ids]
        # Windows first, since the weights of flow sweep the caches.
        windows = windows_of(tracks, self._cadence, self._store()[1])
        flows = self._flows(tracks) if self.options.flow == "always" else [None] * len(tracks)
        return [
            EngineOutput(track_id, points, flow, found, track.take_reason())
            for track_id, track, points, flow, found in zip(
                track_ids, tracks, landmarks, flows, windows
            )
        ]

    def restart(self, reason: SegmentReason, track_id: int | None = None) -> None:
        """Forget the frames of one face or of all: no window spans what comes before and after."""
        for each, track in self._tracks.items():
            if track_id is None or each == track_id:
                track.restart(reason)

    def forget(self, track_id: int) -> None:
        """Give back what is kept of a face that has gone; an unknown one is no error."""
        track = self._tracks.pop(track_id, None)
        if track is not None:
            track.restart(SegmentReason.START)

    def flow(self, track_id: int) -> NDArray[np.float32] | None:
        """Flow [2, 128, 128] of a face's newest pair, or None where there is no pair yet.

        For `flow="on_motion"`; the pair is that of which ``always`` gives the flow.

        Raises:
            DeviceError: the device failed.
        """
        track = self._tracks.get(track_id)
        return None if track is None or not track.frames else self._flows([track])[0]

    def reanchor(self, track_id: int, crops: Crops) -> NDArray[np.float32]:
        """Compute a face's newest frames anew from other crops of the same frames.

        Args:
            track_id: the face.
            crops: float32 [K, 128, 128], normalised, of the newest K kept frames (see `kept`),
                oldest first. Older frames are forgotten, since their alignment is another one.

        Returns:
            The landmarks in the new crops, float32 [K, 68, 2].

        Raises:
            ArrayError: the crops have another type or shape, or are not finite.
            FramesGoneError: fewer than K frames are kept.
            DeviceError: the device failed.
        """
        _check_crops(crops, len(crops), [track_id] * len(crops))
        track = self._known(track_id)
        if not 0 < len(crops) <= len(track.frames):
            raise FramesGoneError(
                f"Crops of 1 to {len(track.frames)} frames can be replaced for face {track_id}, "
                f"got {len(crops)}: give those of the newest frames that `kept` names."
            )
        store, stages = self._store()
        track.keep(len(crops), float("inf"))
        landmarks = []
        for frame, crop in zip(track.frames, crops):
            store.drop_encoded(frame)
            landmarks.append(stages.features(crop[np.newaxis], [frame.maps])[0])
        return np.stack(landmarks)

    def classify_event(
        self, track_id: int, onset_ns: int, offset_ns: int, flow: bool = False
    ) -> EventOutput:
        """Classify an event of a face by 8 of its frames, evenly from onset to offset.

        An event of n frames is sampled at round(i · (n - 1) / 7), i = 0 … 7; one of fewer than 8
        is widened evenly at both ends.

        Args:
            track_id: the face.
            onset_ns: time of its first frame; the kept frame nearest to it is taken.
            offset_ns: time of its last frame.
            flow: whether to compute the 7 flows too.

        Raises:
            OptionError: the onset comes after the offset.
            FramesGoneError: frames of the event are not kept: too old, before a break of the
                stream, or too few to widen it.
            DeviceError: the device failed.
        """
        track = self._known(track_id)
        frames = track.at(event_at(track.times_ns, onset_ns, offset_ns, self._cadence.period_ns))
        stages = self._store()[1]
        logits = stages.logits([frames])[0]
        fields = self._event_flow(frames) if flow else None
        times = tuple([frame.timestamp_ns for frame in frames])
        indices = tuple([frame.index for frame in frames])
        return EventOutput(logits, indices, times, fields, unevenness(times))

    def _event_flow(self, frames: Sequence[KeptFrame]) -> NDArray[np.float32]:
        """Flow [7, 2, 128, 128] between frames in turn; their encoder maps are not kept for it."""
        store, stages = self._store()
        bare = [frame for frame in frames if frame.encoded is None]
        try:
            return np.concatenate([stages.flow([pair]) for pair in zip(frames, frames[1:])])
        finally:
            for frame in bare:
                store.drop_encoded(frame)

    def _known(self, track_id: int) -> Track:
        track = self._tracks.get(track_id)
        if track is None or not track.frames:
            raise FramesGoneError(
                f"Frames of face {track_id} must be kept, and there are none: push some first."
            )
        return track

    def _store(self) -> tuple[FrameStore, Stages]:
        if self._opened is None:
            period = self._cadence.period_ns or _USUAL_PERIOD_NS
            frames = min(ceil(self._keep_ns() / period) + 2, self._most_frames())
            store = FrameStore(self._network, frames, self.options.half_state)
            self._opened = store, Stages(self._network, store)
        return self._opened

    def _keep_ns(self) -> float:
        longest = max(scale.spacing_ns for scale in self._cadence.scales)
        return max(self.options.keep_ms * 1e6, PAIRS * longest + (self._cadence.period_ns or 0))

    def _most_frames(self) -> int:
        longest = max(scale.step for scale in self._cadence.scales)
        return max(self.options.max_frames, PAIRS * longest + 2)

    def _enter(
        self, crops: Crops, track_ids: Sequence[int], timestamp_ns: int, index: int
    ) -> NDArray[np.float32]:
        """Compute the features of new frames and add them to their tracks; the landmarks."""
        store, stages = self._store()
        slots = [store.maps.take() for _ in track_ids]
        try:
            landmarks = stages.features(crops, slots)
        except BaseException:
            for slot in slots:
                store.maps.give_back(slot)
            raise
        for track_id, slot in zip(track_ids, slots):
            track = self._tracks.setdefault(track_id, Track(store))
            if track.frames and self._cadence.is_gap(timestamp_ns - track.times_ns[-1]):
                track.restart(SegmentReason.GAP)
            track.add(KeptFrame(index, timestamp_ns, slot))
            track.keep(self._most_frames(), self._keep_ns())
        return landmarks

    def _flows(self, tracks: Sequence[Track]) -> list[NDArray[np.float32] | None]:
        """Flow of each track's newest pair, all in one batch; None where there is no pair."""
        stages = self._store()[1]
        stages.encode([track.frames[-1] for track in tracks])
        earlier = [self._sample_before(track) for track in tracks]
        pairs = []
        for track, at in zip(tracks, earlier):
            if at is not None:
                track.keep_encoded_from(at)
                pairs.append((track.frames[at], track.frames[-1]))
        fields = iter(stages.flow(pairs)) if pairs else iter(())
        return [None if at is None else next(fields) for at in earlier]

    def _sample_before(self, track: Track) -> int | None:
        spacing = self._cadence.scales[0].spacing_ns
        return sample_before(track.times_ns, spacing, self._cadence.period_ns)


def _check_crops(crops: Crops, count: int, track_ids: Sequence[int]) -> None:
    fits = isinstance(crops, np.ndarray) and crops.dtype == np.float32
    if not fits or crops.shape != (count, CROP, CROP):
        came = f"{crops.dtype} {crops.shape}" if isinstance(crops, np.ndarray) else type(crops)
        raise ArrayError(
            f"The crops of {count} faces must be float32 ({count}, {CROP}, {CROP}), got {came}."
        )
    if not _core.are_finite(crops if crops.flags.carray else crops.copy()):
        at = int(np.isfinite(crops).all(axis=(1, 2)).argmin())
        raise ArrayError(
            f"Crops must be finite, and that of face {track_ids[at]} holds NaN or infinity: leave "
            "the face out of this frame."
        )
