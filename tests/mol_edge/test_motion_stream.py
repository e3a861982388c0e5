"""Motion along a stream of crops."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from mol_edge.motion import REGIONS, Motion, MotionOptions
from mol_edge.motion_stream import MotionStream
from training.synthetic import SyntheticOptions, make_clip

PERIOD_NS = 20_000_000


def face() -> tuple[np.ndarray, np.ndarray]:
    clip = make_clip(7, SyntheticOptions(p_blink=0.0))
    return clip.frames[0].astype(np.float32), np.ascontiguousarray(clip.landmarks[0])


def moved_brows(crop: np.ndarray, points: np.ndarray, up: float) -> np.ndarray:
    """The crop with the left brow raised by `up` pixels, and the head shifted as much."""
    import cv2

    y, x = np.mgrid[:128, :128].astype(np.float32)
    at = points[19]
    height = np.exp(-0.5 * ((x - at[0]) ** 2 + (y - at[1]) ** 2) / 9**2).astype(np.float32)
    columns, rows = x - np.float32(up), y + np.float32(up) * height
    picture = cv2.remap(crop, columns, rows, cv2.INTER_CUBIC, borderMode=1)
    return np.ascontiguousarray(picture)


def test_path_survives_new_anchors():
    crop, points = face()
    rng = np.random.default_rng(0)
    stream = MotionStream(MotionOptions(span_ms=100, anchor_ms=300))
    total, expected = np.zeros((68, 2)), []
    for i in range(60):
        up = 1.2 * np.sin(np.pi * i / 60) ** 2
        noisy = moved_brows(crop, points, up) + rng.normal(0, 1, crop.shape).astype(np.float32)
        jitter = rng.normal(0, 1, (68, 2)).astype(np.float32)
        motion = stream.push(i * PERIOD_NS, noisy.astype(np.float32), points + jitter)
        if motion is None:
            continue
        assert motion.since_ns == max(0, i - 5) * PERIOD_NS
        if i % 5 == 0:  # intervals of 100 ms side by side
            total += motion.vectors
            expected.append((up, -total[19, 1], np.median(np.abs(total[54]))))
    brow = np.array(expected)
    assert len(brow) == 11
    np.testing.assert_allclose(brow[:, 1], brow[:, 0], atol=0.3)
    assert brow[:, 2].max() < 0.2


def test_restart_and_time_that_steps_back():
    crop, points = face()
    stream = MotionStream()
    assert stream.push(0, crop, points) is None
    assert stream.push(PERIOD_NS, crop, points) is not None
    assert stream.push(PERIOD_NS, crop, points) is None
    stream.restart()
    assert stream.push(9 * PERIOD_NS, crop, points) is None


@pytest.mark.parametrize("fps", [30, 240])
def test_span_is_time(fps):
    crop, points = face()
    stream = MotionStream()
    for i in range(fps // 2):
        motion = stream.push(round(i * 1e9 / fps), crop, points)
    span = round((fps // 2 - 1) * 1e9 / fps) - motion.since_ns
    assert abs(span - 100e6) < 0.5e9 / fps + 5e6


def test_what_the_core_measured_is_a_motion_like_any_other():
    crop, points = face()
    stream = MotionStream()
    stream.push(0, crop, points)
    found = stream.push(PERIOD_NS, moved_brows(crop, points, 1.0), points)
    arrays = [getattr(found, each.name) for each in fields(Motion)]
    again = Motion(*arrays)
    assert found.regions == again.regions
    assert list(found.regions) == list(REGIONS)
    assert found.regions["left_brow"] > 0.5
    assert found.seen.tolist() == again.seen.tolist()
    with pytest.raises(FrozenInstanceError):
        found.since_ns = 3


def test_crops_may_be_reused_by_the_caller():
    crop, points = face()
    stream, buffer = MotionStream(), crop.copy()
    stream.push(0, buffer, points)
    buffer[:] = moved_brows(crop, points, 1.0)
    motion = stream.push(PERIOD_NS, buffer, points)
    assert motion.vectors[19, 1] < -0.5
