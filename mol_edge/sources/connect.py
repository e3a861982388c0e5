"""How each kind of source is read live: what reads it, and what recovers it.

| source | read by | newer pictures replace older ones | opened anew |
|---|---|---|---|
| camera, stream, GStreamer | process | yes | after an error, a hang, its end |
| file, folder | process, paced | yes | never |
| function that opens something | thread | yes | after an error, a hang, its end |
| `Source` with `live` | thread | yes | after an error, a hang, its end |
| iterable, other `Source` | thread | no: each is taken | goes on after an error if it can |

A source that has given no picture yet and cannot, because it is told or programmed wrongly, is not
opened anew.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Union

import numpy as np

from mol_edge.clock import Clock, MonotonicClock
from mol_edge.errors import InputError, OptionError
from mol_edge.frame import Frame
from mol_edge.sources import AnySource, SourceOptions, is_live_name, open_source
from mol_edge.sources.base import Source
from mol_edge.sources.connector import Connector
from mol_edge.sources.feed import LiveFeed
from mol_edge.sources.files import is_there
from mol_edge.sources.live import check_camera, display_name
from mol_edge.sources.live_options import LiveOptions
from mol_edge.sources.memory import Item, as_frame
from mol_edge.sources.paced import PacedSource
from mol_edge.sources.reader import Reader, ThreadReader
from mol_edge.sources.turned import turned
from mol_edge.sources.wrong import check_iterable, frames_of

LiveInput = Union[AnySource, "Callable[[], Iterable[Item]]"]


def open_live(
    source: LiveInput,
    options: LiveOptions | None = None,
    source_options: SourceOptions | None = None,
    clock: Clock | None = None,
) -> LiveFeed:
    """Put a source under guard; nothing is opened before the feed is iterated over or started.

    Args:
        source: what `mol_edge.open_source` takes, a file or folder being played at its own rate; or
            a function that opens a camera of your own and returns an iterable of frames, images
            or (image, timestamp), which is called again to reconnect.
        options: limits, and what to do beyond them.
        source_options: how the source is read.
        clock: what times are told by.

    Raises:
        InputError: there is no such file.
        OptionError: the source is none.

    Example:
        >>> with open_live("examples/data/demo.mp4") as feed:
        ...     frame = next(iter(feed))
        >>> frame.width, frame.height, feed.state.state.value
        (640, 480, 'ended')
    """
    options = options or LiveOptions()
    source_options = source_options or SourceOptions()
    clock = clock or MonotonicClock()
    if isinstance(source, (str, int, os.PathLike)) and not isinstance(source, bool):
        connector = _named(source, options, source_options)
    elif isinstance(source, Source):
        connector = _source(source, clock)
    elif isinstance(source, Iterable):
        connector = _iterable(source, source_options, clock)
    elif callable(source):
        connector = _function(source, source_options, clock)
    else:
        raise OptionError(
            "A live source must be a path, a camera's number, frames or a function that opens "
            f"them, got {type(source).__name__}."
        )
    return LiveFeed(connector, options, clock)


def is_live_input(source: LiveInput) -> bool:
    """Whether a source goes on whether or not it is read: no recording and no iterable.

    Example:
        >>> [is_live_input(source) for source in ("0", "rtsp://host/live", "a.mp4", [])]
        [True, True, False, False]
    """
    if isinstance(source, Source):
        return source.live
    if isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        return is_live_name(name) or (name.isdecimal() and not os.path.exists(name))
    return isinstance(source, int) or (callable(source) and not isinstance(source, Iterable))


def _named(
    source: str | int | os.PathLike[str], options: LiveOptions, source_options: SourceOptions
) -> Connector:
    """A camera, a stream or a file."""
    place = source if isinstance(source, int) else os.fspath(source)
    if isinstance(place, str) and place.isdecimal() and not os.path.exists(place):
        place = int(place)
    if isinstance(place, int):
        check_camera(place)
    live = isinstance(place, int) or is_live_name(place)
    if not live and not place:
        raise InputError("A source must be a path, a camera's number or an address, got nothing.")
    if not live and not is_there(Path(str(place))):
        raise InputError(f"There is no file or folder {place}: check the path.")
    name = display_name(place) if live else str(place)

    def in_process() -> Reader:
        # Processes and pipes are none of a program's business that reads files.
        from mol_edge.sources.child_reader import ChildReader

        return ChildReader(place, source_options, name)

    def in_thread() -> Reader:
        def frames() -> Iterator[Frame]:
            with open_source(place, source_options) as opened:
                yield from opened if opened.live else PacedSource(opened)

        return ThreadReader(frames, name)

    opener = in_process if options.guard == "process" else in_thread
    return Connector(name, opener, reopens=live, retries=live)


def _source(source: Source, clock: Clock) -> Connector:
    def open_() -> Reader:
        return ThreadReader(
            lambda: frames_of(source),
            source.name,
            clock,
            incomplete=lambda: source.incomplete,
            own=True,
        )

    ends = isinstance(source, PacedSource) or not source.live
    return Connector(
        source.name,
        open_,
        drops=source.live,
        reopens=not ends,
        retries=not ends,
        period_ns=source.period_ns,
    )


def _iterable(items: Iterable[Item], options: SourceOptions, clock: Clock) -> Connector:
    """Something that is read once; after an exception the same iterator is asked again."""
    numbers = itertools.count()
    begun: list[Iterator[Item]] = []

    def frames() -> Iterator[Frame]:
        if not begun:
            begun.append(iter(items))
        for item in begun[0]:
            yield turned(as_frame(item, next(numbers), options.period_ns), options.rotate)

    return Connector(
        "frames",
        lambda: ThreadReader(frames, "frames", clock, own=True),
        drops=False,
        reopens=False,
    )


def _function(
    opener: Callable[[], Iterable[Item]], options: SourceOptions, clock: Clock
) -> Connector:
    name = getattr(opener, "__name__", type(opener).__name__)
    name = "the camera" if name == "<lambda>" else name

    def frames() -> Iterator[Frame]:
        opened = opener()
        check_iterable(opened, name)
        try:
            for index, item in enumerate(opened):
                # What has no time of its own gets that of its arrival.
                timed = (item, clock.now_ns()) if isinstance(item, np.ndarray) else item
                yield turned(as_frame(timed, index, options.period_ns), options.rotate)
        finally:
            # A camera has to be let go before it can be opened anew.
            let_go = getattr(opened, "close", None)
            if callable(let_go):
                let_go()

    return Connector(name, lambda: ThreadReader(frames, name, clock, own=True))
