"""What a run came to: counted frame by frame, told at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mol_edge.records import Record, number, timings
from mol_edge.results import EventKind, FaceState, FrameResult, WindowState


@dataclass
class RunSummary:
    """Counts over the results of one source.

    Attributes:
        labels: class names, in the order of the probabilities.
        frames: results seen.
        frames_with_face: of those, with at least one face that is not lost.
        frames_with_several_faces: of those, with more than one face in view.
        most_faces: the most faces in view in one frame.
        windows: windows classified, of the first length.
        states: how often each window state came up, over faces and frames without one.
        face_states: how often each state of a face came up.
        tracks: how many faces were followed, one after another or at a time.
        reanchored: how often an alignment was anchored anew.
        events: events by kind.
        duration_s: from the first to the last timestamp.
        pictures: that the source gave from the first to the last result, as their `index` says:
            of a live one more than frames where some were overtaken.
        unbroken_s: the longest time for which a face was measured without a break.

    Example:
        >>> summary = RunSummary(labels=("positive", "negative"))
        >>> summary.add(FrameResult(index=0, timestamp_ns=0, faces_found=2))
        >>> summary.frames, summary.most_faces
        (1, 2)
    """

    labels: tuple[str, ...]
    frames: int = 0
    frames_with_face: int = 0
    frames_with_several_faces: int = 0
    most_faces: int = 0
    windows: int = 0
    states: Counter[WindowState] = field(default_factory=Counter)
    face_states: Counter[FaceState] = field(default_factory=Counter)
    tracks: int = 0
    reanchored: int = 0
    events: Counter[EventKind] = field(default_factory=Counter)
    duration_s: float = 0.0
    pictures: int = 0
    unbroken_s: float = 0.0
    _first: tuple[int, int] | None = None
    _total_ms: dict[str, float] = field(default_factory=dict)
    _probabilities: NDArray[np.float64] | None = None
    _by_length: dict[float | None, tuple[int, NDArray[np.float64]]] = field(default_factory=dict)
    _since_ns: dict[int, int] = field(default_factory=dict)

    def add(self, result: FrameResult) -> None:
        """Count one result."""
        self.frames += 1
        self.frames_with_face += any(face.state is not FaceState.LOST for face in result.faces)
        self.frames_with_several_faces += result.faces_found > 1
        self.most_faces = max(self.most_faces, result.faces_found)
        if self._first is None:
            self._first = result.timestamp_ns, result.index
        first_ns, first_index = self._first
        self.duration_s = (result.timestamp_ns - first_ns) / 1e9
        # Frames of the caller's own may have no index.
        self.pictures = max(self.frames, result.index - first_index + 1)
        for stage, milliseconds in result.timings_ms.items():
            self.add_time(stage, milliseconds)
        if not result.faces:
            self.states[WindowState.NO_FACE] += 1
        self.events.update(event.kind for event in result.events)
        for face in result.faces:
            self.states[face.window_state] += 1
            self.face_states[face.state] += 1
            self.tracks = max(self.tracks, face.track_id + 1)
            self.reanchored += face.reanchored
            if face.window is not None:
                self.windows += 1
                so_far = 0.0 if self._probabilities is None else self._probabilities
                self._probabilities = so_far + face.window.probabilities.astype(np.float64)
            for window in face.windows:
                count, total = self._by_length.get(window.wanted_ms, (0, np.zeros(())))
                self._by_length[window.wanted_ms] = count + 1, total + window.probabilities
        self._add_times(result)

    def _add_times(self, result: FrameResult) -> None:
        """Count for how long each face has been measured without a break."""
        before, self._since_ns = self._since_ns, {}
        for face in result.faces:
            since = before.get(face.track_id)
            if face.window_state is not WindowState.NO_FACE:
                if since is None or face.new_segment is not None:
                    since = result.timestamp_ns
                self.unbroken_s = max(self.unbroken_s, (result.timestamp_ns - since) / 1e9)
            # A few frames that cannot be measured break nothing unless the next one says so.
            if since is not None:
                self._since_ns[face.track_id] = since

    def add_time(self, stage: str, milliseconds: float) -> None:
        """Count time that was spent on a frame outside the pipeline."""
        self._total_ms[stage] = self._total_ms.get(stage, 0.0) + milliseconds

    @property
    def stages_ms(self) -> dict[str, float]:
        """Mean milliseconds per frame and stage."""
        return {stage: total / max(self.frames, 1) for stage, total in self._total_ms.items()}

    @property
    def probabilities(self) -> dict[str, float]:
        """Mean of the windows' probabilities by class; empty where there was no window."""
        if self._probabilities is None:
            return {}
        return dict(zip(self.labels, (self._probabilities / self.windows).tolist()))

    def within(self, window_ms: float) -> tuple[int, dict[str, float]]:
        """How many windows of one length were classified, and their mean by class, if any."""
        if window_ms not in self._by_length:
            return 0, {}
        count, total = self._by_length[window_ms]
        return count, dict(zip(self.labels, (total / count).tolist()))

    @property
    def source_fps(self) -> float:
        """Pictures per second of the source, as its timestamps say; 0 for a single frame."""
        return (self.pictures - 1) / self.duration_s if self.duration_s > 0 else 0.0

    @property
    def measured_fps(self) -> float:
        """Those of them that gave a result, per second."""
        return (self.frames - 1) / self.duration_s if self.duration_s > 0 else 0.0

    def record(
        self, *, seconds: float, incomplete: str | None = None, dropped: int | None = None
    ) -> Record:
        """The last line of the JSON lines.

        Args:
            seconds: how long the run took.
            incomplete: why the source ended early, or None where it did not.
            dropped: pictures of a live source that newer ones overtook; None for any other.
        """
        return {
            "kind": "summary",
            "complete": incomplete is None,
            "reason": incomplete,
            "frames": self.frames,
            "dropped": dropped,
            "frames_with_face": self.frames_with_face,
            "frames_with_several_faces": self.frames_with_several_faces,
            "most_faces": self.most_faces,
            "windows": self.windows,
            "events": {kind.value: self.events[kind] for kind in EventKind},
            "tracks": self.tracks,
            "face_states": {state.value: self.face_states[state] for state in FaceState},
            "reanchored": self.reanchored,
            "window_states": {state.value: self.states[state] for state in WindowState},
            "mean_probabilities": {
                label: number(value, 6) for label, value in self.probabilities.items()
            },
            "duration_s": number(self.duration_s, 6),
            "source_fps": number(self.source_fps, 3),
            "seconds": number(seconds, 3),
            "fps": number(self.frames / seconds if seconds > 0 else 0.0, 3),
            "stages_ms": timings(self.stages_ms),
        }
