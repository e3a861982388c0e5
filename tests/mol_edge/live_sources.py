"""A clock that a test holds, and sources that fail on cue."""

from __future__ import annotations

import random

import numpy as np

from mol_edge.frame import Frame
from mol_edge.sources.connector import Connector
from mol_edge.sources.feed import LiveFeed
from mol_edge.sources.live_options import LiveOptions
from mol_edge.sources.reader import Captured, EndOfSource

MS = 1_000_000
SECOND = 1_000_000_000
QUICK = LiveOptions(stall_s=0.2, hang_s=0.4, backoff_s=0.01, backoff_most_s=0.02)


def watched(feed):
    """The states that a feed is going to tell."""
    told = []
    feed.on_state = told.append
    return told


class HeldClock:
    """Time passes only when somebody waits."""

    def __init__(self, now_ns=SECOND):
        self._now, self._alarm = now_ns, None

    @property
    def now(self):
        return self._now

    @now.setter
    def now(self, now_ns):
        self._now = now_ns
        if self._alarm is not None and now_ns >= self._alarm[0]:
            (_, call), self._alarm = self._alarm, None
            call()

    def at(self, seconds, call):
        """Call something when a time has come."""
        self._alarm = round(seconds * 1e9), call

    def now_ns(self):
        return self._now

    def wait(self, seconds, stop):
        self.now += round(seconds * 1e9)


def noise(number, size=(48, 64)):
    """A picture unlike any other."""
    return np.random.default_rng(number).integers(30, 255, (*size, 3), np.uint8)


class Script:
    """What a source does, opening by opening: (seconds from the step before, what happens).

    What happens is a picture, an (image, timestamp), an exception, or "end". A script that is
    over hangs. The last opening's script serves all further ones.
    """

    def __init__(self, clock, *openings):
        self.clock, self.openings, self.opened = clock, openings, []

    def open(self):
        steps = self.openings[min(len(self.opened), len(self.openings) - 1)]
        if isinstance(steps, Exception):
            self.opened.append(None)
            raise steps
        self.opened.append(ScriptedReader(self.clock, iter(steps)))
        return self.opened[-1]


class ScriptedReader:
    name, period_ns, overrun, hanging = "camera 7", None, 0, False

    def __init__(self, clock, steps):
        self.clock, self.steps, self.closed = clock, steps, False
        self.begun_ns = clock.now_ns()
        self.next = next(self.steps, None)

    def poll(self, seconds):
        assert not self.closed
        limit = self.clock.now + round(seconds * 1e9)
        if self.next is None or self.next_ns > limit:
            self.clock.now = limit
            return None
        after, what = self.next
        self.begun_ns += round(after * 1e9)
        self.clock.now = max(self.clock.now, self.begun_ns)
        self.next = next(self.steps, None)
        if isinstance(what, Exception):
            raise what
        if isinstance(what, str):
            raise EndOfSource()
        image, time_ns = what if isinstance(what, tuple) else (what, self.begun_ns)
        format = "gray" if image.ndim == 2 else "bgr"
        return Captured(Frame(image, time_ns, 0, format), self.begun_ns)

    @property
    def next_ns(self):
        """When the next thing happens, or None."""
        return None if self.next is None else self.begun_ns + round(self.next[0] * 1e9)

    def close(self):
        self.closed = True


def make_feed(clock, *openings, options=None, **connector):
    """A feed of scripts, with what it tells."""
    script = Script(clock, *openings)
    feed = LiveFeed(
        Connector("camera 7", script.open, **connector),
        options,
        clock,
        random.Random(0),
        threaded=False,
    )
    told = []
    feed.on_state = told.append
    return feed, script, told


def steps_of(feed, until_s, clock):
    """Step the feed until a time, taking each frame; the frames."""
    taken = []
    while clock.now < until_s * SECOND and not feed.state.state.final:
        feed.step()
        captured = feed._mailbox.take(wait=False)
        if captured is not None:
            taken.append(captured.frame)
    return taken


def pictures(count, period_s=0.05, first=0):
    """So many pictures at a rate."""
    return [(period_s, noise(first + number)) for number in range(count)]


def states(told):
    """The states that a feed told."""
    return [state.state for state in told]
