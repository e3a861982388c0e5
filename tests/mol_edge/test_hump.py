"""The shape of one movement."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mol_edge import cells
from mol_edge.errors import ArrayError
from mol_edge.hump import measure
from mol_edge.path_history import PathWindow

NOISE = np.full((cells.COUNT, 2), 0.03)


def window_of(course: np.ndarray, period_ms: float, drift: float = 0.0) -> PathWindow:
    """A window in which the mouth's left corner follows a course, and the face drifts."""
    count = len(course)
    paths = np.random.default_rng(0).normal(0, 0.01, (count, cells.COUNT, 2))
    paths[:, 6, 0] += course
    paths += drift * np.arange(count)[:, None, None] * period_ms / 1000
    times = np.round(np.arange(count) * period_ms * 1e6).astype(np.int64)
    return PathWindow(times, np.arange(count), paths, np.zeros(count, np.bool_))


def course(shape: str, times: np.ndarray, onset: float, apex: float, offset: float) -> np.ndarray:
    rise = np.clip((times - onset) / (apex - onset), 0, 1)
    fall = np.clip((times - apex) / (offset - apex), 0, 1)
    if shape == "line":
        return rise - fall
    return 0.5 * (np.cos(np.pi * fall) - np.cos(np.pi * rise))


@pytest.mark.parametrize("shape", ["line", "cosine"])
@pytest.mark.parametrize("drift", [0.0, 0.25])
def test_turning_points(shape, drift):
    times = np.arange(0, 900, 10.0)
    hump = measure(
        window_of(0.8 * course(shape, times, 300, 420, 600), 10, drift), 250_000_000, NOISE
    )
    assert hump is not None and hump.ended
    assert hump.onset_ns / 1e6 == pytest.approx(300, abs=35)
    assert hump.apex_ns / 1e6 == pytest.approx(420, abs=25)
    assert hump.offset_ns / 1e6 == pytest.approx(600, abs=45)
    assert (hump.onset, hump.apex) == (hump.onset_ns // 10_000_000, hump.apex_ns // 10_000_000)
    assert hump.period_ms == pytest.approx(10)
    assert hump.peak[6, 0] == pytest.approx(0.8, abs=0.1)
    assert np.abs(np.delete(hump.peak, 6, axis=0)).max() < 0.06


@pytest.mark.parametrize("now", [380, 430, 480, 520])
def test_it_has_not_ended_before_it_is_back(now):
    times = np.arange(0, now, 10.0)
    hump = measure(window_of(course("cosine", times, 300, 420, 600), 10), 250_000_000, NOISE)
    assert hump is None or not hump.ended


def test_a_step_does_not_end():
    times = np.arange(0, 1200, 10.0)
    step = np.clip((times - 300) / 120, 0, 1)
    for until in range(35, 120, 5):
        hump = measure(window_of(step[:until], 10), 250_000_000, NOISE)
        assert hump is None or not hump.ended


def test_frames_however_far_apart_are_no_error():
    random = np.random.default_rng(7)
    found = 0
    for period_ms in (5.0, 40.0, 120.0, 370.0):
        for _ in range(40):
            window = window_of(np.cumsum(random.normal(0, 0.3, 12)), period_ms)
            gaps = np.cumsum(random.exponential(period_ms * 1e6, 12)).astype(np.int64)
            began = int(random.integers(gaps[0], gaps[-1]))
            uneven = PathWindow(gaps, window.indices, window.paths, window.blinks)
            found += measure(uneven, began, NOISE) is not None
    assert found > 40


def test_a_tail_that_creeps_back_hardly_lengthens_it():
    """As a video codec leaves it: the last quarter takes as long as the rest."""
    times = np.arange(0, 1300, 10.0)
    plain = course("line", times, 300, 400, 600)
    late = 0.2 * np.clip((750 - times) / 210, 0, 1)
    crept = np.where(times > 540, np.maximum(plain, late), plain)
    ends = []
    for path in (plain, crept):
        hump = measure(window_of(path, 10), 250_000_000, NOISE)
        assert hump is not None and hump.ended
        ends.append(hump.offset_ns / 1e6)
    assert ends[0] == pytest.approx(600, abs=45)
    assert ends[1] - ends[0] < 50


@pytest.mark.parametrize("left", [0.0, 0.35])
def test_a_step_is_where_it_rests_after(left):
    times = np.arange(0, 1200, 10.0)
    fall = np.clip((times - 420) / 180, 0, 1)
    rise = np.clip((times - 300) / 120, 0, 1)
    hump = measure(window_of(rise - (1 - left) * fall, 10), 250_000_000, NOISE)
    assert hump is not None and hump.ended
    # In parts of its height above the line from before to after.
    assert hump.step == pytest.approx(left / (1 - 0.4 * left), abs=0.08)


@pytest.mark.parametrize("earlier", [0.0, 0.5])
def test_what_the_pattern_does_beside_is_measured(earlier):
    times = np.arange(0, 1200, 10.0)
    path = course("cosine", times, 400, 520, 700) + earlier * course("cosine", times, 60, 150, 240)
    hump = measure(window_of(path, 10), 390_000_000, NOISE)
    assert hump is not None and hump.ended
    assert hump.beside == pytest.approx(earlier, abs=0.12)


def test_what_follows_no_single_pattern_is_explained_less():
    times = np.arange(0, 1000, 10.0)
    window = window_of(course("cosine", times, 300, 420, 600), 10)
    one = measure(window, 250_000_000, NOISE)
    window.paths[:, 2, 1] += 0.9 * np.sin((times - 300) / 40) * ((times > 300) & (times < 600))
    several = measure(window, 250_000_000, NOISE)
    assert one is not None and several is not None and one.ended and several.ended
    assert one.explained > 0.95
    assert several.explained < 0.85


@pytest.mark.parametrize("times", [[0, 10, 10, 20, 30], [0, 20, 10, 30, 40]])
def test_times_that_do_not_rise_are_refused(times):
    window = window_of(np.zeros(5), 10)
    window = replace(window, times_ns=np.array(times) * 1_000_000)
    with pytest.raises(ArrayError, match="Times of rows must rise"):
        measure(window, 5_000_000, NOISE)


def test_frames_a_nanosecond_apart_take_no_longer():
    window = window_of(np.zeros(2000), 1e-6)
    assert measure(window, 5, NOISE) is None
