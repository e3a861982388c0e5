"""The face as cells of neighbouring landmarks."""

from __future__ import annotations

import numpy as np

from mol_edge import cells
from mol_edge.cells import CellPaths
from mol_edge.motion import REGIONS, Motion


def motion_of(vectors: np.ndarray, since_ns: int | None = None, **changes: np.ndarray) -> Motion:
    still = Motion.still()
    fields = {
        "confidence": still.confidence, "head": still.head, "axes": still.axes,
        "deviation": still.deviation, **changes,
    }  # fmt: skip
    moved = vectors.astype(np.float32)
    return Motion(moved, np.hypot(*moved.T), since_ns=since_ns, **fields)


def test_paths_add_up_over_motions_that_span_several_frames():
    rng = np.random.default_rng(0)
    places = np.cumsum(rng.normal(0, 0.1, (40, 68, 2)), axis=0)
    places -= places[0]
    paths = CellPaths()
    paths.start(0)
    for k in range(1, 40):
        since = max(0, k - 3)
        assert paths.add(k * 10, motion_of(places[k] - places[since], since * 10))
    expected = places[-1][[17, 18, 19]].mean(0)
    np.testing.assert_allclose(paths.path[0], expected, atol=0.02)
    assert paths.seen.all()


def test_motion_from_an_unknown_time_is_not_joined():
    paths = CellPaths()
    paths.start(100)
    still = np.zeros((68, 2))
    assert paths.add(200, motion_of(still, 100))
    assert not paths.add(300, motion_of(still, 150))
    assert paths.add(300, motion_of(still, None))


def test_what_is_not_seen_does_not_count():
    vectors = np.zeros((68, 2))
    vectors[17] = (0, 5)
    vectors[18:20] = (0, 1)
    deviation = np.full((68, 2), 0.02, np.float32)
    deviation[17] = np.inf
    paths = CellPaths()
    paths.start(0)
    paths.add(10, motion_of(vectors, 0, deviation=deviation))
    np.testing.assert_allclose(paths.path[0], (0, 1), atol=0.03)


def test_an_edge_counts_along_its_normal_alone():
    vectors = np.zeros((68, 2))
    vectors[17] = (0, 1)
    vectors[18:20] = (0.5, 0)
    axes = np.tile(np.array([1, 0], np.float32), (68, 1))
    axes[17] = (0, 1)
    deviation = np.full((68, 2), 0.02, np.float32)
    deviation[17:20, 1] = np.inf
    paths = CellPaths()
    paths.start(0)
    paths.add(10, motion_of(vectors, 0, axes=axes, deviation=deviation))
    np.testing.assert_allclose(paths.path[0], (0.5, 1), atol=0.05)


def test_common_motion_is_taken_away_and_an_expression_stays():
    noise = np.full((cells.COUNT, 2), 0.03)
    moved = np.full((cells.COUNT, 2), 0.4)
    moved[6] += (0.0, 0.8)
    own = cells.without_common_motion(moved, noise)
    np.testing.assert_allclose(own[6], (0, 0.8), atol=0.02)
    np.testing.assert_allclose(np.delete(own, 6, axis=0), 0, atol=0.02)


def test_regions_take_the_strongest_cell():
    values = np.zeros(cells.COUNT)
    values[6], values[7] = 0.3, 0.9
    regions = cells.strongest_by_region(values)
    assert tuple(regions) == REGIONS
    assert regions["mouth"] == 0.9
    assert sum(regions.values()) == 0.9
