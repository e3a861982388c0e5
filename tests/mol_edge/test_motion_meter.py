"""Motion of landmarks between two crops, against generated truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from mol_edge import _core
from mol_edge.errors import ArrayError
from mol_edge.motion_meter import MotionMeter, motion_from_flow
from training.synthetic import SyntheticOptions, make_clip

MEAN, SCALE = 113.5, 141.5


@dataclass(frozen=True)
class Pair:
    """Two crops, the points of the first, and how far each of them moved."""

    earlier: np.ndarray
    later: np.ndarray
    points: np.ndarray
    moved: np.ndarray


def normalized(levels: np.ndarray) -> np.ndarray:
    return ((np.clip(np.round(levels), 0, 255) - MEAN) / SCALE).astype(np.float32)


def texture(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A sum of waves of 7 to 40 pixels, which can be sampled anywhere exactly."""
    total = np.full(x.shape, 120.0)
    for _ in range(24):
        k = 2 * np.pi / rng.uniform(7, 40)
        angle, phase = rng.uniform(0, 2 * np.pi, 2)
        total += rng.uniform(3, 14) * np.sin(k * (x * np.cos(angle) + y * np.sin(angle)) + phase)
    return total


def warped_pair(seed: int) -> Pair:
    """Waves that bumps of 0.05 to 2 px and a small similarity move; noise and other light."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(14, 113, (68, 2))
    middles, widths = points[:3] + rng.normal(0, 3, (3, 2)), rng.uniform(8, 14, 3)
    angles = rng.uniform(0, 2 * np.pi, 3)
    peak = np.exp(rng.uniform(np.log(0.05), np.log(2)))
    shift, turn, grow = rng.normal(0, 0.4, 2), rng.normal(0, 0.005), rng.normal(0, 0.004)

    def moved(at: np.ndarray) -> np.ndarray:
        from_middle = at - 64
        field = shift + grow * from_middle + turn * from_middle[..., ::-1] * (-1, 1)
        for middle, width, angle in zip(middles, widths, angles):
            height = np.exp(-0.5 * ((at - middle) ** 2).sum(-1) / width**2)
            field = field + peak * height[..., None] * (np.cos(angle), np.sin(angle))
        return field

    y, x = np.mgrid[:128, :128].astype(float)
    source = np.stack([x, y], -1)
    source = source - moved(source)
    wave_seed = rng.integers(2**32)
    earlier = texture(np.random.default_rng(wave_seed), x, y)
    later = texture(np.random.default_rng(wave_seed), source[..., 0], source[..., 1])
    grain, gain, offset = rng.uniform(0.5, 3), np.exp(rng.normal(0, 0.15)), rng.normal(0, 8)
    earlier = earlier + rng.normal(0, grain, x.shape)
    later = gain * (later - 120) + 120 + offset + rng.normal(0, grain, x.shape)
    to = points
    for _ in range(20):  # the field is a function of the later place
        to = points + moved(to)
    return Pair(normalized(earlier), normalized(later), points.astype(np.float32), to - points)


def face_pair(seed: int) -> Pair:
    clip = make_clip(seed, SyntheticOptions(p_blink=0.0))
    k = seed % 7
    points = np.ascontiguousarray(clip.landmarks[k])
    moved = clip.landmarks[k + 1] - clip.landmarks[k]
    return Pair(normalized(clip.frames[k]), normalized(clip.frames[k + 1]), points, moved)


def errors_along_gradient(pairs: list[Pair]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per patch that is seen: error along its axis, its stated deviation, true displacement."""
    rows = []
    for pair in pairs:
        zeros = np.zeros((68, 2), np.float32)
        patches = _core.patch_motion(pair.earlier, pair.later, pair.points, zeros)
        error = ((patches[:, :2] - pair.moved) * patches[:, 2:4]).sum(1)
        inside = (pair.points.min(1) > 0) & (pair.points.max(1) < 127)
        kept = np.isfinite(patches[:, 4]) & inside
        size = np.hypot(*pair.moved.T)
        rows.append(np.stack([error, patches[:, 4], size], 1)[kept])
    together = np.concatenate(rows)
    return together[:, 0], together[:, 1], together[:, 2]


@pytest.mark.parametrize("make", [warped_pair, face_pair])
def test_error_along_the_gradient(make):
    error, deviation, size = errors_along_gradient([make(seed) for seed in range(3000, 3030)])
    assert len(error) > 1200
    assert np.median(np.abs(error)) < 0.05
    for low, high in ((0.05, 0.2), (0.2, 0.6), (0.6, 2.0)):
        within = (size >= low) & (size < high)
        assert within.sum() > 50
        assert np.median(np.abs(error[within])) < 0.06
    # The stated deviation is that of the errors: half of them lie within 0.67 of it.
    assert 0.8 < np.median(np.abs(error) / deviation) / 0.674 < 1.3


def smooth_face(seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    clip = make_clip(seed, SyntheticOptions(noise=False, p_blink=0.0))
    return normalized(clip.frames[0]), np.ascontiguousarray(clip.landmarks[0])


def similarity_of(crop: np.ndarray, turn: float, shift: tuple[float, float]) -> np.ndarray:
    import cv2

    matrix = np.array([[1.01, -turn, shift[0]], [turn, 1.01, shift[1]]])
    return cv2.warpAffine(crop, matrix, (128, 128), flags=cv2.INTER_CUBIC, borderMode=1)


def test_the_head_is_removed():
    crop, points = smooth_face()
    moved = similarity_of(crop, 0.01, (1.0, -0.7))
    motion = MotionMeter().between(crop, moved, points)
    trusted = motion.confidence > 0.5
    assert trusted.sum() > 40
    assert np.median(motion.strength[trusted]) < 0.1
    assert max(motion.regions.values()) < 0.2
    at_nose = motion.head @ np.append(points[30], 1)
    expected = np.array([[1.01, -0.01, 1.0], [0.01, 1.01, -0.7]]) @ np.append(points[30], 1)
    np.testing.assert_allclose(at_nose, expected, atol=0.08)


def test_light_is_no_motion():
    crop, points = smooth_face()
    motion = MotionMeter().between(crop, 0.8 * crop + np.float32(0.2), points)
    assert max(motion.regions.values()) < 0.02


def test_regions_of_flow():
    flow = np.zeros((2, 128, 128), np.float32)
    flow += np.array([0.5, -0.25], np.float32)[:, None, None]
    points = make_clip(5).landmarks[0]
    x, y = np.round(points[19]).astype(int)
    flow[1, y - 5 : y + 6, x - 5 : x + 6] -= 0.6
    motion = motion_from_flow(flow, points)
    np.testing.assert_allclose(motion.head[:, 2], [0.5, -0.25], atol=0.02)
    assert motion.vectors[19] == pytest.approx([0, -0.6], abs=0.03)
    assert motion.regions["left_brow"] > 0.4 > 0.05 > motion.regions["mouth"]


def test_flow_that_is_not_finite_is_not_seen():
    flow = np.zeros((2, 128, 128), np.float32) + np.float32(0.5)
    points = make_clip(5).landmarks[0]
    x, y = np.round(points[19]).astype(int)
    flow[0, y - 5 : y + 6, x - 5 : x + 6] = np.nan
    motion = motion_from_flow(flow, points)
    assert motion.seen[19] == 0 and motion.confidence[19] == 0
    assert motion.seen[[0, 30, 60]].tolist() == [2, 2, 2]
    np.testing.assert_allclose(motion.head[:, 2], [0.5, 0.5], atol=0.02)
    np.testing.assert_allclose(motion.vectors, 0, atol=0.02)


def test_large_motion_needs_no_guess():
    crop, points = smooth_face()
    for shift in (2.0, 4.0):
        motion = MotionMeter().between(crop, similarity_of(crop, 0.0, (shift, 0.5)), points)
        assert motion.head[0, 2] + 0.01 * 64 == pytest.approx(shift + 0.01 * 64, abs=0.15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, c, p: m.between(c, c, p[:5]), r"landmarks .* \(68, 2\), got \(5, 2\)"),
        (lambda m, c, p: m.between(c.astype(float), c, p), "earlier .*float32"),
        (lambda m, c, p: m.between(c, c[:64], p), "later"),
        (lambda m, c, p: m.between(c, c, p * np.float32("nan")), "finite"),
        (lambda m, c, p: m.of_flow(c, p), r"\(2, 128, 128\)"),
        (lambda m, c, p: m.of_flow(np.stack([c, c]), p * np.float32("inf")), "finite"),
    ],
)
def test_unfit_arrays_are_refused(call, message):
    crop, points = np.zeros((128, 128), np.float32), np.full((68, 2), 60, np.float32)
    with pytest.raises(ArrayError, match=message):
        call(MotionMeter(), crop, points)
