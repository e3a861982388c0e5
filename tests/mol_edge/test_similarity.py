import numpy as np
import pytest

from mol_edge.similarity import apply, fit_robustly, fit_similarity, scale_of

POINTS = np.random.default_rng(1).uniform(-50, 50, (16, 2))


def turned(angle, scale, shift):
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, -s, shift[0]], [s, c, shift[1]]])


def test_a_similarity_is_found_exactly():
    truth = turned(0.3, 1.7, (4.0, -9.0))
    np.testing.assert_allclose(fit_similarity(POINTS, apply(truth, POINTS)), truth, atol=1e-12)
    assert scale_of(truth) == pytest.approx(1.7)


def test_points_that_move_by_themselves_do_not_count():
    truth = turned(-0.1, 0.9, (1.0, 2.0))
    target = apply(truth, POINTS)
    target[[2, 7, 11]] += [[9, 0], [0, -6], [4, 4]]
    fit, keep = fit_robustly(POINTS, target, tolerance=0.5)
    np.testing.assert_allclose(fit, truth, atol=1e-9)
    assert np.flatnonzero(~keep).tolist() == [2, 7, 11]


def test_points_that_coincide_give_a_shift():
    fit = fit_similarity(np.ones((3, 2)), np.full((3, 2), 5.0))
    np.testing.assert_allclose(fit, [[1, 0, 4], [0, 1, 4]])
