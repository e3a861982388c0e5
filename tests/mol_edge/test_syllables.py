"""Movements of a mouth that go on from others."""

from __future__ import annotations

import numpy as np
import pytest

from mol_edge import cells
from mol_edge.motion import Motion
from mol_edge.path_history import PathHistory
from mol_edge.syllables import is_syllable

PERIOD_NS = 20_000_000
MOUTH, BROW = 6, 0


def history_of(way: float, cell_points: tuple[int, ...]) -> PathHistory:
    """A second of rest, then 400 ms in which some points go to and fro by a way."""
    history, still = PathHistory(4000), Motion.still()
    before = np.zeros((68, 2), np.float32)
    for k in range(1, 71):
        place = np.zeros((68, 2), np.float32)
        place[list(cell_points), 1] = way * np.sin(k * np.pi / 5) ** 2 if k > 50 else 0
        vectors = place - before
        before = place
        moved = Motion(
            vectors, np.hypot(*vectors.T), still.confidence, still.head, still.axes, still.deviation
        )
        assert history.add(k * PERIOD_NS, k, moved)
        history.learn_noise()
    return history


def peak_of(cell: int) -> np.ndarray:
    peak = np.zeros((cells.COUNT, 2))
    peak[cell] = 0, 0.5
    return peak


@pytest.mark.parametrize(
    ("way", "points", "cell", "spoken"),
    [
        (0.6, (48, 49, 59, 60), MOUTH, True),
        (0.1, (48, 49, 59, 60), MOUTH, False),
        (0.6, (17, 18, 19), BROW, False),
        (0.6, (17, 18, 19), MOUTH, False),
    ],
)
def test_a_mouth_that_went_as_far_before_is_speaking(way, points, cell, spoken):
    assert is_syllable(history_of(way, points), 70 * PERIOD_NS, peak_of(cell)) is spoken


def test_where_nothing_before_is_known_nothing_is_a_syllable():
    history = history_of(0.6, (48, 49, 59, 60))
    assert not is_syllable(history, 2 * PERIOD_NS, peak_of(MOUTH))
