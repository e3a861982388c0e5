import numpy as np
import pytest

from mol_edge import _core
from tests.training.data.clips import face_points, picture
from training.data.align import aligned_face, clip_transforms, five_points, to_aligned


def test_the_five_points_are_the_official_ones():
    landmarks = np.arange(136.0).reshape(68, 2)
    expected = [(77, 78), (89, 90), (60, 61), (96, 97), (108, 109)]
    assert five_points(landmarks).tolist() == [list(point) for point in expected]


def test_anchored_holds_the_transform_of_the_mean_points():
    clip = np.stack([face_points() + (k, 2 * k) for k in range(5)])
    transforms = clip_transforms(clip, "anchored")
    expected = _core.alignment_transform(five_points(clip[2]))
    np.testing.assert_allclose(transforms, np.broadcast_to(expected, (5, 2, 3)), atol=1e-9)


def test_per_frame_puts_every_frame_in_the_same_place():
    clip = np.stack([face_points() + (k, 2 * k) for k in range(5)])
    transforms = clip_transforms(clip, "per_frame")
    placed = np.stack([to_aligned(p, t) for p, t in zip(clip, transforms)])
    np.testing.assert_allclose(placed, np.broadcast_to(placed[0], placed.shape), atol=1e-4)
    moved = np.abs(transforms[1] - transforms[0]).max()
    assert moved > 0.5


@pytest.mark.parametrize("left", [0, 8, 16])
@pytest.mark.parametrize("top", [0, 8, 16])
def test_every_crop_of_the_face_is_what_the_core_crops(left, top):
    image = np.repeat(picture()[..., None], 3, axis=2)
    transform = clip_transforms(face_points()[None], "anchored")[0]
    face = aligned_face(image, transform)
    shifted = transform.copy()
    shifted[:, 2] += (8 - left, 8 - top)
    crop = _core.crop_uint8(image, shifted)
    difference = np.abs(face[top : top + 128, left : left + 128].astype(int) - crop)
    assert face.shape == (144, 144)
    assert face.std() > 10
    # The middle is the core's crop itself; beyond it rounding may differ in the last digit.
    assert difference.max() <= (0 if left == top == 8 else 1)
    assert (difference > 0).mean() < 0.001


def test_points_land_on_the_pixels_they_name():
    image = np.zeros((160, 160, 3), np.uint8)
    image[100:103, 70:73] = 255
    transform = clip_transforms(face_points()[None], "anchored")[0]
    face = aligned_face(image, transform).astype(float)
    y, x = np.indices(face.shape)
    centre = [(face * axis).sum() / face.sum() for axis in (x, y)]
    np.testing.assert_allclose(to_aligned(np.array([71.0, 101.0]), transform), centre, atol=0.02)
