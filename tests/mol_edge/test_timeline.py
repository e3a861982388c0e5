import dataclasses

import numpy as np
import pytest

from mol_edge.motion_log import MotionLog
from mol_edge.pen import ACCENT
from mol_edge.results import FrameResult
from mol_edge.timeline import STRIP_HEIGHT, Strip, describe, draw_timeline
from tests.mol_edge.synthetic_results import MOTION, make_event, make_face

pytest.importorskip("cv2")

DAY = 86_400_000_000_000
MOUTH = (40, 159, 230)
BROWS = (233, 180, 86)


def moving(index, mouth=0.1, events=(), face=True):
    shown = dataclasses.replace(make_face(), motion={**MOTION, "mouth": mouth, "left_brow": 0.0})
    return FrameResult(index, index * 40_000_000, (shown,) if face else (), int(face), events)


def columns_with(picture, colour, tolerance=10):
    near = np.abs(picture.astype(int) - colour).max(axis=2) <= tolerance
    return near.any(axis=0)


def rows_with(picture, colour, tolerance=10):
    near = np.abs(picture.astype(int) - colour).max(axis=2) <= tolerance
    return near.sum(axis=1)


def test_an_event_is_described_in_a_line():
    event = make_event()
    assert describe(event, trained=True) == "micro, 280 ms, mouth 0.8 px, negative 70%"
    assert describe(event, trained=False) == "micro, 280 ms, mouth 0.8 px"
    assert describe(make_event(label=False), trained=True) == "micro, 280 ms, mouth 0.8 px"
    assert describe(make_event(0, 5, 40), trained=False) == "macro, 1600 ms, mouth 0.8 px"


def test_the_strip_moves_to_the_left():
    """A short movement of the mouth at 1 s is seen, and a second later a sixth of the width on."""
    strip, seen = Strip(seconds=6), {}
    for index in range(100):
        picture = strip.draw(
            moving(index, mouth=1.0 if 24 <= index <= 26 else 0.0), 1028, STRIP_HEIGHT
        )
        if index in (50, 75):
            # The name of the row has its colour too.
            columns = np.flatnonzero(columns_with(picture[:, 70:], MOUTH)) + 70
            seen[index] = columns.mean()
    assert picture.shape == (STRIP_HEIGHT, 1028, 3)
    assert seen[50] - seen[75] == pytest.approx((1028 - 80) / 6, abs=3)


def test_the_strip_marks_events_and_their_apex():
    strip = Strip(seconds=6)
    for index in range(20):
        picture = strip.draw(moving(index), 1028, STRIP_HEIGHT)
    assert not columns_with(picture[30:, 64:], ACCENT, 30).any()
    for index in range(20, 40):
        events = (make_event(3, 5, 10),) if index == 20 else ()
        picture = strip.draw(moving(index, events=events), 1028, STRIP_HEIGHT)
    apex = np.flatnonzero(columns_with(picture[30:, 64:], ACCENT, 30)) + 64
    # The newest frame, at the right end, is at 1.56 s; the apex was at 0.2 s.
    expected = 64 + 948 * (1 - 1.36 / 6)
    assert apex.mean() == pytest.approx(expected, abs=1.5)


def test_where_there_is_no_face_there_is_no_line():
    strip = Strip(seconds=6)
    for index in range(120):
        picture = strip.draw(moving(index, mouth=0.4, face=index < 60), 1028, STRIP_HEIGHT)
    shown = columns_with(picture[87:104, 70:], MOUTH, 40)
    assert shown[200:560].mean() > 0.9
    assert not shown[580:].any()


def test_a_whole_run_is_a_picture_with_named_events():
    log = MotionLog()
    for index in range(250):
        events = (make_event(100, 105, 110),) if index == 120 else ()
        log.add(moving(index, mouth=0.9 if 100 <= index <= 110 else 0.05, events=events))
    picture = draw_timeline(log, title="a.mp4")
    assert picture.shape == (660, 1600, 3)
    band = np.flatnonzero(columns_with(picture[140:540, 110:], ACCENT, 30)) + 110
    left, width = 84 * 1.25, (1280 - 84 - 28) * 1.25
    assert band.mean() == pytest.approx(left + width * 105 / 249, abs=3)
    # 0.9 and 0.1 pixels of rows that are 0.9 high, and 70 units of 1.25 pixels.
    heights = [(rows_with(picture[:, 110:], colour) > 0).sum() for colour in (MOUTH, BROWS)]
    assert heights == pytest.approx([87.5, 9.7], abs=3)
    plain = draw_timeline(log, trained=False, title="a.mp4")
    assert (plain != picture).any()


def test_times_count_from_the_first_frame_where_that_is_asked_for():
    """A live source's clock begins anywhere."""
    later = MotionLog()
    sooner = MotionLog()
    for index in range(250):
        sooner.add(moving(index))
        shifted = dataclasses.replace(moving(index), timestamp_ns=moving(index).timestamp_ns + DAY)
        later.add(shifted)
    plain = draw_timeline(sooner)
    assert (draw_timeline(later) != plain).any()
    np.testing.assert_array_equal(draw_timeline(later, since_start=True), plain)
    strips = Strip(), Strip(since_start=True)
    for index in range(50):
        shifted = dataclasses.replace(moving(index), timestamp_ns=moving(index).timestamp_ns + DAY)
        drawn = [
            strip.draw(result, 1000, STRIP_HEIGHT)
            for strip, result in zip(strips, (moving(index), shifted))
        ]
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_a_run_of_no_length_is_drawn(frames):
    log = MotionLog()
    for index in range(frames):
        log.add(moving(index))
    assert draw_timeline(log).shape == (660, 1600, 3)


def test_weeks_are_drawn():
    log = MotionLog()
    for day in range(21):
        log.add(FrameResult(day, day * 86_400 * 10**9, (make_face(),), 1))
    assert draw_timeline(log).shape == (660, 1600, 3)
