"""A source that remembers the frames whose results are still to come, for the sinks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from mol_edge.frame import Frame
from mol_edge.sources import Source

_KEPT = 64


class Tap(Source):
    """Hands the frames of another source on and keeps the newest of them.

    Args:
        source: where the frames come from; closed with this one.
        limit: frames after which to stop, None for all.
    """

    def __init__(self, source: Source, limit: int | None = None) -> None:
        self._source, self._limit = source, limit
        self._frames: OrderedDict[int, Frame] = OrderedDict()
        self.name, self.period_ns, self.live = source.name, source.period_ns, source.live
        counts = [count for count in (source.frame_count, limit) if count is not None]
        self.frame_count = min(counts, default=None)

    def __iter__(self) -> Iterator[Frame]:
        """The other source's frames, at most `limit`."""
        for count, frame in enumerate(self._source, start=1):
            self._frames[frame.index] = frame
            while len(self._frames) > _KEPT:
                self._frames.popitem(last=False)
            yield frame
            if count == self._limit:
                return
        self.incomplete = self._source.incomplete

    def take(self, index: int) -> Frame:
        """The frame of that index; it and older ones are forgotten."""
        while True:
            kept, frame = self._frames.popitem(last=False)
            if kept == index:
                return frame

    def close(self) -> None:
        """Close the other source."""
        self._source.close()
