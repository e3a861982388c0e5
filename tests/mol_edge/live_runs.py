"""Live runs whose results are empty, and what they called."""

from mol_edge.errors import DeviceError
from mol_edge.live import LiveRun
from mol_edge.results import FrameResult
from mol_edge.run import Run
from mol_edge.sources.connect import open_live

PATIENCE_S = 60


class Heard:
    """What a live run called, in order."""

    def __init__(self):
        self.calls = []
        self.results, self.events, self.health = [], [], []

    def on_result(self, result):
        self.calls.append(("result", result.index))
        self.results.append(result)

    def on_event(self, event):
        self.calls.append(("event", event))
        self.events.append(event)

    def on_health(self, health):
        self.calls.append(("health", health.state))
        self.health.append(health)

    @property
    def states(self):
        return [health.state for health in self.health]

    @property
    def all(self):
        return {
            "on_result": self.on_result,
            "on_event": self.on_event,
            "on_health": self.on_health,
        }


def plain_run(feed, events=None, raises=None):
    """A run whose results are empty but for the events given by frame index."""

    def results():
        for frame in feed:
            if frame.index == raises:
                raise DeviceError("The device is gone: plug it in.")
            found = (events or {}).get(frame.index, ())
            yield frame, FrameResult(frame.index, frame.timestamp_ns, events=found)

    return Run(feed, results(), lambda: None)


def follow(source, heard, options=None, **settings):
    feed = open_live(source, options)
    return LiveRun(plain_run(feed, **settings), feed, **heard.all)
