"""Frames from files: a video, a folder of images, one image."""

from __future__ import annotations

import re
import statistics
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import InputError
from mol_edge.faces.image import opencv
from mol_edge.frame import Frame
from mol_edge.sources.base import Source, SourceOptions, check_size
from mol_edge.sources.container import find_truncation, lacks_pictures, video_seconds

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})

_INTERVALS_KEPT = 1000
# A sound track may outlast the pictures, and Matroska and AVI state one duration for both.
_MISSING_SHARE, _MISSING_SECONDS = 0.02, 0.25


class VideoFile(Source):
    """A video file, its rotation applied, its timestamps those of the container.

    Raises:
        InputError: the file cannot be read, or is no video that OpenCV can decode.
        MissingExtraError: OpenCV is not installed.
    """

    def __init__(self, path: Path, options: SourceOptions) -> None:
        self.name = str(path)
        self._path = path
        self._cv2 = opencv("Reading a video", "VideoCapture")
        check_readable(path)
        self._capture: Any = self._cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            if lacks_pictures(path):
                raise InputError(
                    f"{path} must be a video and has no track of pictures, only of sound or of "
                    "other data: name another file."
                )
            raise InputError(
                f"{path} must be a video and cannot be decoded as one: check that it is whole "
                "and that `ffprobe` knows its format."
            )
        self._capture.set(self._cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        fps = self._capture.get(self._cv2.CAP_PROP_FPS)
        self.period_ns: int = round(1e9 / fps) if 0 < fps <= 10_000 else options.period_ns
        self._intervals: deque[int] = deque(maxlen=_INTERVALS_KEPT)
        count = int(self._capture.get(self._cv2.CAP_PROP_FRAME_COUNT))
        self.frame_count = count if count > 0 else None

    def __iter__(self) -> Iterator[Frame]:
        """The frames; raises InputError if not one can be decoded."""
        index, last_ns = 0, -1
        while True:
            ok, image = self._capture.read()
            if not ok or image is None:
                break
            last_ns = self._timestamp(last_ns)
            yield check_size(Frame(image, last_ns, index), self.name)
            index += 1
        if index == 0:
            raise InputError(
                f"{self.name} must be a video and not one of its frames can be decoded: check "
                "that the file is whole."
            )
        self.incomplete = find_truncation(self._path) or self._missing(index)

    def _timestamp(self, last_ns: int) -> int:
        """The container's time, or one interval later than the last where that does not rise."""
        stated: int = round(self._capture.get(self._cv2.CAP_PROP_POS_MSEC) * 1e6)
        if last_ns < 0:
            return max(0, stated)
        if stated > last_ns:
            self._intervals.append(stated - last_ns)
            return stated
        return last_ns + (self._intervals[-1] if self._intervals else self.period_ns)

    def _missing(self, decoded: int) -> str | None:
        """How many frames too few were decoded, where the stated number can be relied on."""
        count = self.frame_count
        if count is None or not self._intervals:
            return None
        interval = statistics.median(self._intervals) / 1e9
        seconds = video_seconds(self._path)
        least_missing = 1.0 if seconds else _MISSING_SECONDS / interval
        expected = seconds or count * self.period_ns / 1e9
        # Edited files hold frames that are not shown; some AVI files state twice their rate.
        reliable = abs(count * interval - expected) < 0.1 * expected
        if not reliable or count - decoded <= max(least_missing, _MISSING_SHARE * count):
            return None
        return f"{decoded} of the {count} frames that its header states could be decoded"

    def close(self) -> None:
        """Close the file."""
        self._capture.release()


class ImageFiles(Source):
    """Images as the frames of a video, in the order of the numbers in their names.

    Raises:
        InputError: the folder holds no image.
        MissingExtraError: OpenCV is not installed.
    """

    def __init__(self, path: Path, options: SourceOptions) -> None:
        self.name = str(path)
        self.period_ns: int = options.period_ns
        self._is_folder = path.is_dir()
        self._paths = sorted(_images(path), key=_natural) if self._is_folder else [path]
        if not self._paths:
            raise InputError(
                f"The folder {path} must hold images ({', '.join(sorted(IMAGE_SUFFIXES))}) and "
                "holds none: check the path."
            )
        self.frame_count = len(self._paths)
        self._cv2 = opencv("Reading images", "imread")

    def __iter__(self) -> Iterator[Frame]:
        """The images; raises InputError at one that cannot be read, and names it."""
        for index, path in enumerate(self._paths):
            image, reason = self._read(path)
            if image is None:
                check_readable(path)
                advice = "replace it" + " or take it out of the folder" * self._is_folder
                raise InputError(f"The image {path} cannot be decoded{reason}: {advice}.")
            yield check_size(Frame(image, index * self.period_ns, index), str(path))

    def _read(self, path: Path) -> tuple[NDArray[np.uint8] | None, str]:
        """The picture, or None and why where OpenCV says it: it refuses enormous ones."""
        try:
            return self._cv2.imread(str(path), self._cv2.IMREAD_COLOR), ""
        except self._cv2.error as error:
            return None, f" ({error.err})"


def is_there(path: Path) -> bool:
    """Whether there is a file or folder; raises InputError where it may not even be looked for.

    Example:
        >>> is_there(Path("/")), is_there(Path("/no/such/file"))
        (True, False)
    """
    try:
        return path.exists()
    except OSError as error:
        raise _unreadable(path, error) from None


def check_readable(path: Path) -> None:
    """Raise InputError if a file cannot be opened, whatever is in it."""
    try:
        path.open("rb").close()
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(f"{path} cannot be read ({error.strerror}): check its permissions.")


def _images(folder: Path) -> Iterator[Path]:
    try:
        paths = list(folder.iterdir())
    except OSError as error:
        raise InputError(
            f"The folder {folder} cannot be read ({error.strerror}): check its permissions."
        ) from None
    for path in paths:
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith("."):
            yield path


def _natural(path: Path) -> list[tuple[int, str]]:
    """A key by which frame2 comes before frame10."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts if part]
