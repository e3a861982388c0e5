"""Live runs of a pipeline on sources that fail on cue, by a clock that the test holds."""

from mol_edge.live import LiveRun
from mol_edge.options import PipelineOptions
from mol_edge.sources import SourceOptions
from mol_edge.track_options import TrackOptions
from tests.mol_edge.live_runs import PATIENCE_S, Heard
from tests.mol_edge.live_sources import make_feed

EACH_FRAME = PipelineOptions(source=SourceOptions(fps=20), track=TrackOptions(detect_ms=0))


def live_by_hand(pipe, clock, *openings, until_s=1000.0, options=None, **connector):
    """A live run of scripts, driven by the clock that the test holds; what it called."""
    feed, _, _ = make_feed(clock, *openings, options=options, **connector)
    clock.at(until_s, feed.close)
    heard = Heard()
    run = LiveRun(pipe.run(feed, "never"), feed, **heard.all)
    assert run.wait(PATIENCE_S).state.final
    return heard, run


def steps(shown, period_s=0.05):
    return [(period_s, image) for image in shown]
