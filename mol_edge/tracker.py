"""Which faces are in a frame: detected now and then, followed between, known again by overlap."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from mol_edge.errors import OptionError
from mol_edge.faces import Detection, FaceDetector, GivenPoints
from mol_edge.frame import Frame
from mol_edge.run import StageClock
from mol_edge.track import FaceTrack
from mol_edge.track_options import TrackOptions

# A newcomer must be so much larger than a face that is followed to take its place, so that two
# faces of one size do not take turns.
_LOYALTY = 1.5
# Part of the time that a live source's detector may take while a face is followed, and while one is
# sought: pictures come meanwhile, and a stream with holes has no windows.
_MOST_LOOKING, _MOST_SEEKING = 0.1, 0.5
# Lost faces that are remembered, beside those that are followed.
_MOST_LOST = 4


class Tracker:
    """Follows the largest faces of one source.

    Args:
        detector: finds faces; asked for when it is first needed.
        options: when it looks, and for how many faces.
        new_track: makes a track with a number, from a detection in a frame.
        live: whether pictures come while the detector looks, so that a slow one looks less often.

    Attributes:
        tracks: the faces that are followed, then those that were lost a short time ago.
        gone: numbers of the tracks that this frame put an end to.
        resized: whether this frame is of another size than the one before.
        faces_found: how many faces the detector saw when it last looked.
        looked: whether the detector looked at this frame.
    """

    def __init__(
        self,
        detector: Callable[[], FaceDetector],
        options: TrackOptions,
        new_track: Callable[[int, Detection], FaceTrack],
        live: bool = False,
    ) -> None:
        self._detector, self._options, self._new_track = detector, options, new_track
        self._ids = itertools.count()
        self._size: tuple[int, int] | None = None
        self._looked_ns: int | None = None
        self._live, self._look_ms = live, 0.0
        # Whether the detector knows of each frame whether there is a face.
        self._knows = False
        self.tracks: list[FaceTrack] = []
        self.gone: list[int] = []
        self.resized = False
        self.faces_found = 0
        self.looked = False

    def update(self, frame: Frame, clock: StageClock) -> list[FaceTrack]:
        """The faces in a frame, the followed ones first; pictures of another size begin anew."""
        size = (frame.width, frame.height)
        self.resized = self._size not in (None, size)
        self._size = size
        self.gone = []
        if self.resized:
            self._keep([])
            self._looked_ns = None
        with clock.stage("track"):
            just_lost = [track for track in self._followed() if not track.follow(frame)]
        self.looked = bool(just_lost) or self._is_due(frame.timestamp_ns)
        if self.looked:
            with clock.stage("detect"):
                detector = self._detector()
                found = _looked(detector, frame)
            self._knows = isinstance(detector, GivenPoints)
            self._looked_ns, self._look_ms = frame.timestamp_ns, clock.timings_ms["detect"]
            self.faces_found = len(found)
            self._associate(found, frame)
        self._retire(frame.timestamp_ns)
        return self.tracks

    def _followed(self) -> list[FaceTrack]:
        return [track for track in self.tracks if not track.lost]

    def _is_due(self, now_ns: int) -> bool:
        if self._knows or self._looked_ns is None or now_ns <= self._looked_ns:
            return True
        followed = self._followed()
        if any(track.aligner.looks > 0 for track in followed):
            return True
        seeking = not followed or any(track.lost or track.misses for track in self.tracks)
        interval_ms = self._options.search_ms if seeking else self._options.detect_ms
        if self._live:
            share = _MOST_SEEKING if seeking else _MOST_LOOKING
            interval_ms = max(interval_ms, self._look_ms / share)
        return now_ns - self._looked_ns >= interval_ms * 1e6

    def _associate(self, found: Sequence[Detection], frame: Frame) -> None:
        """Give each detection to the track that it overlaps most, the rest to new tracks."""
        pairs = sorted(
            (
                (track.distance(face.box), row, column)
                for row, track in enumerate(self.tracks)
                for column, face in enumerate(found)
                if track.matches(face.box)
            )
        )
        track_of: dict[int, int] = {}
        for _, row, column in pairs:
            if row not in track_of.values() and column not in track_of:
                track_of[column] = row
        for row, track in enumerate(self.tracks):
            if row not in track_of.values() and not track.lost:
                track.missed(gone=self._knows)
        for column, row in track_of.items():
            self.tracks[row].detected(found[column], frame)
        newcomers = [face for column, face in enumerate(found) if column not in track_of]
        self._admit(newcomers, frame)

    def _admit(self, newcomers: Sequence[Detection], frame: Frame) -> None:
        """Keep the largest faces, those that are followed already with some preference."""
        followed, lost = self._followed(), [track for track in self.tracks if track.lost]
        ranked: list[tuple[float, FaceTrack | Detection]] = [
            *((_LOYALTY * track.area, track) for track in followed),
            *((face.area, face) for face in newcomers),
        ]
        ranked.sort(key=lambda entry: entry[0], reverse=True)
        kept: list[FaceTrack] = []
        for _, face in ranked[: self._options.max_faces]:
            if isinstance(face, Detection):
                track = self._new_track(next(self._ids), face)
                track.detected(face, frame)
                kept.append(track)
            else:
                kept.append(face)
        self._keep([*kept, *lost])

    def _retire(self, now_ns: int) -> None:
        """Forget faces that have been lost for long, or since the clock was set back."""
        lost = [track for track in self.tracks if track.lost]
        if not lost:
            return
        keep_ns = self._options.keep_lost_ms * 1e6
        recent = [track for track in lost if 0 <= now_ns - track.seen_ns <= keep_ns]
        recent.sort(key=lambda track: track.seen_ns, reverse=True)
        self._keep([*self._followed(), *recent[:_MOST_LOST]])

    def _keep(self, tracks: list[FaceTrack]) -> None:
        kept = {track.id for track in tracks}
        self.gone += [track.id for track in self.tracks if track.id not in kept]
        self.tracks = tracks


def _looked(detector: FaceDetector, frame: Frame) -> Sequence[Detection]:
    """What a detector finds; raises OptionError if it is one of the user's that gives else."""
    found: object = detector.detect(frame)
    if not isinstance(found, (list, tuple)) or not all(
        isinstance(each, Detection) for each in found
    ):
        raise OptionError(
            f"detect of the face detector {detector.name} must give a list of Detection, got "
            f"{found!r}."
        )
    return found
