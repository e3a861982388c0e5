import dataclasses

import numpy as np
import pytest

from mol_edge.errors import OptionError
from mol_edge.motion_log import ROWS, MotionLog, RecentMotion, row_values
from mol_edge.results import FrameResult
from tests.mol_edge.synthetic_results import MOTION, make_event, make_face, make_result


def moving(index, mouth, events=()):
    face = dataclasses.replace(make_face(), motion={**MOTION, "mouth": mouth})
    return FrameResult(index, index * 40_000_000, (face,), 1, events)


def test_a_row_is_the_stronger_of_its_sides():
    values = dict(zip(ROWS, row_values(make_face()).tolist()))
    expected = {"brows": 0.3, "eyes": 0.05, "nose": 0.02, "mouth": 0.4, "chin": 0.06}
    assert values == pytest.approx(expected)
    assert np.isnan(row_values(make_face(window=False))).all()
    assert np.isnan(row_values(None)).all()


def test_the_last_seconds_are_kept_with_their_events():
    recent = RecentMotion(seconds=0.4)
    for index in range(40):
        recent.add(moving(index, 0.1, (make_event(),) if index == 12 else ()))
        if index == 19:
            assert len(recent.events) == 1
    assert len(recent.times_s) == len(recent.values) == 11
    assert recent.times_s[0] == pytest.approx(1.16)
    # It ended at 0.4 s.
    assert not recent.events
    assert recent.count == 1


def test_a_clock_that_goes_back_begins_anew():
    recent = RecentMotion()
    for index in (10, 11, 3, 4):
        recent.add(make_result(index))
    assert list(recent.times_s) == pytest.approx([0.12, 0.16])


def test_the_log_keeps_the_strongest_of_each_span():
    log = MotionLog(bins=64, bin_ms=80)
    for index in range(10):
        log.add(moving(index, 0.1 * index))
    mouth = log.values[:, list(ROWS).index("mouth")]
    np.testing.assert_allclose(mouth, [0.1, 0.3, 0.5, 0.7, 0.9], atol=1e-6)
    assert (log.start_s, log.bin_s, log.seconds) == (0, 0.08, pytest.approx(0.36))


def test_a_long_run_has_longer_spans_and_loses_no_peak():
    log = MotionLog(bins=16, bin_ms=40)
    for index in range(1000):
        log.add(moving(index, 2.0 if index in (3, 500, 999) else 0.1))
    mouth = log.values[:, list(ROWS).index("mouth")]
    assert len(mouth) <= 16
    assert log.bin_s == pytest.approx(0.04 * 64)
    assert np.flatnonzero(mouth > 1.9).tolist() == [0, 7, 15]


def test_frames_without_a_face_leave_holes():
    log = MotionLog(bins=8, bin_ms=40)
    for index, faces in enumerate((1, 0, 1)):
        log.add(make_result(index, faces_found=faces))
    assert np.isnan(log.values[:, 0]).tolist() == [False, True, False]


def test_a_camera_slower_than_the_spans_leaves_none():
    log = MotionLog(bins=128, bin_ms=10)
    for index in (0, 1, 2, 20):
        log.add(moving(index, 0.1 * (1 + index)))
    mouth = log.values[:, list(ROWS).index("mouth")]
    np.testing.assert_allclose(mouth[:9], [0.1, *[0.2] * 4, *[0.3] * 4], atol=1e-6)
    # 720 ms without a frame are a hole.
    assert np.isnan(mouth[9:-1]).all()
    assert mouth[-1] == pytest.approx(2.1)


def test_it_begins_at_the_first_frame_whatever_its_time():
    log = MotionLog(bins=8, bin_ms=40)
    for index in (1000, 1001, 5):
        log.add(make_result(index))
    assert log.start_s == 40.0
    assert len(log.values) == 2


def test_events_are_bounded():
    log = MotionLog()
    for index in range(2005):
        log.add(moving(index, 0.1, (make_event(),)))
    assert (len(log.events), log.dropped_events) == (2000, 5)


@pytest.mark.parametrize("options", [{"bins": 3}, {"bins": 0}, {"bin_ms": 0}])
def test_options_are_checked(options):
    with pytest.raises(OptionError, match="even number of bins and a length above 0"):
        MotionLog(**options)
