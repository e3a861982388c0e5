"""Writing a run down: every result into the sinks and, however it ends, the summary."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mol_edge.commands.exit_codes import INCOMPLETE, INTERRUPTED, OK
from mol_edge.commands.health_lines import HealthLines
from mol_edge.commands.interruption import Interruption
from mol_edge.commands.output_folder import OutputFolder
from mol_edge.commands.run_files import ALL_FILES, RunFiles, was_complete
from mol_edge.commands.seen_enough import CLIP, SeenEnough
from mol_edge.engine_output import FlowMode
from mol_edge.errors import InputError, OutputError, in_words
from mol_edge.health import HealthState
from mol_edge.pipeline import Pipeline
from mol_edge.progress import open_progress
from mol_edge.results import FrameResult
from mol_edge.run import Run
from mol_edge.sinks import JsonlSink, Sink
from mol_edge.sources import Source
from mol_edge.sources.feed import LiveFeed
from mol_edge.summary import RunSummary


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

    def make(self) -> Outcome:
        """Follow the source to its end, an interruption or an error, which is raised."""
        try:
            return self._make()
        except OutputError as error:
            # What fails while sinks are closed comes of what failed first.
            raise _first(error) from None

    @property
    def files(self) -> RunFiles:
        """The files that are written."""
        return RunFiles(
            self.pipe, self.source, self.folder, self.flow, self.video, self.events_only
        )

    @property
    def _feed(self) -> LiveFeed | None:
        return self.source if isinstance(self.source, LiveFeed) else None

    def _make(self) -> Outcome:
        summary = RunSummary(labels=self.pipe.labels)
        seen = SeenEnough(self.source.name, summary, lambda: self.pipe.detector)
        ending = _Ending()
        with (
            Interruption(self._feed) as interruption,
            OutputFolder(self.folder, ALL_FILES, was_complete) as folder,
            self.files.open_lines() as lines,
        ):
            try:
                # The other files are finished first: without one of them a run is not complete.
                with contextlib.ExitStack() as stack:
                    sinks = [lines, *self.files.open_others(stack)]
                    with ending.timed():
                        ending.incomplete = self._follow(summary, seen, lines, sinks, interruption)
                    seen.advise()
            except BaseException as error:
                ending.incomplete = _why(error)
                raise
            finally:
                folder.measured = summary.frames_with_face > 0 and summary.frames >= CLIP
                dropped = None if self._feed is None else self._feed.dropped
                lines.write_record(
                    summary.record(
                        seconds=ending.seconds, incomplete=ending.incomplete, dropped=dropped
                    )
                )
            # Ctrl-C is how one ends a camera's run.
            stopped = self._feed is not None and ending.code == INTERRUPTED
            folder.complete = ending.code == OK or (folder.measured and stopped)
            folder.partial = folder.measured and ending.code == INCOMPLETE
        return Outcome(
            summary,
            ending.seconds,
            ending.code,
            ending.incomplete,
            dropped,
            not folder.given_back,
        )

    def _follow(
        self,
        summary: RunSummary,
        seen: SeenEnough,
        lines: JsonlSink,
        sinks: list[Sink],
        interruption: Interruption,
    ) -> str | None:
        """Give every result to the sinks; why the source ended early, or None."""
        total = min(filter(None, (self.source.frame_count, self.max_frames)), default=None)
        with (
            open_progress(total, quiet=self.quiet) as progress,
            HealthLines(self._feed, lines) as health,
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
                seen.frame = run.frame
                progress.advance()
                interruption.check()
                if summary.frames == self.max_frames:
                    return None
            interruption.check()
        if self._feed is not None:
            return _why_ended(self._feed, summary, interruption.ended_well)
        if run.incomplete is None:
            seen.check()
        return run.incomplete


@dataclass
class _Ending:
    """How a run has ended.

    Attributes:
        code: exit code of the process.
        incomplete: why the source ended early, or None.
        seconds: how long the source was followed.
    """

    code: int = OK
    incomplete: str | None = None
    seconds: float = 0.0

    @contextlib.contextmanager
    def timed(self) -> Iterator[None]:
        """Time a block, and take what ends it early without being an error."""
        began = time.perf_counter()
        try:
            yield
            self.code = OK if self.incomplete is None else INCOMPLETE
        except KeyboardInterrupt as error:
            self.incomplete, self.code = _why(error), INTERRUPTED
        except _BrokenOffError as error:
            self.incomplete, self.code = _why(error), INCOMPLETE
        finally:
            self.seconds = time.perf_counter() - began


class _BrokenOffError(InputError):
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
        raise _BrokenOffError(str(error)) from error


def _first(error: OutputError) -> OutputError:
    """The first of the errors to write that came while another one was on its way."""
    found, at = error, error.__context__
    while at is not None:
        if isinstance(at, OutputError):
            found = at
        at = at.__context__
    return found


def _why(error: BaseException) -> str:
    """Why a run is not complete, without a full stop."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, OutputError):
        error = _first(error)
    return in_words(error).rstrip(".")


def _why_ended(feed: LiveFeed, summary: RunSummary, ended_well: bool) -> str | None:
    """Why a live source has ended early, or None; one that failed without a frame is bad input."""
    failed = feed.state.state is HealthState.FAILED
    if summary.frames == 0:
        if failed:
            raise InputError(feed.state.message)
        withheld = f" but {feed.withheld} that were black or frozen" if feed.withheld else ""
        return f"{feed.name} gave no picture{withheld}"
    if ended_well:
        return None
    return feed.state.message.rstrip(".") if failed else feed.incomplete
