"""The statistics against SciPy's, and on samples whose truth is known."""

import numpy as np
import pytest

from mol_edge.benchmark.noise import Sample, holm, judge
from mol_edge.benchmark.student import quantile, tail


@pytest.mark.parametrize("freedom", [2.0, 5.5, 10.0, 60.0])
@pytest.mark.parametrize("t", [-3.0, 0.0, 0.4, 2.2, 9.0])
def test_student_is_scipys(t, freedom):
    stats = pytest.importorskip("scipy.stats")
    assert tail(t, freedom) == pytest.approx(stats.t.sf(t, freedom), rel=1e-9)
    probability = stats.t.sf(abs(t) + 0.1, freedom)
    assert quantile(probability, freedom) == pytest.approx(abs(t) + 0.1, rel=1e-6)


def test_tails_of_no_change_are_even():
    random = np.random.default_rng(3)
    samples = [Sample(*np.exp(0.03 * random.standard_normal((2, 6)))) for _ in range(2000)]
    below = np.array([change.slower for change in judge(samples)])
    for level in (0.01, 0.05, 0.5):
        assert (below < level).mean() == pytest.approx(level, abs=0.35 * level + 0.004)


def test_bounds_hold_the_truth():
    random = np.random.default_rng(4)
    held = 0
    for _ in range(500):
        before, after = np.exp(0.03 * random.standard_normal((2, 6)))
        change = judge([Sample(before, 1.1 * after)])[0]
        held += change.low <= 1.1 <= change.high
    assert 0.92 < held / 500 < 0.98


def test_three_lucky_processes_do_not_make_a_certainty():
    calm, usual = Sample([10, 10, 10], [10.1, 10.1, 10.1]), Sample([9, 10, 11], [9, 10.5, 11])
    assert judge([calm])[0].slower < 0.05
    assert judge([calm, usual, usual])[0].slower > 0.2


def test_holm_stops_at_the_first_that_fails():
    assert holm([0.001, 0.04, 0.02], 0.05) == [True, True, True]
    assert holm([0.001, 0.04, 0.03], 0.05) == [True, False, False]
    assert holm([], 0.05) == []
