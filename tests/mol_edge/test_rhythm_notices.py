"""What is said of a source that is slow, or whose times jump."""

import dataclasses
import logging

import numpy as np
import pytest

from mol_edge.frame import Frame
from mol_edge.results import WindowState
from mol_edge.rhythm_notices import RhythmNotices
from tests.mol_edge.synthetic_results import make_face

PICTURE = np.zeros((16, 16), np.uint8)
MS = 1_000_000
TOO_SLOW = (
    "8 frames do not fit the window of 350 ms at one each 66.7 ms, so none of that length is "
    "classified: "
)
LIGHTER = "compute no flow (--no-flow), take a faster device or smaller pictures"


@pytest.fixture(autouse=True)
def listening(caplog):
    caplog.set_level(logging.WARNING, "mol_edge")


class Watched:
    """Notices that are shown frame after frame."""

    def __init__(self, live=True):
        self.notices, self.time_ns, self.index = RhythmNotices(350, 600, live), 0, -1

    def see(self, after_ms, slow=False, segment=None, pictures=1, face=True):
        self.time_ns += round(after_ms * MS)
        self.index += pictures
        state = WindowState.CAMERA_TOO_SLOW if slow else WindowState.FILLING
        seen = dataclasses.replace(make_face(), window_state=state, new_segment=segment)
        frame = Frame(PICTURE, self.time_ns, self.index, "gray")
        self.notices.see(frame, [seen] if face else [], after_ms * MS)

    def jumping(self, times, pictures=1):
        """Seven frames at 60 a second, then a jump, so often."""
        for _ in range(times):
            self.see(100, segment="gap", pictures=pictures)
            for _ in range(6):
                self.see(1000 / 60)


def test_a_slow_camera_is_told_once_after_some_seconds(caplog):
    watched = Watched()
    for _ in range(40):
        watched.see(200 / 3, slow=True)
    assert caplog.messages == []
    for _ in range(40):
        watched.see(200 / 3, slow=True)
    assert caplog.messages == [f"{TOO_SLOW}raise the frame rate, or windows_ms (--windows-ms)."]


def test_a_recording_that_is_slow_is_told_at_once(caplog):
    watched = Watched(live=False)
    for _ in range(8):
        watched.see(100, slow=True)
    assert len(caplog.messages) == 1


def test_a_camera_that_is_late_for_a_moment_is_not_called_slow(caplog):
    watched = Watched()
    for slow in ([True] * 7 + [False]) * 3:
        watched.see(1000, slow)
    # As many frames as a fast camera gives while graphs are loaded.
    for slow in ([True] * 100 + [False]) * 3:
        watched.see(20, slow)
    assert caplog.messages == []
    for _ in range(10):
        watched.see(400, slow=True)
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(("pictures", "ours"), [(2, True), (1, False)])
def test_a_machine_that_is_slow_is_told_from_a_camera_that_is(caplog, pictures, ours):
    watched = Watched()
    for _ in range(60):
        watched.see(200 / 3, slow=True, pictures=pictures)
    (told,) = caplog.messages
    remedy = (
        "the source gives one each 33.3 ms, which is more than can be computed here, so "
        f"{LIGHTER}, or raise windows_ms (--windows-ms)."
    )
    assert told.startswith(TOO_SLOW)
    assert (remedy in told) == ours
    assert ("raise the frame rate" in told) != ours


def test_a_camera_that_is_slow_is_blamed_though_pictures_were_dropped_too(caplog):
    watched = Watched()
    for _ in range(60):
        watched.see(200, slow=True, pictures=2)
    assert "raise the frame rate" in caplog.messages[0]


def test_a_recording_whose_times_jump_is_told_at_its_end(caplog):
    watched = Watched(live=False)
    for _ in range(60):
        watched.see(1000 / 60)
    watched.jumping(20)
    assert caplog.messages == []
    watched.notices.end()
    watched.notices.end()
    # All but the first 60 of 200 frames come within 600 ms of a jump.
    assert caplog.messages == [
        "The times of the frames jump 20 times within 5.0 s, and nothing is measured across a "
        "jump, so that no event can be told in 70% of the frames with a face: give a video a "
        "constant rate (ffmpeg -i VIDEO -vf fps=60 OUT.mp4), or find out what dropped frames when "
        "it was taken."
    ]


def test_a_jump_now_and_then_is_not_told(caplog):
    watched = Watched(live=False)
    for _ in range(5):
        watched.jumping(1)
        for _ in range(600):
            watched.see(1000 / 60)
    once = Watched(live=False)
    once.jumping(1)
    for each in (watched, once):
        each.notices.end()
    assert caplog.messages == []


def test_jumps_without_a_face_cost_nothing(caplog):
    watched = Watched(live=False)
    for _ in range(50):
        watched.see(100, segment="gap", face=False)
    watched.notices.end()
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("pictures", "remedy"),
    [
        (4, f"more pictures come than can be computed here, so {LIGHTER}"),
        (1, "check the camera, its cable or network, and whether it lowers its rate in the dark"),
    ],
)
def test_a_live_source_whose_times_jump_is_told_while_it_runs(caplog, pictures, remedy):
    watched = Watched()
    watched.jumping(80, pictures)
    assert len(caplog.messages) == 1
    assert "no event can be told in 100% of the frames with a face: " in caplog.messages[0]
    assert caplog.messages[0].endswith(f": {remedy}.")
