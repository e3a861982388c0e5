"""Writing a run down: every result into the sinks and, however it ends, the summary."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

from mol_edge.commands.exit_codes import INCOMPLETE, INTERRUPTED, OK
from mol_edge.commands.interruption import Interruption
from mol_edge.draw import Annotator
from mol_edge.errors import InputError, MolEdgeError, NoFaceError
from mol_edge.pipeline import Pipeline
from mol_edge.progress import open_progress
from mol_edge.records import header_record
from mol_edge.sinks import CsvSink, JsonlSink, Sink, VideoSink
from mol_edge.sources import Source
from mol_edge.summary import RunSummary

RESULTS, PROBABILITIES, ANNOTATED = "results.jsonl", "probabilities.csv", "annotated.mp4"

_CLIP = 8
_MOST_FPS = 240.0


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        summary: what was counted.
        seconds: how long it took.
        code: exit code of the process.
        incomplete: why the source ended early, or None.
    """

    summary: RunSummary
    seconds: float
    code: int
    incomplete: str | None


@dataclass(frozen=True)
class Recording:
    """A source that is followed into files.

    Attributes:
        pipe: what runs the model.
        source: where the frames come from.
        folder: where the files go; it exists.
        flow: whether to compute optical flow.
        video: whether to write the annotated video.
        max_frames: frames after which to stop, or None.
        quiet: show no progress.
    """

    pipe: Pipeline
    source: Source
    folder: Path
    flow: bool = True
    video: bool = True
    max_frames: int | None = None
    quiet: bool = False

    def make(self) -> Outcome:
        """Follow the source to its end, an interruption or an error, which is raised."""
        summary = RunSummary(labels=self.pipe.labels)
        incomplete: str | None = None
        code = OK
        began = time.perf_counter()
        with contextlib.ExitStack() as stack:
            lines, sinks = self._open_sinks(stack)
            try:
                incomplete = self._follow(summary, sinks)
                code = OK if incomplete is None else INCOMPLETE
            except KeyboardInterrupt:
                incomplete, code = "interrupted", INTERRUPTED
            except MolEdgeError as error:
                incomplete = str(error)
                raise
            finally:
                seconds = time.perf_counter() - began
                lines.write_record(summary.record(seconds=seconds, incomplete=incomplete))
        return Outcome(summary, seconds, code, incomplete)

    def _follow(self, summary: RunSummary, sinks: list[Sink]) -> str | None:
        """Give every result to the sinks; why the source ended early, or None."""
        total = min(filter(None, (self.source.frame_count, self.max_frames)), default=None)
        with (
            open_progress(total, quiet=self.quiet) as progress,
            Interruption() as interruption,
            self.pipe.run(self.source, self.flow) as run,
        ):
            for result in run:
                assert run.frame is not None
                start = time.perf_counter()
                for sink in sinks:
                    sink.write(run.frame, result)
                summary.add(result)
                summary.add_time("write", 1e3 * (time.perf_counter() - start))
                progress.advance()
                interruption.check()
                if summary.frames == self.max_frames:
                    return None
        if run.incomplete is None:
            _check_enough(self.source.name, summary)
        return run.incomplete

    def _open_sinks(self, stack: contextlib.ExitStack) -> tuple[JsonlSink, list[Sink]]:
        pipe, manifest = self.pipe, self.pipe.bundle.manifest
        header = header_record(
            source=self.source.name,
            labels=pipe.labels,
            bundle=manifest.name,
            trained=manifest.trained,
            device=pipe.device,
            detector=pipe.detector.name,
            window_ms=pipe.window_ms,
        )
        lines = stack.enter_context(JsonlSink(self.folder / RESULTS, header))
        table = stack.enter_context(CsvSink(self.folder / PROBABILITIES, pipe.labels))
        if not self.video:
            return lines, [lines, table]
        rate = 1e9 / self.source.period_ns if self.source.period_ns else 30.0
        # Rounded, because periods are whole nanoseconds: 60 per second comes back as 59.999999.
        fps = min(round(rate, 3), _MOST_FPS)
        annotator = Annotator(pipe.labels, trained=manifest.trained, note=manifest.name)
        video = stack.enter_context(VideoSink(self.folder / ANNOTATED, annotator, fps))
        return lines, [lines, table, video]


def _check_enough(source: str, summary: RunSummary) -> None:
    if summary.frames < _CLIP:
        raise InputError(
            f"A source must hold at least {_CLIP} frames, and {source} holds {summary.frames}: "
            "give a longer one."
        )
    if summary.frames_with_face == 0:
        raise NoFaceError(
            f"A source must show a face, and none was found in the {summary.frames} frames of "
            f"{source}: check that one is upright and large enough, or try another --detector."
        )
