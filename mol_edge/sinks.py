"""Where results go: JSON lines, tables, an annotated video, a timeline.

A sink takes each frame with its result and is closed at the end, best by `with`. What was written
before an interruption is whole: lines are written one at a time, pictures are finished on close.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Mapping
from io import FileIO
from pathlib import Path
from typing import Any

from mol_edge.drawn_sinks import TimelineSink, VideoSink
from mol_edge.errors import OptionError
from mol_edge.frame import Frame
from mol_edge.records import event_record, frame_record, number
from mol_edge.results import FrameResult
from mol_edge.sink_base import Closing, Sink, cannot_write

__all__ = ["CsvSink", "EventCsvSink", "JsonlSink", "Sink", "TimelineSink", "VideoSink"]


class _Lines(Closing):
    """A text file that holds whole lines at any moment."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._whole = 0
        try:
            # Unbuffered: a line goes to the file in one call, so none is cut in two.
            self._file: FileIO | None = FileIO(self.path, "wb")
        except OSError as error:
            raise cannot_write(self.path, error) from None

    def _add(self, line: str) -> None:
        if self._file is None:
            raise OptionError(f"{type(self).__name__} is closed: open a new one to write more.")
        left = memoryview(line.encode("utf-8"))
        size = len(left)
        try:
            # A full disk takes a part, and says that it is full at the next call.
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(self._whole)
                self._file.seek(self._whole)
            raise cannot_write(self.path, error) from None
        self._whole += size

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._file is not None:
            self._file.close()
            self._file = None


class JsonlSink(_Lines):
    """JSON lines of schema version 2 (docs/results.md): header, frames, events, summary.

    Args:
        path: the file to write, replaced where it exists.
        header: the first line, from `mol_edge.records.header_record`.
        events_only: leave the lines of frames out.

    Raises:
        OutputError: the file cannot be written.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "results.jsonl"
        >>> with JsonlSink(path, {"schema": 2, "kind": "header", "labels": ["a", "b"]}) as sink:
        ...     sink.write_record({"kind": "summary", "frames": 0})
        >>> len(path.read_text().splitlines())
        2
    """

    def __init__(
        self, path: Path | str, header: Mapping[str, Any], events_only: bool = False
    ) -> None:
        super().__init__(path)
        self._labels = tuple(header["labels"])
        self._events_only = events_only
        self.write_record(header)

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Add the frame's line and one for each of its events."""
        if not self._events_only:
            self.write_record(frame_record(result, self._labels))
        for event in result.events:
            self.write_record(event_record(event, result.index, self._labels))

    def write_record(self, record: Mapping[str, Any]) -> None:
        """Add any line, such as the summary at the end."""
        line = json.dumps(record, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        self._add(line + "\n")


class _Table(_Lines):
    """A CSV file."""

    def _row(self, *cells: object) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(cells)
        self._add(text.getvalue())


class CsvSink(_Table):
    """Class probabilities, a row per window: frame, time_s, track, window_ms, label, every class.

    Args:
        path: the file to write, replaced where it exists.
        labels: class names, in the order of the probabilities.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, path: Path | str, labels: tuple[str, ...]) -> None:
        super().__init__(path)
        self._labels = labels
        names = [f"p_{label}" for label in labels]
        self._row("frame", "time_s", "track", "window_ms", "label", *names)

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Add a row for each window that ends at this frame."""
        time = f"{result.timestamp_ns / 1e9:.6f}"
        for face in result.faces:
            for window in face.windows:
                values = [number(value, 6) for value in window.probabilities]
                label = self._labels[int(window.probabilities.argmax())]
                wanted = number(window.wanted_ms or window.span_ms, 3)
                self._row(result.index, time, face.track_id, wanted, label, *values)


class EventCsvSink(_Table):
    """Events, a row each.

    Args:
        path: the file to write, replaced where it exists.

    Raises:
        OutputError: the file cannot be written.
    """

    _COLUMNS = (
        "track", "kind", "onset", "apex", "offset", "onset_s", "apex_s", "offset_s", "duration_ms",
        "region", "peak_px", "label", "confidence", "latency_ms",
    )  # fmt: skip

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self._row(*self._COLUMNS)

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Add a row for each event that is told with this frame."""
        for event in result.events:
            times = (event.onset_ns, event.apex_ns, event.offset_ns)
            peak = "" if event.region is None else number(event.peak_px[event.region], 4)
            confidence = "" if event.confidence is None else number(event.confidence, 6)
            self._row(
                event.track_id,
                event.kind.value,
                event.onset,
                event.apex,
                event.offset,
                *(f"{time_ns / 1e9:.6f}" for time_ns in times),
                number(event.duration_ms, 3),
                event.region or "",
                peak,
                event.label or "",
                confidence,
                number(event.latency_ms, 3),
            )
