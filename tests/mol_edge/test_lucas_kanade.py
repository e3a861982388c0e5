import numpy as np
import pytest

from mol_edge.lucas_kanade import LucasKanade
from mol_edge.similarity import apply
from tests.mol_edge.scenes import scene, shifted

MARKS = np.array(
    [[30, 40], [98, 40], [64, 64], [40, 96], [88, 96], [64, 30], [30, 70], [98, 70]], np.float32
)
STILL = np.eye(2, 3)


@pytest.fixture(scope="module")
def picture():
    return scene(3)


def view_of(picture):
    return picture[50:178, 80:208, 0].astype(np.float32)


@pytest.fixture(scope="module")
def search(picture):
    return LucasKanade(view_of(picture), MARKS)


@pytest.mark.parametrize(("x", "y"), [(0, 0), (9, -4), (-14, 12)])
def test_a_long_way_is_found_without_a_guess(search, picture, x, y):
    motion = search.find(view_of(shifted(picture, x, y)), STILL)
    np.testing.assert_allclose(apply(motion, MARKS), MARKS + [x, y], atol=0.5)


def test_a_guess_takes_the_search_farther(search, picture):
    later = view_of(shifted(picture, 0, -40))
    guess = np.array([[1.0, 0, 0], [0, 1, -36]])
    moved = apply(search.find(later, guess), MARKS) - MARKS
    np.testing.assert_allclose(moved.mean(axis=0), [0, -40], atol=0.4)
    assert search.find(later, STILL) is None


@pytest.mark.parametrize(("gain", "offset"), [(0.6, 0), (1.2, -30), (0.9, 40)])
def test_another_light_is_made_even(search, picture, gain, offset):
    lit = np.clip(gain * shifted(picture, 8, 0).astype(float) + offset, 0, 255)
    motion = search.find(view_of(lit), STILL)
    np.testing.assert_allclose(apply(motion, MARKS), MARKS + [8, 0], atol=0.3)


def test_what_is_not_there_is_not_found(search, picture):
    assert search.find(view_of(scene(4)), STILL) is None
    assert search.find(np.full((128, 128), 90, np.float32), STILL) is None
    dark = 0.2 * view_of(picture)
    assert search.find(dark, STILL) is None
