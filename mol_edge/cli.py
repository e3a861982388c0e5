"""The command `mol-edge`: its arguments, its exit codes, how errors are told.

Results go to standard output, everything else to standard error. docs/cli.md lists the exit codes.
"""

from __future__ import annotations

import argparse
import errno
import logging
import os
import signal
import sys
from collections.abc import Sequence

from mol_edge._version import __version__
from mol_edge.commands import benchmark, cache, check, doctor, models, preflight, run, warmup
from mol_edge.commands.exit_codes import BAD_INPUT, INTERRUPTED
from mol_edge.commands.interruption import Terminated
from mol_edge.errors import MolEdgeError

_DESCRIPTION = "Micro-expressions, facial landmarks and optical flow from a video or a camera."


def build_parser() -> argparse.ArgumentParser:
    """The parser of `mol-edge` with all commands."""
    parser = argparse.ArgumentParser(prog="mol-edge", description=_DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"mol-edge {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in (run, preflight, benchmark, doctor, models, check, cache, warmup):
        command.add_parser(commands)
    return parser


def _quieten_opencv() -> None:
    """Keep OpenCV and its ffmpeg from writing to standard error what our own errors say."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")


class _Stderr(logging.Handler):
    """Writes to what is standard error at the moment, which a progress bar replaces."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)


def _drop_output() -> None:
    """Write no more to standard output, so that Python does not complain again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: words after `mol-edge`, those of the process if None.
    """
    parsed = build_parser().parse_args(arguments)
    level = logging.INFO if getattr(parsed, "verbose", False) else logging.WARNING
    logging.basicConfig(level=level, format="mol-edge: %(message)s", handlers=[_Stderr()])
    _quieten_opencv()
    try:
        code: int = parsed.execute(parsed)
        sys.stdout.flush()
        return code
    except Terminated as request:
        # Died of it, which service managers take for what it is.
        signal.signal(request.number, signal.SIG_DFL)
        os.kill(os.getpid(), request.number)
        return INTERRUPTED
    except MolEdgeError as error:
        print(f"mol-edge: error: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("mol-edge: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone.
        _drop_output()
        return INTERRUPTED
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO) or error.filename is not None:
            raise
        _drop_output()
        print(
            f"mol-edge: error: Standard output cannot be written ({error.strerror}): send it to "
            "where there is room.",
            file=sys.stderr,
        )
        return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
