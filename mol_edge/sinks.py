"""Where results go: JSON lines, a CSV of probabilities, an annotated video.

A sink takes each frame with its result and is closed at the end, best by `with`. What was written
before an interruption is whole: lines are written one at a time, the video is finished on close.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol

from mol_edge.draw import Annotator
from mol_edge.errors import OptionError, OutputError
from mol_edge.frame import Frame
from mol_edge.records import frame_record, number
from mol_edge.results import FrameResult
from mol_edge.video_writer import VideoWriter, open_video


class Sink(Protocol):
    """Anything that takes results: the sinks below, or your own."""

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Take one frame with its result, in the order of the source."""
        ...

    def close(self) -> None:
        """Finish what was begun; a second call does nothing."""
        ...


class _Closing:
    """`with` for sinks."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Any:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Lines(_Closing):
    """A text file that holds whole lines at any moment."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        try:
            # Unbuffered: a line goes to the file in one call, so none is cut in two.
            self._file: BinaryIO | None = open(self.path, "wb", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise _cannot_write(self.path, error) from None

    def _add(self, line: str) -> None:
        if self._file is None:
            raise OptionError(f"{type(self).__name__} is closed: open a new one to write more.")
        try:
            self._file.write(line.encode("utf-8"))
        except OSError as error:
            raise _cannot_write(self.path, error) from None

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._file is not None:
            self._file.close()
            self._file = None


class JsonlSink(_Lines):
    """JSON lines of schema version 1 (docs/results.md): header, frames, summary.

    Args:
        path: the file to write, replaced where it exists.
        header: the first line, from `mol_edge.records.header_record`.

    Raises:
        OutputError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "results.jsonl"
        >>> with JsonlSink(path, {"schema": 1, "kind": "header", "labels": ["a", "b"]}) as sink:
        ...     sink.write_record({"kind": "summary", "frames": 0})
        >>> len(path.read_text().splitlines())
        2
    """

    def __init__(self, path: Path | str, header: Mapping[str, Any]) -> None:
        super().__init__(path)
        self._labels = tuple(header["labels"])
        self.write_record(header)

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Add the frame's line."""
        self.write_record(frame_record(result, self._labels))

    def write_record(self, record: Mapping[str, Any]) -> None:
        """Add any line, such as the summary at the end."""
        line = json.dumps(record, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        self._add(line + "\n")


class CsvSink(_Lines):
    """Class probabilities, one row per window: frame, time_s, track, label, then every class.

    Args:
        path: the file to write, replaced where it exists.
        labels: class names, in the order of the probabilities.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, path: Path | str, labels: tuple[str, ...]) -> None:
        super().__init__(path)
        self._labels = labels
        self._row("frame", "time_s", "track", "label", *(f"p_{label}" for label in labels))

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Add a row for each face whose window ends at this frame."""
        for face in result.faces:
            if face.window is not None:
                values = [number(value, 6) for value in face.window.probabilities]
                label = self._labels[int(face.window.probabilities.argmax())]
                time = f"{result.timestamp_ns / 1e9:.6f}"
                self._row(result.index, time, face.track_id, label, *values)

    def _row(self, *cells: object) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(cells)
        self._add(text.getvalue())


class VideoSink(_Closing):
    """The annotated video: H.264 where an `ffmpeg` with libx264 is found, else MPEG-4.

    Args:
        path: an .mp4 file, replaced where it exists; it appears under its name on `close`.
        annotator: draws each frame.
        fps: frames per second of the video.

    Raises:
        OptionError: `fps` is not above 0.
        OutputError: the file cannot be written.
        MissingExtraError: OpenCV is not installed.
    """

    def __init__(self, path: Path | str, annotator: Annotator, fps: float) -> None:
        if not 0 < fps < 1000:
            raise OptionError(f"VideoSink.fps must lie between 0 and 1000, got {fps}.")
        self.path, self._annotator, self._fps = Path(path), annotator, fps
        # Beside the target, so that it can be renamed; a player sees whole files only.
        self._draft = self.path.with_name(f".{self.path.stem}.part{self.path.suffix}")
        self._writer: VideoWriter | None = None

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Draw and add the frame; one of another size than the first is fitted to it."""
        canvas = self._annotator.draw(frame, result)
        if self._writer is None:
            size = (canvas.shape[1], canvas.shape[0])
            self._writer = open_video(self._draft, size, self._fps)
        self._writer.write(canvas)

    def close(self) -> None:
        """Finish the video and give it its name; a second call does nothing."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            try:
                writer.close()
                os.replace(self._draft, self.path)
            except OSError as error:
                raise _cannot_write(self.path, error) from None
            finally:
                self._draft.unlink(missing_ok=True)


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"Cannot write {path} ({error.strerror}): name a folder that you may write to."
    )
