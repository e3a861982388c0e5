"""Writing a run down: every result into the sinks and, however it ends, the summary."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mol_edge.commands.exit_codes import INCOMPLETE, INTERRUPTED, OK
from mol_edge.commands.health_lines import HealthLines
from mol_edge.commands.interruption import Interruption
from mol_edge.commands.output_folder import OutputFolder
from mol_edge.draw import Annotator
from mol_edge.engine_output import FlowMode
from mol_edge.errors import InputError, MolEdgeError, NoFaceError, OutputError
from mol_edge.faces.upright import turn_needed
from mol_edge.frame import Frame
from mol_edge.health import HealthState
from mol_edge.pipeline import Pipeline
from mol_edge.progress import open_progress
from mol_edge.records import header_record
from mol_edge.results import FrameResult
from mol_edge.run import Run
from mol_edge.sinks import CsvSink, EventCsvSink, JsonlSink, Sink, TimelineSink, VideoSink
from mol_edge.sources import Source
from mol_edge.sources.feed import LiveFeed
from mol_edge.summary import RunSummary

RESULTS, PROBABILITIES, EVENTS = "results.jsonl", "probabilities.csv", "events.csv"
ANNOTATED, TIMELINE = "annotated.mp4", "timeline.png"
ALL_FILES = (RESULTS, PROBABILITIES, EVENTS, ANNOTATED, TIMELINE)

_CLIP = 8
_LONGEST_SUMMARY = 1 << 20
_MOST_FPS = 240.0
# A live run's video shows each time, and encoding it takes from what measures.
_LIVE_FPS = 20.0


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        summary: what was counted.
        seconds: how long it took.
        code: exit code of the process.
        incomplete: why the source ended early, or None.
        dropped: pictures of a live source that newer ones overtook; None for any other.
        written: whether the folder holds this run's files; false where it measured nothing and
            those of an earlier run are back.
    """

    summary: RunSummary
    seconds: float
    code: int
    incomplete: str | None
    dropped: int | None = None
    written: bool = True


@dataclass(frozen=True)
class Recording:
    """A source that is followed into files.

    Attributes:
        pipe: what runs the model.
        source: where the frames come from; a `LiveFeed` is followed live: a request to terminate
            ends it well, and its health is written too.
        folder: where the files go; it is made, and held for this run.
        flow: when to compute optical flow.
        video: whether to write the annotated video.
        events_only: write events alone: no frames, no probabilities, no video.
        max_frames: frames after which to stop, or None.
        quiet: show no progress.
    """

    pipe: Pipeline
    source: Source
    folder: Path
    flow: FlowMode = "always"
    video: bool = True
    events_only: bool = False
    max_frames: int | None = None
    quiet: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files that are written."""
        if self.events_only:
            return (RESULTS, EVENTS, TIMELINE)
        video = (ANNOTATED,) if self.video else ()
        return (RESULTS, PROBABILITIES, EVENTS, *video, TIMELINE)

    @property
    def _live(self) -> bool:
        return isinstance(self.source, LiveFeed)

    def make(self) -> Outcome:
        """Follow the source to its end, an interruption or an error, which is raised."""
        try:
            return self._make()
        except OutputError as error:
            # What fails while sinks are closed comes of what failed first.
            raise _first(error) from None

    def _make(self) -> Outcome:
        summary = RunSummary(labels=self.pipe.labels)
        incomplete: str | None = None
        code = OK
        began = time.perf_counter()
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(OutputFolder(self.folder, ALL_FILES, _was_complete))
            lines, sinks = self._open_sinks(stack)
            try:
                incomplete = self._follow(summary, lines, sinks)
                code = OK if incomplete is None else INCOMPLETE
            except KeyboardInterrupt:
                incomplete, code = "interrupted", INTERRUPTED
            except _BrokenOffError as error:
                incomplete, code = str(error), INCOMPLETE
            except MolEdgeError as error:
                incomplete = str(error)
                raise
            except BaseException as error:
                incomplete = f"{type(error).__name__}: {error}"
                raise
            finally:
                seconds = time.perf_counter() - began
                folder.measured = summary.frames_with_face > 0 and summary.frames >= _CLIP
                dropped = self.source.dropped if isinstance(self.source, LiveFeed) else None
                lines.write_record(
                    summary.record(seconds=seconds, incomplete=incomplete, dropped=dropped)
                )
            # Ctrl-C is how one ends a camera's run.
            folder.complete = code == OK or (folder.measured and self._live and code == INTERRUPTED)
            folder.partial = folder.measured and code == INCOMPLETE
        return Outcome(summary, seconds, code, incomplete, dropped, not folder.given_back)

    def _follow(self, summary: RunSummary, lines: JsonlSink, sinks: list[Sink]) -> str | None:
        """Give every result to the sinks; why the source ended early, or None."""
        total = min(filter(None, (self.source.frame_count, self.max_frames)), default=None)
        feed = self.source if isinstance(self.source, LiveFeed) else None
        with (
            open_progress(total, quiet=self.quiet) as progress,
            Interruption(feed) as interruption,
            HealthLines(feed, lines) as health,
            self.pipe.run(self.source, self.flow) as run,
        ):
            for result in _results(run):
                assert run.frame is not None
                start = time.perf_counter()
                for sink in sinks:
                    sink.write(run.frame, result)
                health.write()
                summary.add(result)
                summary.add_time("write", 1e3 * (time.perf_counter() - start))
                progress.advance()
                interruption.check()
                if summary.frames == self.max_frames:
                    return None
            interruption.check()
        if feed is not None:
            return None if interruption.ended_well else _why_failed(feed, summary)
        if run.incomplete is None:
            _check_enough(self.source.name, summary, lambda: self._turn_needed(run.frame))
        return run.incomplete

    def _turn_needed(self, frame: Frame | None) -> int:
        return 0 if frame is None else turn_needed([frame], self.pipe.detector)

    def _open_sinks(self, stack: contextlib.ExitStack) -> tuple[JsonlSink, list[Sink]]:
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
        title = Path(self.source.name).name
        lines = JsonlSink(self.folder / RESULTS, header, self.events_only)
        sinks: list[Sink] = [stack.enter_context(lines)]
        sinks.append(stack.enter_context(EventCsvSink(self.folder / EVENTS)))
        timeline = TimelineSink(
            self.folder / TIMELINE,
            trained=manifest.knows_classes,
            title=title,
            since_start=self._live,
        )
        sinks.append(stack.enter_context(timeline))
        if not self.events_only:
            sinks.append(stack.enter_context(CsvSink(self.folder / PROBABILITIES, pipe.labels)))
        if self.video and not self.events_only:
            sinks.append(stack.enter_context(self._video()))
        return lines, sinks

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


class _BrokenOffError(Exception):
    """A source has given frames and cannot give the next one."""


def _results(run: Run) -> Iterator[FrameResult]:
    """What a run gives, with an error of its own where the source breaks off."""
    begun = False
    try:
        for result in run:
            begun = True
            yield result
    except InputError as error:
        if not begun:
            raise
        raise _BrokenOffError(str(error).rstrip(".")) from error


def _first(error: OutputError) -> OutputError:
    """The first of the errors that came while another one was on its way."""
    found, at = error, error.__context__
    while at is not None:
        if isinstance(at, OutputError):
            found = at
        at = at.__context__
    return found


def _was_complete(folder: Path) -> bool:
    """Whether the run that wrote a folder's results came to its end."""
    try:
        with open(folder / RESULTS, "rb") as lines:
            lines.seek(max(0, lines.seek(0, os.SEEK_END) - _LONGEST_SUMMARY))
            last = lines.read().splitlines()[-1]
        return json.loads(last).get("complete") is True
    except (OSError, ValueError, IndexError, AttributeError):
        return False


def _why_failed(feed: LiveFeed, summary: RunSummary) -> str | None:
    """Why a live source has ended early, or None; one that never gave a frame is bad input."""
    if feed.state.state is not HealthState.FAILED:
        return feed.incomplete
    if summary.frames == 0:
        raise InputError(feed.state.message)
    return feed.state.message


def _check_enough(source: str, summary: RunSummary, turn_needed: Callable[[], int]) -> None:
    if summary.frames < _CLIP:
        raise InputError(
            f"A source must hold at least {_CLIP} frames, and {source} holds {summary.frames}: "
            "give a longer one."
        )
    if summary.frames_with_face == 0:
        turn = turn_needed()
        advice = "check that one is upright (see --rotate) and large enough, or try another "
        raise NoFaceError(
            f"A source must show a face, and none was found in the {summary.frames} frames of "
            f"{source}: "
            + (f"turned by --rotate {turn} it shows one." if turn else f"{advice}--detector.")
        )
