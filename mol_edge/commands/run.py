"""`mol-edge run`: a source in, JSON lines, a CSV and an annotated video out."""

from __future__ import annotations

import argparse
import contextlib
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mol_edge.commands.exit_codes import INCOMPLETE, INTERRUPTED, OK
from mol_edge.errors import InputError, MolEdgeError, NoFaceError, OutputError

if TYPE_CHECKING:
    from mol_edge.pipeline import Pipeline
    from mol_edge.sinks import JsonlSink, Sink
    from mol_edge.sources import Source
    from mol_edge.summary import RunSummary

RESULTS, PROBABILITIES, ANNOTATED = "results.jsonl", "probabilities.csv", "annotated.mp4"

_CLIP = 8
_MOST_FPS = 240.0


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    text = (
        f"Run a model on a source and write {RESULTS}, {PROBABILITIES} and {ANNOTATED} into a "
        "folder. The largest face is followed."
    )
    parser = commands.add_parser("run", help="run a model on a video or camera", description=text)
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="video file, folder of pictures, camera number, or rtsp:// address",
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help="default: mol-edge-out/NAME")
    add_model_arguments(parser)
    parser.add_argument(
        "--flow",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="compute optical flow, most of the work (default: yes)",
    )
    parser.add_argument(
        "--video",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write the annotated video (default: yes)",
    )
    parser.add_argument("--max-frames", metavar="N", type=_positive, help="stop after N frames")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.set_defaults(execute=_run)


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what chooses model, device and detector."""
    parser.add_argument("--bundle", metavar="DIR", help="model (default: the untrained demo model)")
    parser.add_argument(
        "--device",
        default="auto",
        help="auto, onnxruntime, onnxruntime:cuda:0, openvino, openvino:GPU … (default: auto)",
    )
    parser.add_argument(
        "--detector", metavar="NAME", help="yunet, haar, or a YuNet file (default: the best here)"
    )
    parser.add_argument(
        "--threads",
        metavar="N",
        type=int,
        default=0,
        help="threads of one inference (0: automatic)",
    )
    parser.add_argument("--fps", type=float, help="rate of pictures, which have none of their own")
    parser.add_argument("--verbose", action="store_true", help="say more on standard error")


def open_pipeline(arguments: argparse.Namespace) -> Pipeline:
    """The pipeline that `add_model_arguments`' arguments ask for."""
    from mol_edge.backends import BackendOptions
    from mol_edge.faces import open_detector
    from mol_edge.options import PipelineOptions
    from mol_edge.pipeline import Pipeline

    options = PipelineOptions(backend=BackendOptions(threads=arguments.threads))
    detector = open_detector(arguments.detector)
    return Pipeline(arguments.bundle, arguments.device, detector, options)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {value}")
    return value


def _run(arguments: argparse.Namespace) -> int:
    from mol_edge.commands.report import format_summary
    from mol_edge.sources import SourceOptions, open_source
    from mol_edge.summary import RunSummary

    source = open_source(arguments.source, SourceOptions(fps=arguments.fps))
    with source, open_pipeline(arguments) as pipe:
        folder = _folder(arguments.out or Path("mol-edge-out", _stem(arguments.source)))
        summary = RunSummary(labels=pipe.labels)
        began = time.perf_counter()
        incomplete, code = _follow(arguments, pipe, source, folder, summary, began)
    seconds = time.perf_counter() - began
    manifest = pipe.bundle.manifest
    print(f"{manifest.name} on {pipe.device}, faces by {pipe.detector.name}")
    print(
        format_summary(
            summary,
            window_ms=pipe.window_ms,
            trained=manifest.trained,
            seconds=seconds,
            incomplete=incomplete,
        )
    )
    print(f"written to {folder}: {', '.join(sorted(path.name for path in folder.glob('[!.]*')))}")
    return code


def _follow(
    arguments: argparse.Namespace,
    pipe: Pipeline,
    source: Source,
    folder: Path,
    summary: RunSummary,
    began: float,
) -> tuple[str | None, int]:
    """Write every result and, however it ends, the summary; why it is incomplete, exit code."""
    from mol_edge.progress import open_progress

    incomplete: str | None = None
    code = OK
    with contextlib.ExitStack() as stack:
        lines, sinks = _open_sinks(arguments, pipe, source, folder, stack)
        total = min(filter(None, (source.frame_count, arguments.max_frames)), default=None)
        progress = stack.enter_context(open_progress(total, quiet=arguments.quiet))
        try:
            with _Interruption() as interruption, pipe.run(source, arguments.flow) as run:
                for result in run:
                    assert run.frame is not None
                    start = time.perf_counter()
                    for sink in sinks:
                        sink.write(run.frame, result)
                    summary.add(result)
                    summary.add_time("write", 1e3 * (time.perf_counter() - start))
                    progress.advance()
                    if interruption.requested or summary.frames == arguments.max_frames:
                        break
                interruption.check()
                incomplete = run.incomplete
            code = OK if incomplete is None else INCOMPLETE
            if incomplete is None:
                _check_enough(source.name, summary)
        except KeyboardInterrupt:
            incomplete, code = "interrupted", INTERRUPTED
        except MolEdgeError as error:
            incomplete = str(error)
            raise
        finally:
            seconds = time.perf_counter() - began
            lines.write_record(summary.record(seconds=seconds, incomplete=incomplete))
    return incomplete, code


def _open_sinks(
    arguments: argparse.Namespace,
    pipe: Pipeline,
    source: Source,
    folder: Path,
    stack: contextlib.ExitStack,
) -> tuple[JsonlSink, list[Sink]]:
    from mol_edge.draw import Annotator
    from mol_edge.records import header_record
    from mol_edge.sinks import CsvSink, JsonlSink, VideoSink

    manifest = pipe.bundle.manifest
    header = header_record(
        source=source.name,
        labels=pipe.labels,
        bundle=manifest.name,
        trained=manifest.trained,
        device=pipe.device,
        detector=pipe.detector.name,
        window_ms=pipe.window_ms,
    )
    lines = stack.enter_context(JsonlSink(folder / RESULTS, header))
    sinks: list[Sink] = [lines]
    sinks.append(stack.enter_context(CsvSink(folder / PROBABILITIES, pipe.labels)))
    if arguments.video:
        fps = min(1e9 / source.period_ns, _MOST_FPS) if source.period_ns else 30.0
        annotator = Annotator(pipe.labels, trained=manifest.trained, note=manifest.name)
        sinks.append(stack.enter_context(VideoSink(folder / ANNOTATED, annotator, fps)))
    return lines, sinks


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


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"Cannot make the folder {path} ({error.strerror}): name another one with --out."
        ) from None
    return path


def _stem(source: str) -> str:
    """A folder name for a path, a camera's number or an address, which may hold a password."""
    name = source.rstrip("/").rpartition("/")[2] if "://" not in source else "stream"
    return Path(name).stem or "source"


class _Interruption:
    """Lets Ctrl-C and a request to terminate end a run between two frames; a second one at once.

    Attributes:
        requested: whether the run shall end.
    """

    def __init__(self) -> None:
        self.requested = False
        self._before: dict[signal.Signals, Any] = {}

    def check(self) -> None:
        """Raise KeyboardInterrupt if the run shall end."""
        if self.requested:
            raise KeyboardInterrupt

    def __enter__(self) -> _Interruption:
        # Only a main thread may set handlers.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._request)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _request(self, number: int, frame: object) -> None:
        self.check()
        self.requested = True
