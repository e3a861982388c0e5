"""Sources that are told or programmed wrongly, read as any other."""

import sys

import numpy as np
import pytest

from mol_edge.health import HealthState as State
from mol_edge.sources import Source
from mol_edge.sources.connect import open_live
from mol_edge.sources.live_options import LiveOptions
from tests.mol_edge.live_sources import QUICK, noise, states, watched


def raises():
    raise TypeError("no number")
    yield


def exits():
    sys.exit(7)


def floats():
    yield noise(0).astype(np.float32)


class Arrays(Source):
    live, name = True, "arrays"

    def __iter__(self):
        yield noise(0)


LINE = raises.__code__.co_firstlineno + 1
ITEMS = "Frame objects, uint8 images or (image, timestamp in nanoseconds)"
WRONG = {
    f"raises must give {ITEMS}, and raised TypeError: no number (test_wrong.py, line {LINE}): "
    "correct that.": raises,
    f"exits must give {ITEMS}, and raised SystemExit: 7 (test_wrong.py, line {LINE + 5}): "
    "correct that.": exits,
    f"the camera must return an iterable of {ITEMS}, got int: return one, or yield each picture.": (
        lambda: 3
    ),
    "Frame.image must be a NumPy array of uint8, got an array of float32.": floats,
    "arrays must give Frame objects, got ndarray: make one of each picture.": Arrays(),
}


@pytest.mark.parametrize("message", WRONG)
def test_what_is_programmed_wrongly_has_failed_at_once(message):
    with open_live(WRONG[message], QUICK) as feed:
        told = watched(feed)
        assert list(feed) == []
    assert states(told) == [State.FAILED]
    assert (told[0].message, feed.reconnects) == (message, 0)


def test_frames_that_are_none_from_the_first_have_failed_at_once():
    with open_live([1.5, noise(0)], QUICK) as feed:
        assert list(feed) == []
    assert (feed.state.state, feed.reconnects) == (State.FAILED, 0)
    assert "must give Frame objects, uint8 images or" in feed.state.message


def test_a_pipeline_that_is_written_wrongly_has_failed_at_once():
    with open_live("videotestsrc ! fakesink", LiveOptions(open_s=300)) as feed:
        assert list(feed) == []
    assert (feed.state.state, feed.reconnects) == (State.FAILED, 0)
    assert feed.state.message.startswith("A GStreamer pipeline must end in an appsink")


def test_a_program_that_stumbles_over_a_camera_that_is_lost_is_called_again():
    opened, nothing = [], None

    def my_camera():
        opened.append(1)
        yield noise(len(opened))
        if len(opened) < 3:
            yield nothing[0]

    with open_live(my_camera, QUICK) as feed:
        told = watched(feed)
        for _ in feed:
            if len(opened) == 3:
                break
    assert feed.reconnects >= 2
    assert told[1].state is State.RECONNECTING
    assert (
        f"my_camera must give {ITEMS}, and raised TypeError: 'NoneType' object" in told[1].message
    )
