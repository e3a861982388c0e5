"""How a command ends that cannot go on: a sentence on standard error, an exit code, no traceback.

`mol-edge` and what is run from a checkout (`python -m export`, `training.…`, `benchmarks.…`) share
it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
from types import TracebackType

from mol_edge.commands.exit_codes import BAD_INPUT, INTERRUPTED
from mol_edge.commands.interruption import Terminated
from mol_edge.commands.values import refuse_empty
from mol_edge.errors import MissingExtraError, MolEdgeError

_OWN = ("mol_edge", "export", "training", "benchmarks", "examples", "tests")


def ended(program: str, error: BaseException, extra: str | None = None) -> int | None:
    """Say why a command ends; its exit code, or None for a fault of ours, which needs a traceback.

    Args:
        program: what the sentence begins with.
        error: what ended it.
        extra: what to install where a package is missing; None where that is a fault of ours.

    Example:
        >>> ended("mol-edge", KeyError("of a dictionary")) is None
        True
    """
    if isinstance(error, Terminated):
        # With a terminal that is gone there is nobody to tell.
        with contextlib.suppress(OSError):
            print(f"{program}: terminated", file=sys.stderr, flush=True)
        # Died of it, which service managers take for what it is.
        signal.signal(error.number, signal.SIG_DFL)
        os.kill(os.getpid(), error.number)
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        # The reader of our output has gone.
        _drop_output()
        return INTERRUPTED
    if isinstance(error, KeyboardInterrupt):
        print(f"{program}: interrupted", file=sys.stderr)
        return INTERRUPTED
    sentence = _sentence(error, extra, program)
    if sentence is None:
        return None
    print(f"{program}: error: {sentence}", file=sys.stderr)
    return BAD_INPUT


def end_in_words(package: str, extra: str) -> None:
    """Let what `python -m` starts from a package end by `ended`, also while it is being imported.

    To be called where the package is imported; does nothing where it is not `python -m` that
    imports it.

    Args:
        package: its name.
        extra: of mol-edge, with what the package needs.
    """
    # So Python has it while it looks for the module it was told to run.
    if sys.argv[:1] != ["-m"]:
        return
    words = sys.orig_argv
    named = words[words.index("-m") + 1] if "-m" in words[:-1] else package

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        code = ended(named, error, extra)
        if code is None:
            sys.__excepthook__(kind, error, trace)
        else:
            raise SystemExit(code)

    sys.excepthook = hook
    refuse_empty(sys.argv[1:])


def _sentence(error: BaseException, extra: str | None, program: str) -> str | None:
    """What is wrong and what to do, or None where that is not for the user to mend."""
    if isinstance(error, MolEdgeError):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and error.name and extra is not None:
        package = error.name.partition(".")[0]
        return None if package in _OWN else str(MissingExtraError(package, extra, program))
    if isinstance(error, MemoryError):
        told = f" ({error})" if str(error) else ""
        return f"More memory is needed than there is{told}: give it less at a time, or free some."
    if isinstance(error, OSError) and error.filename is not None:
        return (
            f"{os.fspath(error.filename)} must be readable, or writable where results go, and is "
            f"not ({error.strerror}): check the path and its permissions."
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EIO):
        return _no_room(error)
    return None


def _no_room(error: OSError) -> str:
    if _output_is_stuck():
        _drop_output()
        return (
            f"Standard output cannot be written ({error.strerror}): send it to where there is room."
        )
    return f"What is written needs room on its disk, and has none ({error.strerror}): free some."


def _output_is_stuck() -> bool:
    try:
        # What could not be written before cannot be now. Without a buffer nothing is left to
        # write, and one more empty line does no harm.
        if getattr(sys.stdout, "write_through", False):
            print(flush=True)
        sys.stdout.flush()
    except OSError:
        return True
    return False


def _drop_output() -> None:
    """Write no more to standard output, so that Python does not complain again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
