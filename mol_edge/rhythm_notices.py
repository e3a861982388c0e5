"""What a run tells of the rhythm of its source: frames that are too few, times that jump."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from mol_edge.cadence import SegmentReason
from mol_edge.frame import Frame
from mol_edge.results import FaceResult, WindowState
from mol_edge.windows import is_fast_enough

log = logging.getLogger(__name__)

_SLOW_FRAMES = 8
_SLOW_NS = 3_000_000_000
_JUMPS = {reason.value for reason in (SegmentReason.GAP, SegmentReason.BACKWARD)} | {
    SegmentReason.REPEATED.value
}
# From so many jumps on, and so large a share of frames lost, they are more than a moment's.
_MANY_JUMPS, _MANY_LOST = 2, 0.2
_JUMPY_NS = 10_000_000_000

_LIGHTER = "compute no flow (--no-flow), take a faster device or smaller pictures"


class RhythmNotices:
    """Warnings of one run, each given once.

    Args:
        window_ms: the window that frames must fit.
        learn_ms: time after a jump in which no event can be told.
        live: whether the source goes on while we compute: then it may be us who is too slow, and
            its first frames come late while graphs are loaded and the detector looks.
    """

    def __init__(self, window_ms: float, learn_ms: float, live: bool) -> None:
        self._window_ms, self._live = window_ms, live
        self._blind_ns = round(1e6 * max(window_ms, learn_ms))
        self._slow = 0
        self._slow_since = (0, 0)
        self._told_slow = self._told_jumps = False
        self._frames = self._lost = self._jumps = self._overtaken = 0
        self._first_ns = self._newest_ns = self._newest_index = 0
        self._jumped_ns: int | None = None
        self._period_ns: float | None = None

    def see(self, frame: Frame, faces: Sequence[FaceResult], period_ns: float | None) -> None:
        """Take a frame, what was made of its faces, and the time between two frames by now."""
        self._period_ns = period_ns
        self._see_speed(frame, faces)
        self._see_jumps(frame, faces)
        self._newest_ns, self._newest_index = frame.timestamp_ns, frame.index

    def end(self) -> None:
        """Tell what only the whole shows."""
        many = self._jumps >= _MANY_JUMPS and self._lost > _MANY_LOST * self._frames
        if many and not self._told_jumps:
            self._told_jumps = True
            log.warning(
                "The times of the frames jump %d times within %.1f s, and nothing is measured "
                "across a jump, so that no event can be told in %.0f%% of the frames with a face: "
                "%s.",
                self._jumps,
                (self._newest_ns - self._first_ns) / 1e9,
                100 * self._lost / self._frames,
                self._what_mends_jumps(),
            )

    def _see_speed(self, frame: Frame, faces: Sequence[FaceResult]) -> None:
        if all(face.window_state is not WindowState.CAMERA_TOO_SLOW for face in faces):
            self._slow = 0
            return
        if self._slow == 0:
            self._slow_since = (frame.timestamp_ns, frame.index)
        self._slow += 1
        spent_ns = frame.timestamp_ns - self._slow_since[0]
        patience_ns = _SLOW_NS if self._live else 0
        if self._told_slow or self._slow < _SLOW_FRAMES or spent_ns < patience_ns:
            return
        self._told_slow = True
        given = frame.index - self._slow_since[1]
        overtaken = self._live and given >= self._slow
        remedy = "raise the frame rate, or"
        if overtaken and is_fast_enough(self._window_ms, spent_ns / given):
            remedy = (
                f"the source gives one each {spent_ns / given / 1e6:.1f} ms, which is more than "
                f"can be computed here, so {_LIGHTER}, or raise"
            )
        log.warning(
            "8 frames do not fit the window of %.0f ms at one each %.1f ms, so none of that length "
            "is classified: %s windows_ms (--windows-ms).",
            self._window_ms,
            (self._period_ns or 0) / 1e6,
            remedy,
        )

    def _see_jumps(self, frame: Frame, faces: Sequence[FaceResult]) -> None:
        if all(face.window_state is WindowState.NO_FACE for face in faces):
            return
        time_ns = frame.timestamp_ns
        if self._frames == 0:
            self._first_ns = time_ns
        self._frames += 1
        jumped = any(face.new_segment in _JUMPS for face in faces)
        if jumped:
            self._jumps += 1
            self._overtaken += frame.index > self._newest_index + 1
            self._jumped_ns = time_ns
        if self._jumped_ns is not None and time_ns - self._jumped_ns < self._blind_ns:
            self._lost += 1
        if jumped and self._live and time_ns - self._first_ns > _JUMPY_NS:
            self._newest_ns = time_ns
            self.end()

    def _what_mends_jumps(self) -> str:
        if not self._live:
            rate = round(1e9 / self._period_ns) if self._period_ns else 30
            return (
                f"give a video a constant rate (ffmpeg -i VIDEO -vf fps={rate} OUT.mp4), or find "
                "out what dropped frames when it was taken"
            )
        if 2 * self._overtaken > self._jumps:
            return f"more pictures come than can be computed here, so {_LIGHTER}"
        return "check the camera, its cable or network, and whether it lowers its rate in the dark"
