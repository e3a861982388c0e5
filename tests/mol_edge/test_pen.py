import numpy as np
import pytest

from mol_edge.pen import GROUND, Pen

pytest.importorskip("cv2")

RED = (0, 0, 255)


def drawn(pen):
    return np.abs(pen.finish().astype(int) - GROUND).max(axis=2) > 60


@pytest.fixture
def pen():
    made = Pen(200, 100, 2.0)
    made.clear()
    return made


def test_a_rectangle_is_in_units_and_kept_on_the_canvas(pen):
    pen.rectangle(10, 5, 20, 10, RED)
    ys, xs = np.nonzero(drawn(pen))
    assert (xs.min(), xs.max(), ys.min(), ys.max()) == (20, 59, 10, 29)
    pen.clear()
    pen.rectangle(-10, 40, 20, 50, RED)
    assert drawn(pen).sum() == 20 * 20
    pen.clear()
    pen.rectangle(10, 5, 0.05, 10, RED)
    assert not drawn(pen).any()


def test_opacity_mixes_with_what_is_there(pen):
    pen.rectangle(0, 0, 100, 50, (0, 0, 0))
    pen.rectangle(0, 0, 100, 50, (200, 100, 50), opacity=0.5)
    np.testing.assert_allclose(pen.finish()[50, 100], [100, 50, 25], atol=1)


def test_an_area_lies_between_its_line_and_its_base(pen):
    pen.area(np.array([[10.0, 20.0], [50.0, 20.0]]), 30.0, RED)
    ys, xs = np.nonzero(drawn(pen))
    assert (xs.min(), xs.max()) == (pytest.approx(20, abs=1), pytest.approx(100, abs=1))
    assert (ys.min(), ys.max()) == (pytest.approx(40, abs=1), pytest.approx(60, abs=1))
    pen.clear()
    pen.area(np.array([[10.0, 20.0]]), 30.0, RED)
    assert not drawn(pen).any()


@pytest.mark.parametrize(("align", "left", "right"), [("left", 100, 166), ("right", 34, 100)])
def test_text_is_aligned(pen, align, left, right):
    pen.text("abc", 50, 25, 0.6, RED, align=align)
    xs = np.nonzero(drawn(pen))[1]
    width = 2 * pen.text_width("abc", 0.6)
    assert left - 3 <= xs.min()
    assert xs.max() <= right + 3
    assert np.ptp(xs) == pytest.approx(width, abs=9)


def test_points_far_away_do_not_break_it(pen):
    pen.line(np.array([[0.0, 0.0], [1e12, -1e12]]), RED)
    assert pen.finish().shape == (100, 200, 3)
