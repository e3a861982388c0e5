"""Sinks that draw: the annotated video and the timeline of a run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from mol_edge.draw import Annotator
from mol_edge.errors import OptionError
from mol_edge.faces.image import opencv
from mol_edge.frame import Frame
from mol_edge.motion_log import MotionLog
from mol_edge.results import FrameResult
from mol_edge.sink_base import Closing, cannot_write, draft_of
from mol_edge.timeline import draw_timeline
from mol_edge.video_writer import Image, VideoWriter, open_video

_LONGEST_STILL_S = 10


class VideoSink(Closing):
    """The annotated video: H.264 where an `ffmpeg` with libx264 is found, else MPEG-4.

    Args:
        path: an .mp4 file, replaced where it exists; it appears under its name on `close`.
        annotator: draws each frame.
        fps: frames per second of the video, or a function that gives it at the first frame, for
            sources that know their rate no earlier.
        keep_time: whether frames stand until the next one's time, or are left out where they come
            faster; for live sources, of which frames are dropped. A gap is cut to 10 seconds. Else
            each is shown once.

    Raises:
        OptionError: `fps` is not above 0.
        OutputError: the file cannot be written.
        MissingExtraError: OpenCV is not installed.
    """

    def __init__(
        self,
        path: Path | str,
        annotator: Annotator,
        fps: float | Callable[[], float],
        keep_time: bool = False,
    ) -> None:
        self.path, self._annotator, self._keep_time = Path(path), annotator, keep_time
        self._fps = fps if callable(fps) else _checked(fps)
        # A player sees whole files only.
        self._draft = draft_of(self.path)
        self._writer: VideoWriter | None = None
        self._rate = 0.0
        self._first_ns = self._written = 0
        self._standing: Image | None = None

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Draw and add the frame; one of another size than the first is fitted to it."""
        canvas = self._annotator.draw(frame, result)
        if self._writer is None:
            size = (canvas.shape[1], canvas.shape[0])
            self._rate = _checked(self._fps()) if callable(self._fps) else self._fps
            self._writer = open_video(self._draft, size, self._rate, self.path)
            self._first_ns = result.timestamp_ns
        if not self._keep_time:
            self._writer.write(canvas)
            return
        due = self._due(result.timestamp_ns)
        # The picture before stands until this one's time.
        for _ in range(due - 1):
            self._writer.write(canvas if self._standing is None else self._standing)
        if due > 0:
            self._writer.write(canvas)
        self._written += max(due, 0)
        self._standing = canvas

    def _due(self, timestamp_ns: int) -> int:
        """Pictures that are missing up to the one of this time; a gap is cut to some seconds."""
        due = round((timestamp_ns - self._first_ns) / 1e9 * self._rate) + 1 - self._written
        most = round(_LONGEST_STILL_S * self._rate)
        if due > most:
            self._first_ns += round((due - most) / self._rate * 1e9)
        return min(due, most)

    def close(self) -> None:
        """Finish the video and give it its name; a second call does nothing."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            try:
                writer.close()
                os.replace(self._draft, self.path)
            except OSError as error:
                raise cannot_write(self.path, error) from None
            finally:
                self._draft.unlink(missing_ok=True)


def _checked(fps: float) -> float:
    if not 0 < fps < 1000:
        raise OptionError(f"VideoSink.fps must lie between 0 and 1000, got {fps}.")
    return fps


class TimelineSink(Closing):
    """A picture of a whole run, written on `close`: how the parts of the face moved, and events.

    Whatever the length of the run, it takes a few tens of kilobytes until then.

    Args:
        path: a .png file, replaced where it exists.
        trained: whether the classes of events mean something; else they are not shown.
        title: a line above.
        since_start: whether times count from the first frame; else as the source tells them.

    Raises:
        OutputError: the file cannot be written.
        MissingExtraError: OpenCV is not installed.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        trained: bool = True,
        title: str = "",
        since_start: bool = False,
    ) -> None:
        self.path, self._trained, self._title = Path(path), trained, title
        self._since_start = since_start
        self._cv2 = opencv("Drawing a timeline", "imencode")
        self._log: MotionLog | None = MotionLog()

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Take the motion and the events of a frame."""
        if self._log is None:
            raise OptionError("TimelineSink is closed: open a new one to write more.")
        self._log.add(result)

    def close(self) -> None:
        """Draw what was taken; a second call does nothing, nor does the first without frames."""
        log, self._log = self._log, None
        if log is None or not len(log.values):
            return
        picture = draw_timeline(
            log, trained=self._trained, title=self._title, since_start=self._since_start
        )
        data = self._cv2.imencode(".png", picture)[1].tobytes()
        draft = draft_of(self.path)
        try:
            draft.write_bytes(data)
            os.replace(draft, self.path)
        except OSError as error:
            raise cannot_write(self.path, error) from None
        finally:
            draft.unlink(missing_ok=True)
