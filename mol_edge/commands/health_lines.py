"""How a live source is doing, as lines among its results."""

from __future__ import annotations

import logging
import queue
from typing import Any

from mol_edge.sinks import JsonlSink
from mol_edge.sources.connector import FeedState
from mol_edge.sources.feed import LiveFeed

log = logging.getLogger(__name__)


class HealthLines:
    """Writes each change of a feed's state into the JSON lines, and warns where it ails.

    The feed tells of a change in its own thread; the line is written with the next result.

    Args:
        feed: the source, or None: nothing is written.
        lines: where to.
    """

    def __init__(self, feed: LiveFeed | None, lines: JsonlSink) -> None:
        self._feed, self._lines = feed, lines
        self._waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def write(self) -> None:
        """Write what has come since the last call."""
        while not self._waiting.empty():
            self._lines.write_record(self._waiting.get())

    def __enter__(self) -> HealthLines:
        if self._feed is not None:
            self._feed.on_state = self._take
        return self

    def __exit__(self, *_: object) -> None:
        self.write()

    def _take(self, state: FeedState) -> None:
        assert self._feed is not None
        told_elsewhere = state.state.value in ("connecting", "running", "ended", "failed")
        log.log(logging.INFO if told_elsewhere else logging.WARNING, "%s", state.message)
        self._waiting.put(
            {
                "kind": "health",
                "state": state.state.value,
                "since_ns": state.since_ns,
                "message": state.message,
                "frames": self._feed.frames,
                "dropped": self._feed.dropped,
                "withheld": self._feed.withheld,
                "reconnects": self._feed.reconnects,
            }
        )
