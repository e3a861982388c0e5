"""The files that a run writes, and the sinks that write them."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from mol_edge.draw import Annotator
from mol_edge.engine_output import FlowMode
from mol_edge.pipeline import Pipeline
from mol_edge.records import header_record
from mol_edge.sinks import CsvSink, EventCsvSink, JsonlSink, Sink, TimelineSink, VideoSink
from mol_edge.sources import Source
from mol_edge.sources.feed import LiveFeed

RESULTS, PROBABILITIES, EVENTS = "results.jsonl", "probabilities.csv", "events.csv"
ANNOTATED, TIMELINE = "annotated.mp4", "timeline.png"
ALL_FILES = (RESULTS, PROBABILITIES, EVENTS, ANNOTATED, TIMELINE)

_LONGEST_SUMMARY = 1 << 20
_MOST_FPS = 240.0
# A live run's video shows each time, and encoding it takes from what measures.
_LIVE_FPS = 20.0


@dataclass(frozen=True)
class RunFiles:
    """What one run writes.

    Attributes:
        pipe: what runs the model.
        source: where the frames come from.
        folder: where the files go.
        flow: when optical flow is computed.
        video: whether to write the annotated video.
        events_only: write events alone: no frames, no probabilities, no video.
    """

    pipe: Pipeline
    source: Source
    folder: Path
    flow: FlowMode
    video: bool
    events_only: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the files."""
        if self.events_only:
            return (RESULTS, EVENTS, TIMELINE)
        video = (ANNOTATED,) if self.video else ()
        return (RESULTS, PROBABILITIES, EVENTS, *video, TIMELINE)

    def open_lines(self) -> JsonlSink:
        """The JSON lines, with their header."""
        pipe, manifest = self.pipe, self.pipe.bundle.manifest
        header = header_record(
            source=self.source.name,
            labels=pipe.labels,
            bundle=manifest.name,
            trained=manifest.trained,
            classes_known=manifest.knows_classes,
            device=pipe.device,
            detector=pipe.detector.name,
            windows_ms=pipe.windows_ms,
            flow=self.flow,
        )
        return JsonlSink(self.folder / RESULTS, header, self.events_only)

    def open_others(self, stack: contextlib.ExitStack) -> list[Sink]:
        """Every other file, to be finished with the stack."""
        timeline = TimelineSink(
            self.folder / TIMELINE,
            trained=self.pipe.bundle.manifest.knows_classes,
            title=Path(self.source.name).name,
            since_start=self._live,
        )
        sinks: list[Sink] = [stack.enter_context(EventCsvSink(self.folder / EVENTS))]
        sinks.append(stack.enter_context(timeline))
        if not self.events_only:
            table = CsvSink(self.folder / PROBABILITIES, self.pipe.labels)
            sinks.append(stack.enter_context(table))
        if self.video and not self.events_only:
            sinks.append(stack.enter_context(self._video()))
        return sinks

    @property
    def _live(self) -> bool:
        return isinstance(self.source, LiveFeed)

    def _video(self) -> VideoSink:
        manifest = self.pipe.bundle.manifest

        def fps() -> float:
            rate = 1e9 / self.source.period_ns if self.source.period_ns else 30.0
            # Rounded, because periods are whole nanoseconds: 60 per second comes back as 59.999999.
            return min(round(rate, 3), _LIVE_FPS if self._live else _MOST_FPS)

        annotator = Annotator(
            self.pipe.labels,
            trained=manifest.trained,
            classes_known=manifest.knows_classes,
            note=manifest.name,
            since_start=self._live,
        )
        return VideoSink(self.folder / ANNOTATED, annotator, fps, keep_time=self._live)


def was_complete(folder: Path) -> bool:
    """Whether the run that wrote a folder's results came to its end."""
    try:
        with open(folder / RESULTS, "rb") as lines:
            lines.seek(max(0, lines.seek(0, os.SEEK_END) - _LONGEST_SUMMARY))
            last = lines.read().splitlines()[-1]
        return json.loads(last).get("complete") is True
    except (OSError, ValueError, IndexError, AttributeError):
        return False
