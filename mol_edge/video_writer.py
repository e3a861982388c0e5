"""Writing video files: H.264 through an installed ffmpeg, else MPEG-4 through OpenCV.

OpenCV's packages carry no H.264 encoder, and browsers play no MPEG-4 part 2.
"""

from __future__ import annotations

import functools
import logging
import shutil
import subprocess
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import OutputError
from mol_edge.faces.image import opencv
from mol_edge.sources.container import find_truncation, video_seconds

Image = NDArray[np.uint8]

_log = logging.getLogger(__name__)


class VideoWriter(Protocol):
    """An open video file."""

    def write(self, picture: Image) -> None:
        """Add a picture, uint8 [height, width, 3] in BGR."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


def open_video(
    path: Path, size: tuple[int, int], fps: float, shown: Path | None = None
) -> VideoWriter:
    """Begin an .mp4 file of pictures.

    Args:
        path: the file.
        size: width and height, both even.
        fps: pictures per second.
        shown: what errors call the file, where that is a draft of another one.

    Raises:
        OutputError: no encoder can write there.
        MissingExtraError: neither ffmpeg nor OpenCV is installed.
    """
    program, shown = _ffmpeg(), shown or path
    if program is not None:
        return _Ffmpeg(program, path, size, fps, shown)
    _log.info("No ffmpeg with libx264 was found: %s is MPEG-4, which browsers do not play.", shown)
    return _OpenCv(path, size, fps, shown)


class _Ffmpeg:
    def __init__(
        self, program: str, path: Path, size: tuple[int, int], fps: float, shown: Path
    ) -> None:
        self._path, self._size, self._shown = path, size, shown
        raw = f"-f rawvideo -pix_fmt bgr24 -s {size[0]}x{size[1]} -r {fps:.6f} -i -"
        coded = "-an -c:v libx264 -preset veryfast -crf 20 -pix_fmt yuv420p -movflags +faststart"
        self._process = subprocess.Popen(
            [program, "-loglevel", "error", "-y", *raw.split(), *coded.split(), str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            # Ctrl-C reaches a whole group of processes; ffmpeg must live on to finish the file.
            start_new_session=True,
        )

    def write(self, picture: Image) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(_fitted(picture, self._size).data)
        except OSError:
            self.close()
            raise OutputError(
                f"Cannot write {self._shown} (ffmpeg ended early): make room there, or name a "
                "folder that you may write to."
            ) from None

    def close(self) -> None:
        try:
            _, message = self._process.communicate()
        except (OSError, ValueError):
            self._process.wait()
            message = b""
        if self._process.returncode != 0 or not _is_whole(self._path):
            told = message.decode("utf-8", "replace").strip().splitlines()
            reason = told[-1] if told else f"exit code {self._process.returncode}"
            reason = reason.replace(str(self._path), str(self._shown))
            raise OutputError(
                f"Cannot write {self._shown} (ffmpeg said {reason!r}): make room there, or name a "
                "folder that you may write to."
            )


def _is_whole(path: Path) -> bool:
    """Whether a file has its pictures; on a full disk ffmpeg ends with 0 and half an .mp4."""
    if path.suffix.lower() != ".mp4":
        return True
    try:
        return video_seconds(path) is not None and find_truncation(path) is None
    except OSError:
        return False


class _OpenCv:
    def __init__(self, path: Path, size: tuple[int, int], fps: float, shown: Path) -> None:
        cv2 = opencv("Writing a video", "VideoWriter")
        self._path, self._size, self._shown = path, size, shown
        self._writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, size)
        if not self._writer.isOpened():
            raise OutputError(
                f"Cannot write {shown}: OpenCV has no MPEG-4 encoder here or the folder is not "
                "writable, so install ffmpeg or name another folder."
            )

    def write(self, picture: Image) -> None:
        self._writer.write(_fitted(picture, self._size))

    def close(self) -> None:
        self._writer.release()
        if not _is_whole(self._path):
            raise OutputError(
                f"Cannot write {self._shown} (OpenCV left it unfinished): make room there, or name "
                "a folder that you may write to."
            )


def _fitted(picture: Image, size: tuple[int, int]) -> Image:
    """The picture within `size`, undistorted: a video has one size where its source has many."""
    if (picture.shape[1], picture.shape[0]) == size:
        return np.ascontiguousarray(picture)
    cv2 = opencv("Writing a video", "VideoWriter")
    scale = min(size[0] / picture.shape[1], size[1] / picture.shape[0])
    width, height = (max(1, round(scale * side)) for side in (picture.shape[1], picture.shape[0]))
    scaled = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    fitted: Image = np.zeros((size[1], size[0], 3), np.uint8)
    fitted[top : top + height, left : left + width] = scaled
    return fitted


@functools.cache
def _ffmpeg() -> str | None:
    """The ffmpeg on PATH if it encodes H.264 in software."""
    program = shutil.which("ffmpeg")
    if program is None:
        return None
    try:
        listing = subprocess.run(
            [program, "-hide_banner", "-encoders"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return program if b"libx264 " in listing.stdout else None
