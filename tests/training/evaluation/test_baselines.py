import cv2
import numpy as np
import pytest

from training.evaluation.baselines import METHODS


@pytest.fixture(scope="module")
def pair():
    """A texture, and what it looks like once it has moved by (1.5, -0.75)."""
    texture = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 1, (160, 160)), (0, 0), 2.5)
    texture = 128 + 45 * texture / texture.std()
    frames = []
    for t in (0, 1):
        matrix = np.array([[1, 0, 1.5 * t - 16], [0, 1, -0.75 * t - 16.0]])
        moved = cv2.warpAffine(texture, matrix, (128, 128), flags=cv2.INTER_CUBIC)
        frames.append(np.clip(np.rint(moved), 0, 255).astype(np.uint8))
    return frames


@pytest.mark.parametrize("name", ["farneback", "dis", "tvl1"])
def test_each_method_finds_a_shift(name, pair):
    flow = METHODS[name](*pair)
    assert flow.shape == (2, 128, 128)
    assert flow.dtype == np.float32
    inner = flow[:, 24:-24, 24:-24]
    assert inner[0].mean() == pytest.approx(1.5, abs=0.15)
    assert inner[1].mean() == pytest.approx(-0.75, abs=0.15)


@pytest.mark.parametrize("name", METHODS)
def test_views_into_larger_frames_are_taken_as_they_are(name, pair):
    larger = [np.pad(frame, 8) for frame in pair]
    views = [frame[8:-8, 8:-8] for frame in larger]
    assert not views[0].flags.c_contiguous
    assert np.array_equal(METHODS[name](*views), METHODS[name](*pair))


def test_zero_flow(pair):
    assert not METHODS["zero"](*pair).any()
