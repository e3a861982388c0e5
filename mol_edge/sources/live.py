"""Frames as they happen: cameras, network streams, GStreamer pipelines.

`LiveSource` reads where it stands and blocks as OpenCV does; `mol_edge.sources.open_live` puts it
into a process that can be killed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import InputError
from mol_edge.faces.image import opencv
from mol_edge.frame import Frame, PixelFormat
from mol_edge.sources.base import Source, SourceOptions, check_size
from mol_edge.sources.wrong import WrongSourceError

Address = int | str

_V4L2 = "/dev/video"
_CAMERAS = 100  # OpenCV takes the hundreds of a number for a backend, and crashes below 0


class LiveSource(Source):
    """A camera by its number or path, a stream by its address, or a GStreamer pipeline.

    A frame's timestamp is the monotonic clock when it was read. Where a camera gives YUYV, or a
    pipeline GRAY8 or NV12, its own luma is kept instead of being turned into colours and back.

    Raises:
        InputError: the camera or stream cannot be opened, or this OpenCV lacks GStreamer.
        MissingExtraError: OpenCV is not installed.
    """

    live = True

    def __init__(self, address: Address, options: SourceOptions) -> None:
        if isinstance(address, int):
            check_camera(address)
        self.name = display_name(address)
        self._cv2 = opencv("Reading a camera", "VideoCapture")
        self._capture: Any = _open(self._cv2, address, options)
        if not self._capture.isOpened():
            raise InputError(
                f"{self.name} cannot be opened: check that it is connected, that no other program "
                "holds it, and that you may read it."
            )
        self._ask_for_what_is_wanted(address, options)
        fps = self._capture.get(self._cv2.CAP_PROP_FPS)
        self.period_ns = round(1e9 / fps) if 0 < fps <= 1000 else None

    def _ask_for_what_is_wanted(self, address: Address, options: SourceOptions) -> None:
        cv2, capture = self._cv2, self._capture
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        if not is_camera(address):
            return
        if options.fps is not None:
            capture.set(cv2.CAP_PROP_FPS, options.fps)
        # Else a driver hands out pictures that have been waiting.
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        if int(capture.get(cv2.CAP_PROP_FOURCC)) == cv2.VideoWriter_fourcc(*"YUYV"):
            capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)

    def __iter__(self) -> Iterator[Frame]:
        """Frames until the source stops."""
        index, last_ns = 0, -1
        while True:
            ok, image = self._capture.read()
            if not ok or image is None:
                break
            last_ns = max(time.monotonic_ns(), last_ns + 1)
            format = pixel_format(image, int(self._capture.get(self._cv2.CAP_PROP_FRAME_HEIGHT)))
            if format is None:
                # Not pixels but a driver's raw bytes: let OpenCV convert them from here on.
                self._capture.set(self._cv2.CAP_PROP_CONVERT_RGB, 1)
                continue
            yield check_size(Frame(image, last_ns, index, format), self.name)
            index += 1
        self.incomplete = f"{self.name} stopped giving frames after {index}"

    def close(self) -> None:
        """Let go of the camera or stream."""
        self._capture.release()


def _open(cv2: Any, address: Address, options: SourceOptions) -> Any:
    if isinstance(address, int):
        return cv2.VideoCapture(address)
    if _is_pipeline(address):
        if "appsink" not in address:
            raise WrongSourceError(
                "A GStreamer pipeline must end in an appsink, through which its pictures are read: "
                "append `! appsink drop=true max-buffers=1 sync=false`."
            )
        if not cv2.videoio_registry.hasBackend(cv2.CAP_GSTREAMER):
            raise WrongSourceError(
                "A GStreamer pipeline needs an OpenCV that was built with GStreamer, which this "
                "one was not: use the OpenCV of JetPack or of the distribution (`apt install "
                "python3-opencv`) instead of PyPI's."
            )
        return cv2.VideoCapture(address, cv2.CAP_GSTREAMER)
    if address.startswith(_V4L2):
        return cv2.VideoCapture(address, cv2.CAP_V4L2)
    # Without these, a silent stream blocks for ever.
    limits = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        options.timeout_ms,
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        options.timeout_ms,
    ]
    return cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)


def check_camera(number: int) -> None:
    """Raise InputError if OpenCV would not take a number for that of a camera."""
    if not 0 <= number < _CAMERAS:
        raise InputError(
            f"A camera's number must lie between 0 and {_CAMERAS - 1}, got {number}: name another "
            f"one by its path, such as {_V4L2}{_CAMERAS}."
        )


def is_live_name(name: str) -> bool:
    """Whether a text names something live, by its form: an address, a camera, a pipeline.

    Example:
        >>> [is_live_name(name) for name in ("rtsp://host/a", "/dev/video0", "a.mp4")]
        [True, True, False]
    """
    return "://" in name or name.startswith(_V4L2) or _is_pipeline(name)


def pixel_format(image: NDArray[np.uint8], height: int) -> PixelFormat | None:
    """The layout of what OpenCV gave for a picture of `height` rows; None if it is no pixels.

    Example:
        >>> pixel_format(np.zeros((72, 64), np.uint8), 48)
        'nv12'
    """
    if image.ndim == 3 and image.shape[2] == 3:
        return "bgr"
    if image.ndim == 3 and image.shape[2] == 2:
        return "yuyv"
    if image.ndim == 2 and image.shape[0] > 1:
        return "nv12" if height and image.shape[0] * 2 == height * 3 else "gray"
    return None


def display_name(address: Address) -> str:
    """What a source is called in messages: without a password, which a pipeline may hold anywhere.

    Example:
        >>> display_name(0), display_name("rtspsrc location=x user-pw=secret ! appsink")
        ('camera 0', 'GStreamer pipeline')
    """
    if isinstance(address, int):
        return f"camera {address}"
    return "GStreamer pipeline" if _is_pipeline(address) else without_login(address)


def without_login(address: str) -> str:
    """An address without the name and password it may carry, fit for logs.

    Example:
        >>> without_login("rtsp://user:secret@camera.local/live")
        'rtsp://camera.local/live'
    """
    scheme, mark, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"


def is_camera(address: Address) -> bool:
    """Whether an address is that of a camera of this machine, which may be asked for a rate."""
    return isinstance(address, int) or address.startswith(_V4L2)


def _is_pipeline(name: str) -> bool:
    return " ! " in name
