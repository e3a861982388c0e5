"""`mol-edge run`: a source in, JSON lines, a CSV and an annotated video out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mol_edge.errors import OutputError

if TYPE_CHECKING:
    from mol_edge.pipeline import Pipeline


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    text = (
        "Run a model on a source and write results.jsonl, probabilities.csv and annotated.mp4 into "
        "a folder. The largest face is followed."
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
    from mol_edge.commands.recording import ANNOTATED, PROBABILITIES, RESULTS, Recording
    from mol_edge.commands.report import format_summary
    from mol_edge.sources import SourceOptions, open_source

    source = open_source(arguments.source, SourceOptions(fps=arguments.fps))
    with source, open_pipeline(arguments) as pipe:
        recording = Recording(
            pipe,
            source,
            _folder(arguments.out or Path("mol-edge-out", _stem(arguments.source))),
            flow=arguments.flow,
            video=arguments.video,
            max_frames=arguments.max_frames,
            quiet=arguments.quiet,
        )
        outcome = recording.make()
    manifest = pipe.bundle.manifest
    print(f"{manifest.name} on {pipe.device}, faces by {pipe.detector.name}")
    print(format_summary(outcome, window_ms=pipe.window_ms, trained=manifest.trained))
    files = (RESULTS, PROBABILITIES, *((ANNOTATED,) if arguments.video else ()))
    print(f"written to {recording.folder}: {', '.join(files)}")
    return outcome.code


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
