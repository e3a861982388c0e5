"""Whether a video file was cut short, read from the sizes that its container states."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = 0x18538067
_MP4_FIRST = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")


def find_truncation(path: Path) -> str | None:
    """Why the file ends too early, or None where nothing shows it.

    MP4 and MOV boxes, the Matroska or WebM segment and the RIFF list of an AVI state their
    sizes; a file that ends before them was cut. Other containers are not looked into.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "cut.avi"
        >>> _ = path.write_bytes(b"RIFF" + (1000).to_bytes(4, "little") + b"AVI ")
        >>> find_truncation(path)
        'the file has 12 of the 1008 bytes that its header states'
    """
    there = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        file.seek(0)
        if head[4:8] in _MP4_FIRST:
            stated = _mp4_size(file, there)
        elif head[:4] == _EBML:
            stated = _matroska_size(file)
        elif head[:4] == b"RIFF":
            stated = 8 + int.from_bytes(head[4:8], "little")
        else:
            stated = None
    if stated is None or stated <= there:
        return None
    return f"the file has {there} of the {stated} bytes that its header states"


def _mp4_size(file: BinaryIO, there: int) -> int | None:
    """End of the last box that begins in the file."""
    at = 0
    while at < there:
        file.seek(at)
        head = file.read(16)
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size == 0:
            return None
        if size < 8:
            # Some cameras pad the end of a file with zeros or bytes of their own.
            return at
        at += size
    return at


def _matroska_size(file: BinaryIO) -> int | None:
    """End of the segment, None where its size is left open, as in a live recording."""
    while True:
        head = _element_head(file)
        if head is None:
            return None
        identity, size = head
        if identity == _SEGMENT:
            return None if size is None else file.tell() + size
        if size is None:
            return None
        file.seek(size, 1)


def _element_head(file: BinaryIO) -> tuple[int, int | None] | None:
    identity = _vint(file, keep_marker=True)
    size = _vint(file, keep_marker=False)
    if identity is None or size is None:
        return None
    value, length = size
    unknown = value == (1 << 7 * length) - 1
    return identity[0], None if unknown else value


def _vint(file: BinaryIO, keep_marker: bool) -> tuple[int, int] | None:
    """A variable-length integer of EBML and its length in bytes (RFC 8794, section 4)."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    length = 9 - first[0].bit_length()
    rest = file.read(length - 1)
    if len(rest) < length - 1:
        return None
    value = int.from_bytes(first + rest, "big")
    return (value if keep_marker else value & ((1 << 7 * length) - 1)), length
