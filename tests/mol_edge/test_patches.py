import cv2
import numpy as np
import pytest

from mol_edge import _core
from mol_edge.errors import ArrayError
from mol_edge.frame import Frame
from mol_edge.manifest import Normalisation
from mol_edge.patches import Patches
from tests.mol_edge.scenes import MS, POINTS, scene

CONSTANTS = Normalisation(mean=120.0, scale=60.0)
LOCKED = _core.alignment_transform(POINTS)
MOVED = _core.alignment_transform(POINTS + [2.5, -1.5])


@pytest.fixture(scope="module")
def luma():
    return scene(3)[..., 0].copy()


def crop(luma, transform):
    return _core.crop_float(luma, transform, 120.0, 60.0, "gray")


def test_a_crop_from_a_patch_is_that_from_the_frame(luma):
    patches = Patches(keep_ms=1000)
    frames = [np.roll(luma, k, axis=0) for k in range(4)]
    for k, image in enumerate(frames):
        patches.add(Frame(image, k * MS, 10 + k, "gray"), LOCKED)
    again = patches.crops([10, 11, 12, 13], MOVED, CONSTANTS)
    assert again.shape == (4, 128, 128)
    for found, image in zip(again, frames):
        np.testing.assert_allclose(found, crop(image, MOVED), atol=2e-5)


@pytest.mark.parametrize("format", ["bgr", "rgb", "nv12", "yuyv"])
@pytest.mark.parametrize("full_range", [True, False])
def test_every_format_keeps_its_luma(luma, format, full_range):
    random = np.random.default_rng(0)
    image = {
        "nv12": lambda: np.vstack([luma, np.full((120, 320), 128, np.uint8)]),
        "yuyv": lambda: np.stack([luma, np.full_like(luma, 128)], axis=2),
    }.get(format, lambda: random.integers(0, 255, (240, 320, 3)).astype(np.uint8))()
    frame = Frame(image, 0, 0, format, full_range)
    patches = Patches(keep_ms=1000)
    patches.add(frame, LOCKED)
    direct = _core.crop_float(image, MOVED, 120.0, 60.0, format, full_range)
    (found,) = patches.crops([0], MOVED, CONSTANTS)
    # The patch holds whole levels; half a level is 0.0083 of this scale.
    np.testing.assert_allclose(found, direct, atol=0.0085)


def test_colour_is_kept_as_opencv_rounds_it():
    random = np.random.default_rng(1)
    image = random.integers(0, 256, (61, 83, 3)).astype(np.uint8)
    for name, code in (("bgr", cv2.COLOR_BGR2GRAY), ("rgb", cv2.COLOR_RGB2GRAY)):
        for left, width in ((0, 83), (80, 3), (5, 9), (7, 16)):
            out = np.empty((40, width), np.uint8)
            _core.copy_luma(image, left, 21, out, name)
            part = image[21:, left : left + width]
            np.testing.assert_array_equal(out, cv2.cvtColor(part, code))


def test_limited_range_is_spread_to_the_nearest_level():
    luma = np.arange(256, dtype=np.uint8).reshape(1, 256)
    out = np.empty((1, 256), np.uint8)
    _core.copy_luma(np.stack([luma, luma], 2), 0, 0, out, "yuyv")
    expected = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255)
    np.testing.assert_array_equal(out[0], expected)
    _core.copy_luma(np.stack([luma, luma], 2), 0, 0, out, "yuyv", full_range=True)
    np.testing.assert_array_equal(out, luma)


@pytest.mark.parametrize(
    ("left", "out", "message"),
    [
        (5, np.empty((4, 4), np.uint8), "within"),
        (-1, np.empty((4, 4), np.uint8), "within"),
        (0, np.empty((4, 4), np.float32), r"out must be .*uint8"),
        (0, np.empty((4, 8), np.uint8)[:, ::2], "contiguous"),
    ],
)
def test_a_part_beyond_the_picture_and_another_array_are_refused(left, out, message):
    with pytest.raises(ArrayError, match=message):
        _core.copy_luma(np.zeros((8, 8), np.uint8), left, 0, out, "gray")


def test_only_what_holds_the_whole_crop_is_given_and_without_a_gap(luma):
    patches = Patches(keep_ms=1000)
    for k in range(4):
        patches.add(Frame(luma, k * MS, k, "gray"), MOVED if k < 2 else LOCKED)
    assert len(patches.crops([0, 1, 2, 3], LOCKED, CONSTANTS)) == 4
    far = _core.alignment_transform(POINTS + 40)
    assert patches.crops([0, 1, 2, 3], far, CONSTANTS).shape == (0, 128, 128)
    assert len(patches.crops([0, 77, 2, 3], LOCKED, CONSTANTS)) == 2


def test_beyond_the_picture_counts_as_in_the_frame(luma):
    at_edge = _core.alignment_transform(POINTS - [100, 90])
    patches = Patches(keep_ms=1000)
    patches.add(Frame(luma, 0, 0, "gray"), at_edge)
    (found,) = patches.crops([0], at_edge, CONSTANTS)
    np.testing.assert_allclose(found, crop(luma, at_edge), atol=2e-5)


def test_time_and_bytes_are_bounded(luma):
    patches = Patches(keep_ms=100)
    for k in range(50):
        patches.add(Frame(luma, k * 10 * MS, k, "gray"), LOCKED)
    assert len(patches.crops(list(range(50)), LOCKED, CONSTANTS)) == 11
    one = patches.bytes // 11
    small = Patches(keep_ms=1e9, most_bytes=3 * one)
    for k in range(9):
        small.add(Frame(luma, k * 10 * MS, k, "gray"), LOCKED)
    assert small.bytes == 3 * one
    assert len(small.crops(list(range(9)), LOCKED, CONSTANTS)) == 3


def test_a_clock_that_goes_back_starts_anew(luma):
    patches = Patches(keep_ms=1000)
    patches.add(Frame(luma, 500 * MS, 0, "gray"), LOCKED)
    patches.add(Frame(luma, 100 * MS, 1, "gray"), LOCKED)
    assert len(patches.crops([0, 1], LOCKED, CONSTANTS)) == 1


def test_a_face_beyond_the_picture_has_no_patch(luma):
    patches = Patches(keep_ms=1000)
    patches.add(Frame(luma, 0, 0, "gray"), _core.alignment_transform(POINTS + 5000))
    assert patches.bytes == 0


def test_the_region_follows_the_face_and_the_size_of_the_picture(luma):
    patches = Patches(keep_ms=1000)
    smaller = np.ascontiguousarray(luma[: luma.shape[0] * 2 // 3])
    pictures = [(luma, LOCKED), (luma, MOVED), (smaller, MOVED), (luma, MOVED)]
    for index, (picture, transform) in enumerate(pictures):
        patches.add(Frame(picture, index * MS, index, "gray"), transform)
        alone = Patches(keep_ms=1000)
        alone.add(Frame(picture, index * MS, index, "gray"), transform)
        np.testing.assert_array_equal(
            patches.crops([index], transform, CONSTANTS), alone.crops([index], transform, CONSTANTS)
        )
        assert patches._kept_region == alone._kept_region
    far = _core.alignment_transform(POINTS + 40)
    patches.add(Frame(luma, 9 * MS, 9, "gray"), far)
    assert len(patches.crops([9], far, CONSTANTS)) == 1
