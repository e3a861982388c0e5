"""Motion per landmark and part of the face."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from mol_edge.errors import ArrayError, OptionError
from mol_edge.motion import REGION_POINTS, REGIONS, Motion, MotionOptions


def test_regions_take_the_strongest_patch():
    vectors = np.zeros((68, 2), np.float32)
    vectors[48] = (-0.77, 0)
    vectors[54] = (0.77, 0)
    still = Motion.still()
    motion = Motion(
        vectors, np.hypot(*vectors.T), still.confidence, still.head, still.axes, still.deviation
    )
    assert motion.regions["mouth"] == pytest.approx(0.77)
    assert [motion.regions[name] for name in REGIONS if name != "mouth"] == [0.0] * 6
    doubted = np.where(vectors[:, 0] != 0, np.float32(0.1), np.float32(1))
    motion = Motion(vectors, motion.strength, doubted, still.head, still.axes, still.deviation)
    assert motion.regions["mouth"] == pytest.approx(0.077)


def test_regions_name_landmarks_once():
    points = [point for name in REGIONS for point in REGION_POINTS[name]]
    assert len(points) == len(set(points))
    assert set(range(17, 27)) <= set(points)


@pytest.mark.parametrize(
    "options", [{"steady": (1, 2)}, {"steady": (1, 2, 68)}, {"span_ms": 0}, {"trusted_px": np.nan}]
)
def test_unfit_options_are_refused(options):
    with pytest.raises(OptionError, match=next(iter(options))):
        MotionOptions(**options)


def test_a_motion_has_68_landmarks():
    still = Motion.still()
    with pytest.raises(ArrayError, match=r"Motion.strength must be of shape \(68\), got \(5,\)"):
        Motion(
            still.vectors, np.zeros(5, np.float32), still.confidence, still.head, still.axes,
            still.deviation,
        )  # fmt: skip


def test_a_motion_can_be_copied_and_sent_elsewhere():
    still = Motion.still()
    measured = Motion.measured(
        still.vectors, np.full(68, 0.5, np.float32), still.confidence, still.head, still.axes,
        still.deviation, 5, [0.5] * len(REGIONS),
    )  # fmt: skip
    assert measured.regions["mouth"] == 0.5
    for again in (pickle.loads(pickle.dumps(measured)), copy.deepcopy(measured)):
        assert again.since_ns == 5
        assert again.regions == measured.regions
