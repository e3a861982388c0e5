"""Ctrl-C while the command `mol-edge` is being loaded: it ends quietly, without a traceback.

Imported before all else, since loading takes a few tenths of a second. A program that imports
mol_edge is left alone.
"""

from __future__ import annotations

import os
import signal
import sys

_INTERRUPTED = 130


def is_command() -> bool:
    """Whether this process is `mol-edge` or `python -m mol_edge`, about to load or loaded."""
    name = os.path.basename(sys.argv[0]) if getattr(sys, "argv", None) else ""
    # "-m" while Python looks for the module that it was told to run.
    return name in ("mol-edge", "mol-edge.exe") or (name == "-m" and "mol_edge" in sys.orig_argv)


def _end(number: int, frame: object) -> None:
    os._exit(_INTERRUPTED)


def begin() -> None:
    """End at once on Ctrl-C from here on, where nothing else was decided about it."""
    if is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def finish() -> None:
    """Let Ctrl-C be a KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


begin()
