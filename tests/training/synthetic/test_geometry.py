import numpy as np
import pytest

from training.synthetic.actions import _UNITS, action_field
from training.synthetic.depth import relief
from training.synthetic.geometry import Head, Motion, flow_between, pixel_grid
from training.synthetic.labels import ACTION_UNITS
from training.synthetic.render import InverseGrid
from training.synthetic.shape import MEAN, MIRROR, sample_shape


def _motion(yaw: float, strength: list[float]) -> Motion:
    return Motion(
        np.radians([[yaw, 5.0, 4.0]]), np.array([[110.0, 120.0]]), np.array([1.4]),
        np.array([strength]), np.zeros(1), 400.0,
    )  # fmt: skip


@pytest.mark.parametrize("yaw", [-30.0, 0.0, 15.0])
def test_inverse_undoes_the_map(yaw: float) -> None:
    fields = [action_field(12, "L", MEAN), action_field(26, "R", MEAN)]
    head = Head(92.0, relief(MEAN, np.random.default_rng(0)), fields)
    node_map = head.place(_motion(yaw, [5.0, 5.0]), 0)
    u = np.random.default_rng(1).uniform(-55, 55, (2, 500))
    target = node_map.forward(u)
    solved = node_map.inverse(target, node_map.affine_guess(target), steps=12)
    assert np.abs(solved - u).max() < 1e-6


def test_pixels_between_solved_ones_are_close() -> None:
    head = Head(92.0, relief(MEAN, np.random.default_rng(0)), [action_field(12, "L", MEAN)])
    node_map = head.place(_motion(10.0, [2.5]), 0)
    dense = InverseGrid(240, 240)(node_map).reshape(2, -1).astype(np.float64)
    inside = (np.abs(dense) < 60).all(0)
    error = node_map.forward(dense[:, inside]) - pixel_grid(240)[:, inside]
    assert np.abs(error).mean() < 0.01
    assert np.abs(error).max() < 0.15


def test_flow_of_a_shift_is_that_shift() -> None:
    head = Head(92.0, relief(MEAN, np.random.default_rng(0)), [])
    first = head.place(_motion(0.0, []), 0)
    second = first.then(np.array([[1.0, 0.0, 0.7], [0.0, 1.0, -0.3]]))
    flow = flow_between(first, second, 128)
    assert np.abs(flow - np.array([0.7, -0.3])[:, None, None]).max() < 1e-6


@pytest.mark.parametrize("unit", ACTION_UNITS)
def test_each_unit_moves_its_strongest_point_by_one(unit: int) -> None:
    axis = np.arange(-80, 80.5, 0.5)
    left = action_field(unit, "L", MEAN).on_grid(axis)
    right = action_field(unit, "R", MEAN).on_grid(axis)
    assert np.hypot(*(left + right)).max() == pytest.approx(1.0, abs=0.05)
    assert np.allclose(left[0], -right[0, :, ::-1], atol=1e-9)
    assert np.allclose(left[1], right[1, :, ::-1], atol=1e-9)


def test_all_units_of_the_table_exist() -> None:
    assert set(_UNITS) == set(ACTION_UNITS)


@pytest.mark.parametrize(
    ("unit", "point", "direction"),
    [(1, 21, (0, -1)), (2, 18, (0, -1)), (4, 21, (1, 1)), (12, 48, (-1, -1)), (15, 48, (0, 1)),
     (17, 8, (0, -1)), (20, 48, (-1, 0)), (26, 8, (0, 1)), (9, 31, (0, -1)), (5, 37, (0, -1))],
)  # fmt: skip
def test_units_pull_where_the_muscle_does(
    unit: int, point: int, direction: tuple[int, int]
) -> None:
    field = action_field(unit, "L", MEAN)
    at = MEAN[point]
    distance = (at - field.blobs.centre) / field.blobs.sigma
    moved = np.exp(-0.5 * (distance**2).sum(1)) @ field.vectors
    for value, sign in zip(moved, direction, strict=True):
        if sign:
            assert value * sign > 0.2


def test_mean_is_symmetric_and_identities_differ() -> None:
    assert np.array_equal(MEAN[MIRROR] * [-1, 1], MEAN)
    one, two = (sample_shape(np.random.default_rng(s)) for s in (1, 2))
    assert np.abs(one - two).max() > 2.0
    for points in (one, two):
        assert (points[[41, 40, 47, 46], 1] - points[[37, 38, 43, 44], 1] >= 3.0 - 1e-9).all()
