import numpy as np
import pytest

from training.synthetic.motion import Blink, Course, sample_timing, smooth_drift
from training.synthetic.sampling import event_indices, official_indices, sliding_indices


def test_micro_timings_have_the_published_statistics() -> None:
    rng = np.random.default_rng(0)
    drawn = [sample_timing(rng, "micro") for _ in range(4000)]
    rise = np.quantile([d.rise_ms for d in drawn], [0.05, 0.5, 0.95])
    fall = np.quantile([d.fall_ms for d in drawn], [0.05, 0.5, 0.95])
    total = np.quantile([d.total_ms for d in drawn], [0.05, 0.5, 0.95])
    assert rise == pytest.approx([70, 160, 300], rel=0.15)
    assert fall == pytest.approx([60, 200, 330], rel=0.15)
    assert total == pytest.approx([200, 390, 500], rel=0.15)


def test_macro_is_longer() -> None:
    rng = np.random.default_rng(0)
    assert min(sample_timing(rng, "macro").total_ms for _ in range(200)) >= 600


def test_course_is_zero_before_one_at_apex_and_rests_after() -> None:
    course = Course(100.0, 250.0, 450.0, rest=0.1)
    values = course(np.array([0.0, 100.0, 250.0, 450.0, 900.0]))
    assert values == pytest.approx([0.0, 0.0, 1.0, 0.1, 0.1])


def test_blink_closes_and_opens() -> None:
    blink = Blink(100.0)
    assert blink(np.array([100.0, 195.0, blink.end_ms])) == pytest.approx([0.0, 1.0, 0.0])


def test_drift_has_its_size() -> None:
    t = np.linspace(0, 60000, 4000)
    sizes = [
        smooth_drift(np.random.default_rng(s), t, 2.0, (500.0, 4000.0)).std() for s in range(40)
    ]
    assert np.mean(sizes) == pytest.approx(2.0, rel=0.35)


def test_sampling_follows_its_protocols() -> None:
    rng = np.random.default_rng(0)
    assert event_indices(8).tolist() == list(range(8))
    assert event_indices(50)[[0, -1]].tolist() == [0, 49]
    assert event_indices(4).tolist() == [-2, -1, 0, 1, 2, 3, 4, 5]
    phases = {int(official_indices(39, rng)[0]) for _ in range(60)}
    assert phases == {0, 1, 2, 3}
    assert np.diff(official_indices(39, rng)).tolist() == [4] * 7
    for _ in range(20):
        window = sliding_indices(40, 200.0, 350.0, rng)
        assert np.diff(window).tolist() == [10] * 7
        assert window[0] < 40 < window[-1]
