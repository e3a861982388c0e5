"""Frames as they happen: cameras and network streams."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from mol_edge.errors import InputError
from mol_edge.faces.image import opencv
from mol_edge.frame import Frame
from mol_edge.sources.base import Source, SourceOptions, check_size


class LiveSource(Source):
    """A camera by its number, or a stream by its address (``rtsp://…``).

    A frame's timestamp is the monotonic clock when it was read.

    Raises:
        InputError: the camera or stream cannot be opened.
        MissingExtraError: OpenCV is not installed.
    """

    live = True

    def __init__(self, address: int | str, options: SourceOptions) -> None:
        self.name = f"camera {address}" if isinstance(address, int) else without_login(address)
        cv2 = opencv("Reading a camera", "VideoCapture")
        self._capture: Any = self._open(cv2, address, options)
        if not self._capture.isOpened():
            raise InputError(
                f"{self.name} cannot be opened: check that it is connected, that no other program "
                "holds it, and that you may read it."
            )
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.period_ns = round(1e9 / fps) if 0 < fps <= 1000 else None

    @staticmethod
    def _open(cv2: Any, address: int | str, options: SourceOptions) -> Any:
        if isinstance(address, int):
            return cv2.VideoCapture(address)
        # Without these, a silent stream blocks for ever.
        limits = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            options.timeout_ms,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            options.timeout_ms,
        ]
        return cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)

    def __iter__(self) -> Iterator[Frame]:
        """Frames until the source stops."""
        index, last_ns = 0, -1
        while True:
            ok, image = self._capture.read()
            if not ok or image is None:
                break
            last_ns = max(time.monotonic_ns(), last_ns + 1)
            yield check_size(Frame(image, last_ns, index), self.name)
            index += 1
        self.incomplete = f"{self.name} stopped giving frames after {index}"

    def close(self) -> None:
        """Let go of the camera or stream."""
        self._capture.release()


def without_login(address: str) -> str:
    """An address without the name and password it may carry, fit for logs.

    Example:
        >>> without_login("rtsp://user:secret@camera.local/live")
        'rtsp://camera.local/live'
    """
    scheme, mark, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"
