"""What every sink is."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any, Protocol

from mol_edge.errors import OutputError
from mol_edge.frame import Frame
from mol_edge.results import FrameResult


class Sink(Protocol):
    """Anything that takes results: those of `mol_edge.sinks`, or your own."""

    def write(self, frame: Frame, result: FrameResult) -> None:
        """Take one frame with its result, in the order of the source."""
        ...

    def close(self) -> None:
        """Finish what was begun; a second call does nothing."""
        ...


class Closing:
    """`with` for sinks."""

    def close(self) -> None:
        """Finish what was begun; a second call does nothing."""
        raise NotImplementedError

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def draft_of(path: Path) -> Path:
    """Where a file is written until it is whole: beside it, so that it can be renamed.

    Example:
        >>> draft_of(Path("out/annotated.mp4")).name
        '.annotated.part.mp4'
    """
    return path.with_name(f".{path.stem}.part{path.suffix}")


def cannot_write(path: Path, error: OSError) -> OutputError:
    """The error that says where nothing can be written, and what to do."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = "make room there, or name" if full else "name"
    place = "a folder on another disk" if full else "a folder that you may write to"
    return OutputError(f"Cannot write {path} ({error.strerror}): {remedy} {place}.")
