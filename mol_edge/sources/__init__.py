"""Where frames come from: `open_source` takes a file, a folder, a camera, a stream, an iterable."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Union

from mol_edge.errors import InputError, OptionError
from mol_edge.sources.base import Source, SourceOptions
from mol_edge.sources.files import IMAGE_SUFFIXES, ImageFiles, VideoFile, is_there
from mol_edge.sources.live import LiveSource, is_camera, is_live_name
from mol_edge.sources.memory import Item, MemorySource
from mol_edge.sources.turned import TurnedSource

__all__ = ["AnySource", "Source", "SourceOptions", "is_live_name", "open_source", "takes_rate"]

AnySource = Union[str, "os.PathLike[str]", int, Source, Iterable[Item]]


def open_source(source: AnySource, options: SourceOptions | None = None) -> Source:
    """Open what frames are to be read from.

    Args:
        source: path of a video, of a folder of images or of one image; number or path of a camera
            (``0``, ``/dev/video0``); address of a stream (``rtsp://…``); a GStreamer pipeline that
            ends in an appsink (``v4l2src ! … ! appsink``); an iterable of `Frame`, of uint8 images
            (BGR, or gray with two dimensions), or of (image, timestamp in nanoseconds); or a
            `Source`, which is returned as it is.
        options: frames per second of images without times, time limit of streams, turn of pictures;
            they say nothing of a `Source`.

    Raises:
        InputError: nothing is there, or it cannot be read as frames.
        MissingExtraError: OpenCV is needed and not installed.

    Example:
        >>> import numpy as np
        >>> images = [np.zeros((48, 64), np.uint8)] * 3
        >>> with open_source(images, SourceOptions(fps=25)) as source:
        ...     [frame.timestamp_ns for frame in source]
        [0, 40000000, 80000000]
    """
    options = options or SourceOptions()
    if isinstance(source, Source):
        return source
    opened = _opened(source, options)
    return TurnedSource(opened, options.rotate) if options.rotate else opened


def _opened(source: AnySource, options: SourceOptions) -> Source:
    if isinstance(source, bool):
        raise OptionError(f"A source must be a path, a camera's number or frames, got {source}.")
    if isinstance(source, int):
        return LiveSource(source, options)
    if isinstance(source, (str, os.PathLike)):
        return _open_named(os.fspath(source), options)
    if isinstance(source, Iterable):
        return MemorySource(source, options)
    raise OptionError(
        f"A source must be a path, a camera's number or frames, got {type(source).__name__}."
    )


def _open_named(name: str, options: SourceOptions) -> Source:
    if is_live_name(name):
        return LiveSource(name, options)
    if not name:
        raise InputError("A source must be a path, a camera's number or an address, got nothing.")
    path = Path(name)
    if not is_there(path):
        if name.isdecimal():
            return LiveSource(int(name), options)
        raise InputError(f"There is no file or folder {name}: check the path.")
    if _are_pictures(path):
        return ImageFiles(path, options)
    if path.is_fifo():
        raise InputError(
            f"A video must be a file, in which one can go back, and {name} is a pipe: write it "
            "into a file first."
        )
    if path.is_file() and path.stat().st_size == 0:
        raise InputError(f"{name} must be a video and is an empty file: fetch it anew.")
    return VideoFile(path, options)


def takes_rate(name: str) -> bool:
    """Whether `SourceOptions.fps` says something of what is named: pictures, or a camera.

    A video file has times of its own and a stream those of its arrival.

    Example:
        >>> [takes_rate(name) for name in ("0", "examples/data/demo.mp4", "rtsp://host/live")]
        [True, False, False]
    """
    if is_live_name(name):
        return is_camera(name)
    path = Path(name)
    return not is_there(path) or _are_pictures(path)


def _are_pictures(path: Path) -> bool:
    return path.is_dir() or path.suffix.lower() in IMAGE_SUFFIXES
