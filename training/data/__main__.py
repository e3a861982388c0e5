"""`python -m training.data`: a licensed set into a cache for training, or a look-alike of one."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias, get_args

from mol_edge.commands.exit_codes import INTERRUPTED, OK
from training.data.lookalike import LookalikeOptions, write_lookalike
from training.data.options import Alignment, Layout, PrepareOptions, Protocol, SetName
from training.data.prepare import prepare

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (0, or 130 if interrupted)."""
    given = _parser().parse_args(arguments)
    try:
        given.run(given)
    except KeyboardInterrupt:
        print("Stopped; the same command goes on where it was.", file=sys.stderr)
        return INTERRUPTED
    return OK


def _prepare(given: argparse.Namespace) -> None:
    options = PrepareOptions(
        dataset=given.set,
        layout=given.layout,
        root=given.root,
        landmarks=given.landmarks,
        classes=given.classes,
        out=given.out,
        sheet=given.sheet,
        alignment=given.alignment,
        protocol=given.protocol,
        jobs=given.jobs,
    )
    print(prepare(options, progress=not given.quiet).text(), end="")


def _lookalike(given: argparse.Namespace) -> None:
    options = LookalikeOptions(
        given.set, given.layout, given.subjects, given.clips, given.fps, given.seed
    )
    landmarks = write_lookalike(given.out, options)
    print(f"Wrote {given.out}; its landmarks are csv:{landmarks}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.data", description="Prepare CASME II, SAMM or SMIC for training."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_prepare(commands)
    _add_lookalike(commands)
    return parser


def _add_set(command: argparse.ArgumentParser) -> None:
    command.add_argument("--set", required=True, choices=get_args(SetName), help="the dataset")
    command.add_argument(
        "--layout",
        required=True,
        choices=get_args(Layout),
        help="official: class/subject_clip/frame.jpg; original: as the set is handed out",
    )


def _add_prepare(commands: Commands) -> None:
    command = commands.add_parser(
        "prepare",
        help="align a set's clips, compute their flow and keep both in a cache",
        description="Stopped half-way, the same command goes on where it was. CACHE/report.txt "
        "names everything that was left out and why.",
    )
    _add_set(command)
    command.add_argument("--root", required=True, type=Path, metavar="DIR")
    command.add_argument(
        "--landmarks",
        required=True,
        metavar="dlib:FILE|csv:FILE",
        help="dlib's 68-point predictor, or rows of frame path, x0, y0, …, x67, y67",
    )
    command.add_argument("--classes", required=True, type=int, choices=(3, 5))
    command.add_argument("--out", required=True, type=Path, metavar="CACHE")
    command.add_argument("--sheet", type=Path, metavar="FILE", help="coding sheet, .xlsx or .csv")
    command.add_argument("--alignment", default="anchored", choices=get_args(Alignment))
    command.add_argument("--protocol", default="both", choices=get_args(Protocol))
    command.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes"
    )
    command.add_argument("--quiet", action="store_true", help="no progress bar")
    command.set_defaults(run=_prepare)


def _add_lookalike(commands: Commands) -> None:
    command = commands.add_parser(
        "lookalike",
        help="write a folder like a licensed set's, with synthetic faces, to try `prepare` on",
    )
    _add_set(command)
    command.add_argument("--out", required=True, type=Path, metavar="DIR")
    command.add_argument("--subjects", type=int, default=5, metavar="N")
    command.add_argument("--clips", type=int, default=2, metavar="N", help="of each subject")
    command.add_argument("--fps", type=float, default=30.0)
    command.add_argument("--seed", type=int, default=0)
    command.set_defaults(run=_lookalike)


if __name__ == "__main__":
    sys.exit(main())
