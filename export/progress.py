"""How far an export is with clips that it makes, reads or runs."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import TypeVar

from mol_edge.progress import open_progress

T = TypeVar("T")

log = logging.getLogger(__name__)


def counted(clips: Iterable[T], total: int) -> Iterator[T]:
    """The same clips, shown as they go by where the export says what it does.

    Example:
        >>> list(counted("abc", 3))
        ['a', 'b', 'c']
    """
    quiet = not log.isEnabledFor(logging.INFO)
    with open_progress(total, quiet=quiet, unit="clips") as bar:
        for clip in clips:
            yield clip
            bar.advance()
