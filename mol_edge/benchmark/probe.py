"""Reading what a system says of itself: files that may be missing, commands that may hang."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

UNAVAILABLE = "unavailable"
"""What stands for a figure that cannot be read here; never 0."""

Ask = Callable[[Sequence[str]], "str | None"]

_PATIENCE_S = 10.0


def read_text(path: Path) -> str | None:
    """A small file's content without surrounding space or null bytes, None if there is none.

    Example:
        >>> read_text(Path("no/such/file")) is None
        True
    """
    try:
        text = path.read_bytes()[:65536].decode("utf-8", "replace").strip().strip("\0")
    except (OSError, ValueError):
        return None
    return text or None


def read_number(path: Path, scale: float = 1.0) -> float | None:
    """A file's number times `scale`, None if there is none."""
    text = read_text(path)
    try:
        return None if text is None else float(text) * scale
    except ValueError:
        return None


def ask(command: Sequence[str]) -> str | None:
    """What a command prints, None if it is not there, fails, or says nothing in ten seconds."""
    try:
        done = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def known(value: object) -> object:
    """The value, or `UNAVAILABLE` where it is None or empty.

    Example:
        >>> known(None), known(3.5)
        ('unavailable', 3.5)
    """
    return UNAVAILABLE if value is None or value == "" or value == [] else value
