"""What a video file states of itself: its size, and in MP4 its tracks and how long they last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = 0x18538067
_PICTURES = b"vide"
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
            stated: int | None = _mp4_size(file, there)
        elif head[:4] == _EBML:
            stated = _matroska_size(file)
        elif head[:4] == b"RIFF":
            stated = 8 + int.from_bytes(head[4:8], "little")
        else:
            stated = None
    if stated is None or stated <= there:
        return None
    return f"the file has {there} of the {stated} bytes that its header states"


def video_seconds(path: Path) -> float | None:
    """How long the pictures of an MP4 or MOV last, its edits counted; None for other files.

    Cutting a video without coding it anew leaves frames in the file that are not to be shown, so
    the number of frames alone says too much.
    """
    with path.open("rb") as file:
        there = path.stat().st_size
        for kind, start, end in _boxes(file, 0, there):
            if kind == b"moov":
                return _movie_seconds(file, start, end)
            if start == 8 and kind not in _MP4_FIRST:
                return None
    return None


def lacks_pictures(path: Path) -> bool:
    """Whether an MP4 or MOV has tracks and none of pictures; False for other files."""
    kinds = set()
    with path.open("rb") as file:
        for kind, start, end in _boxes(file, 0, path.stat().st_size):
            if start == 8 and kind not in _MP4_FIRST:
                return False
            if kind == b"moov":
                tracks = [box for box in _boxes(file, start, end) if box[0] == b"trak"]
                kinds |= {_track(file, inner, inner_end)[0] for _, inner, inner_end in tracks}
    return bool(kinds) and _PICTURES not in kinds


def _movie_seconds(file: BinaryIO, start: int, end: int) -> float | None:
    timescale = 0
    for kind, inner, inner_end in _boxes(file, start, end):
        if kind == b"mvhd":
            timescale = _number(file, inner, at_32=12, at_64=20, wide=False)
        elif kind == b"trak":
            handler, ticks = _track(file, inner, inner_end)
            if handler == _PICTURES and ticks and timescale:
                return ticks / timescale
    return None


def _track(file: BinaryIO, start: int, end: int) -> tuple[bytes, int | None]:
    """What a track is of, such as ``vide`` or ``soun``, and its duration in ticks of the movie."""
    ticks = None
    for kind, inner, inner_end in _boxes(file, start, end):
        if kind == b"tkhd":
            ticks = _number(file, inner, at_32=20, at_64=28, wide=True)
        elif kind == b"mdia":
            for part, at, _ in _boxes(file, inner, inner_end):
                if part == b"hdlr":
                    file.seek(at + 8)
                    return file.read(4), ticks
    return b"", ticks


def _number(file: BinaryIO, start: int, at_32: int, at_64: int, wide: bool) -> int:
    """A number of a box of version 0 or 1, whose fields have 32 or 64 bits if `wide`."""
    file.seek(start)
    version = file.read(1)
    file.seek(start + (at_64 if version == b"\x01" else at_32))
    return int.from_bytes(file.read(8 if wide and version == b"\x01" else 4), "big")


def _mp4_size(file: BinaryIO, there: int) -> int:
    """End of the last box that begins in the file."""
    return max((end for _, _, end in _boxes(file, 0, there)), default=0)


def _boxes(file: BinaryIO, at: int, limit: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start of the content and end of each box that begins between `at` and `limit`."""
    while at + 8 <= limit:
        file.seek(at)
        head = file.read(16)
        size, start = int.from_bytes(head[:4], "big"), at + 8
        if size == 1:
            size, start = int.from_bytes(head[8:16], "big"), at + 16
        elif size == 0:
            size = limit - at
        if size < start - at:
            # Some cameras pad the end of a file with zeros or bytes of their own.
            return
        yield head[4:8], start, at + size
        at += size


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
