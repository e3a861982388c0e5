"""Paths of the cells, their noise, and blinks."""

from __future__ import annotations

import numpy as np
import pytest

from mol_edge import cells
from mol_edge.errors import OptionError
from mol_edge.motion import Motion
from mol_edge.path_history import PathHistory

PERIOD_NS = 20_000_000


def step(vectors: np.ndarray, confidence: np.ndarray | None = None) -> Motion:
    still = Motion.still()
    moved = vectors.astype(np.float32)
    sure = still.confidence if confidence is None else confidence
    return Motion(moved, np.hypot(*moved.T), sure, still.head, still.axes, still.deviation)


def test_noise_is_learned_from_the_still_face():
    rng = np.random.default_rng(0)
    history = PathHistory(2000)
    places = rng.normal(0, 0.1, (300, 68, 2))
    for k in range(1, 300):
        assert history.add(k * PERIOD_NS, k, step(places[k] - places[k - 1]))
        history.learn_noise()
    # A mean of three patches, the difference of two such means.
    expected = 0.1 / np.sqrt(3) * np.sqrt(2)
    assert np.median(history.noise[:4]) == pytest.approx(expected, rel=0.3)


def test_old_rows_are_forgotten():
    history = PathHistory(500)
    for k in range(5000):
        history.add(k * PERIOD_NS, k, step(np.zeros((68, 2))))
    assert history.span_ms == pytest.approx(500, abs=20)
    assert len(history.since(0).times_ns) == 26


def test_time_that_steps_back_is_refused():
    history = PathHistory(500)
    still = step(np.zeros((68, 2)))
    assert history.add(100, 0, still)
    assert history.add(200, 1, still)
    assert not history.add(200, 2, still)


def test_motion_that_is_no_number_is_not_seen_and_spoils_nothing_that_follows():
    rng = np.random.default_rng(0)
    history = PathHistory(5000)
    for k in range(1, 300):
        vectors = rng.normal(0, 0.1, (68, 2))
        if 100 <= k < 150:
            vectors[rng.random((68, 2)) < 0.5] = np.nan
        confidence = np.full(68, np.nan if 120 <= k < 140 else 1, np.float32)
        assert history.add(k * PERIOD_NS, k, step(vectors, confidence))
        history.learn_noise()
        if k == 125:
            assert history.since(k * PERIOD_NS).blinks.all()
    assert 0.02 < history.noise[:4].min() < history.noise.max() < 1
    assert history.trusted.all() and np.isfinite(history.speed).all()


def test_a_time_below_zero_is_refused():
    with pytest.raises(OptionError, match="Timestamps must be 0 or more nanoseconds, got -1"):
        PathHistory(500).add(-1, 0, step(np.zeros((68, 2))))


@pytest.mark.parametrize("sign", ["hidden", "closing"])
def test_brows_go_straight_through_a_blink(sign):
    history = PathHistory(5000)
    lids = np.zeros((68, 2))
    lids[[37, 38, 43, 44], 1] = 1.0
    brows = np.zeros((68, 2))
    brows[17:27, 1] = 0.2
    unsure = np.ones(68, np.float32)
    unsure[36:48] = 0.1
    for k in range(100):
        vectors, confidence = np.zeros((68, 2)), None
        if 50 <= k < 54:
            vectors = lids + brows
        elif 54 <= k < 58:
            vectors = -lids - brows
        if sign == "hidden" and 50 <= k < 58:
            confidence = unsure
        history.add(k * PERIOD_NS, k, step(vectors, confidence))
    window = history.since(0)
    assert window.blinks[50:57].all()
    assert not window.blinks[:49].any() and not window.blinks[66:].any()
    assert np.abs(window.paths[:, cells.BROWS]).max() < 0.15


@pytest.mark.parametrize(("way", "seen"), [(0.1, 0.1), (0.5, 0.0)])
def test_brows_are_seen_through_blinks_that_hardly_move_them(way, seen):
    history = PathHistory(5000)
    lids = np.zeros((68, 2))
    lids[[37, 38, 43, 44], 1] = 1.0
    lids[17:27, 1] = way / 4
    for k in range(200):
        phase = k % 50 - 25
        vectors = lids if 0 <= phase < 4 else -lids if 4 <= phase < 8 else 0 * lids
        history.add(k * PERIOD_NS, k, step(vectors))
        if k < 60:
            assert history.blink_leak is None
    assert history.blink_leak is not None
    # A mean of patches and the place where it was.
    assert history.blink_leak[0] == pytest.approx(3 * max(way, 0.1), rel=0.15)
    assert np.abs(history.since(0).paths[-50:, 0, 1]).max() == pytest.approx(seen, abs=0.03)
