"""The command `mol-edge`: its arguments, its exit codes, how errors are told.

Results go to standard output, everything else to standard error. docs/cli.md lists the exit codes.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from mol_edge import _loading
from mol_edge._version import __version__
from mol_edge.commands import benchmark, cache, check, doctor, models, preflight, run, warmup
from mol_edge.commands.ending import ended
from mol_edge.commands.values import refuse_empty

_DESCRIPTION = "Micro-expressions, facial landmarks and optical flow from a video or a camera."


class _Parser(argparse.ArgumentParser):
    """Ends in one sentence, and points to the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"mol-edge: error: {message} (`{self.prog} --help` shows what there is).\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of `mol-edge` with all commands."""
    parser = _Parser(prog="mol-edge", description=_DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"mol-edge {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in (run, preflight, benchmark, doctor, models, check, cache, warmup):
        command.add_parser(commands)
    return parser


def _quieten_opencv() -> None:
    """Keep OpenCV and its ffmpeg from writing to standard error what our own errors say."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


def _replace_closed_streams() -> None:
    """Let what is written to a stream that the caller has closed go nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


class _Stderr(logging.Handler):
    """Writes to what is standard error at the moment, which a progress bar replaces."""

    def emit(self, record: logging.LogRecord) -> None:
        # Nowhere to say it, and no reason to stop.
        with contextlib.suppress(OSError):
            print(self.format(record), file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: words after `mol-edge`, those of the process if None.
    """
    try:
        _loading.finish()
        _replace_closed_streams()
        words = sys.argv[1:] if arguments is None else arguments
        refuse_empty(words)
        parsed = build_parser().parse_args(words)
        level = logging.INFO if getattr(parsed, "verbose", False) else logging.WARNING
        logging.basicConfig(level=level, format="mol-edge: %(message)s", handlers=[_Stderr()])
        _quieten_opencv()
        code: int = parsed.execute(parsed)
        sys.stdout.flush()
        return code
    except BaseException as error:
        ending = ended("mol-edge", error)
        if ending is None:
            raise
        return ending


if __name__ == "__main__":
    sys.exit(main())
