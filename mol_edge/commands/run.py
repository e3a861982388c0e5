"""`mol-edge run`: a source in, JSON lines, tables, an annotated video and a timeline out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mol_edge._numbers import BELOW_MS, are_lengths
from mol_edge.backends.base import MOST_THREADS
from mol_edge.commands.interruption import unwinding
from mol_edge.commands.source import add_source_arguments, source_options
from mol_edge.commands.values import whole
from mol_edge.errors import OptionError

if TYPE_CHECKING:
    from mol_edge.pipeline import Pipeline
    from mol_edge.sources import Source


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    text = (
        "Run a model on a source and write results.jsonl, probabilities.csv, events.csv, "
        "annotated.mp4 and timeline.png into a folder. The largest face is followed."
    )
    parser = commands.add_parser("run", help="run a model on a video or camera", description=text)
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="video file, folder of pictures, camera number, or rtsp:// address",
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help="default: mol-edge-out/NAME")
    add_model_arguments(parser)
    add_source_arguments(parser)
    _add_what_to_compute(parser)
    parser.add_argument(
        "--events-only",
        action="store_true",
        help="write events alone: no frames, no probabilities, no video",
    )
    parser.add_argument(
        "--video",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="write the annotated video (default: yes, no with --events-only)",
    )
    parser.add_argument(
        "--live",
        action="store_true",
        help="follow the source as it happens, come what may: the newest picture first, "
        "reconnecting; a file is played at its own rate",
    )
    parser.add_argument("--max-frames", metavar="N", type=whole(1), help="stop after N frames")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.set_defaults(execute=_run)


def _add_what_to_compute(parser: argparse.ArgumentParser) -> None:
    """Add which faces, which windows, when flow."""
    parser.add_argument(
        "--flow",
        choices=("always", "on_motion", "never"),
        help="when to compute optical flow, most of the work (default: always)",
    )
    parser.add_argument("--no-flow", action="store_true", help="same as --flow never")
    parser.add_argument(
        "--windows-ms",
        metavar="MS[,MS…]",
        type=_lengths,
        help="lengths of the windows that are classified (default: the model's)",
    )
    parser.add_argument(
        "--faces",
        metavar="N",
        type=whole(1),
        default=1,
        help="how many faces to follow, the largest first (default: 1)",
    )
    parser.add_argument(
        "--points",
        metavar="FILE",
        help="take the face of each frame from this table instead of a detector (see docs/cli.md)",
    )


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what chooses model, device and detector."""
    parser.add_argument("--bundle", metavar="DIR", help="model (default: the demo model)")
    parser.add_argument(
        "--device",
        default="auto",
        help="auto, onnxruntime, openvino, openvino:GPU, tensorrt … (default: auto)",
    )
    parser.add_argument(
        "--precision", default="fp32", metavar="P", help="of the model: fp32, fp16, int8 (fp32)"
    )
    parser.add_argument(
        "--detector", metavar="NAME", help="yunet, haar, or a YuNet file (default: the best here)"
    )
    parser.add_argument(
        "--threads",
        metavar="N",
        type=whole(0, MOST_THREADS),
        default=0,
        help="threads of one inference (0: automatic)",
    )
    parser.add_argument("--verbose", action="store_true", help="say more on standard error")


def open_pipeline(arguments: argparse.Namespace) -> Pipeline:
    """The pipeline that `add_model_arguments`' arguments ask for."""
    from mol_edge.backends import BackendOptions
    from mol_edge.faces import GivenPoints, open_detector
    from mol_edge.options import PipelineOptions
    from mol_edge.pipeline import Pipeline
    from mol_edge.track_options import TrackOptions

    points = getattr(arguments, "points", None)
    faces = getattr(arguments, "faces", 1)
    options = PipelineOptions(
        backend=BackendOptions(threads=arguments.threads, precision=arguments.precision),
        track=TrackOptions(faces),
        windows_ms=getattr(arguments, "windows_ms", None),
    )
    detector = GivenPoints.read(points) if points else open_detector(arguments.detector)
    return Pipeline(arguments.bundle, arguments.device, detector, options)


def _lengths(text: str) -> tuple[float, ...]:
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if not are_lengths(values):
        raise argparse.ArgumentTypeError(
            f"must be different times in milliseconds above 0 and below {BELOW_MS}, such as "
            f"200,350, got {text!r}"
        )
    return values


# While a run is under way `Interruption` answers signals; before, there is nothing to keep.
@unwinding()
def _run(arguments: argparse.Namespace) -> int:
    from mol_edge.commands.output_folder import refuse_inputs
    from mol_edge.commands.recording import Recording
    from mol_edge.commands.report import format_summary
    from mol_edge.commands.run_files import ALL_FILES

    _check_together(arguments)
    source = _open_source(arguments)
    with source, open_pipeline(arguments) as pipe:
        recording = Recording(
            pipe,
            source,
            arguments.out or Path("mol-edge-out", _stem(arguments.source)),
            flow="never" if arguments.no_flow else arguments.flow or "always",
            video=arguments.video is not False,
            events_only=arguments.events_only,
            max_frames=arguments.max_frames,
            quiet=arguments.quiet,
        )
        refuse_inputs(recording.folder, ALL_FILES, (arguments.source, arguments.points))
        outcome = recording.make()
    manifest = pipe.bundle.manifest
    precision = "" if arguments.precision == "fp32" else f" in {arguments.precision}"
    print(f"{manifest.name}{precision} on {pipe.device}, faces by {pipe.detector.name}")
    print(
        format_summary(
            outcome,
            windows_ms=pipe.windows_ms,
            trained=manifest.knows_classes,
            most=arguments.faces,
        )
    )
    if outcome.written:
        there = [name for name in recording.files.names if (recording.folder / name).is_file()]
        print(f"written to {recording.folder}: {', '.join(there)}")
    return outcome.code


def _check_together(arguments: argparse.Namespace) -> None:
    """Refuse options that say opposite things."""
    if arguments.events_only and arguments.video:
        raise OptionError("--events-only writes no video: leave out --video or --events-only.")
    if arguments.no_flow and arguments.flow not in (None, "never"):
        raise OptionError(
            f"--no-flow computes no optical flow: leave out --flow {arguments.flow} or --no-flow."
        )
    if arguments.points and arguments.detector:
        raise OptionError(
            "--points takes the place of a detector: leave out --detector or --points."
        )
    if arguments.points and arguments.faces > 1:
        raise OptionError(
            "--points gives one face in a frame, so --faces must be 1 with it, got "
            f"{arguments.faces}: leave out --faces or --points."
        )


def _open_source(arguments: argparse.Namespace) -> Source:
    from mol_edge.sources import open_source
    from mol_edge.sources.connect import open_live

    options = source_options(arguments)
    if arguments.live:
        return open_live(arguments.source, source_options=options)
    return open_source(arguments.source, options)


def _stem(source: str) -> str:
    """A folder name for a path, a camera's number or an address, which may hold a password."""
    name = source.rstrip("/").rpartition("/")[2] if "://" not in source else "stream"
    return Path(name).stem or "source"
