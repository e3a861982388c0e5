import cv2
import numpy as np
import pytest

from mol_edge.frame import Frame
from mol_edge.lucas_kanade import LucasKanade
from mol_edge.optical import OpticalFollower
from mol_edge.similarity import apply
from tests.mol_edge.scenes import POINTS, frame_of, scene, shifted


@pytest.fixture(scope="module")
def image():
    return scene(1)


@pytest.fixture
def follower(image):
    following = OpticalFollower()
    following.start(frame_of(image), POINTS)
    return following


def test_points_move_with_the_face_by_parts_of_a_pixel(follower, image):
    for step in range(1, 30):
        x, y = 0.4 * step, 0.15 * step
        points = follower.follow(frame_of(shifted(image, x, y)))
        np.testing.assert_allclose(points, POINTS + [x, y], atol=0.2)


def test_a_long_way_does_not_add_up_errors(follower, image):
    """60 px in 30 frames begin several views; the end is known as well as the way."""
    for step in range(1, 31):
        points = follower.follow(frame_of(shifted(image, 2.0 * step, 0)))
    np.testing.assert_allclose(points, POINTS + [60, 0], atol=0.6)


@pytest.mark.parametrize(("x", "y"), [(12, 0), (0, -15), (20, 10)])
def test_one_quick_move_is_followed(follower, image, x, y):
    points = follower.follow(frame_of(shifted(image, x, y)))
    np.testing.assert_allclose(points, POINTS + [x, y], atol=0.5)


@pytest.mark.parametrize(("degrees", "scale"), [(6, 1.0), (0, 1.06), (-4, 0.95)])
def test_turns_and_growth_are_followed(follower, image, degrees, scale):
    matrix = cv2.getRotationMatrix2D((140, 130), degrees, scale)
    turned = cv2.warpAffine(image, matrix, (320, 240), flags=cv2.INTER_CUBIC)
    np.testing.assert_allclose(follower.follow(frame_of(turned)), apply(matrix, POINTS), atol=0.6)


@pytest.mark.parametrize(("gain", "offset"), [(0.7, 0), (1.2, -30), (0.9, 40)])
def test_a_change_of_light_is_no_loss(follower, image, gain, offset):
    lit = np.clip(gain * image.astype(float) + offset, 0, 255).astype(np.uint8)
    np.testing.assert_allclose(
        follower.follow(frame_of(shifted(lit, 3, 0))), POINTS + [3, 0], atol=0.3
    )


def test_a_mouth_that_moves_by_itself_does_not_move_the_eyes(follower, image):
    """The mouth is 4 px lower, which is what its marks see."""
    moved = image.copy()
    moved[154:230, 80:200] = shifted(image, 0, 4)[154:230, 80:200]
    points = follower.follow(frame_of(moved))
    np.testing.assert_allclose(points, POINTS, atol=0.5)


def test_what_is_gone_is_lost(follower, image):
    assert follower.follow(frame_of(np.full_like(image, 128))) is None
    assert follower.follow(frame_of(scene(2))) is None
    noise = np.random.default_rng(0).integers(0, 255, image.shape).astype(np.uint8)
    assert follower.follow(frame_of(noise)) is None
    np.testing.assert_allclose(follower.follow(frame_of(image)), POINTS, atol=0.1)


def test_near_frames_are_found_by_patches_alone(follower, image, monkeypatch):
    far = []
    find = LucasKanade.find

    def noted(*given):
        far.append(find(*given))
        return far[-1]

    monkeypatch.setattr(LucasKanade, "find", noted)
    for step in range(1, 6):
        follower.follow(frame_of(shifted(image, 0.7 * step, 0.3 * step)))
    assert far == []
    points = follower.follow(frame_of(shifted(image, 25, -8)))
    assert len(far) == 1
    np.testing.assert_allclose(points, POINTS + [25, -8], atol=0.5)


def test_white_of_limited_range_is_followed(image):
    """Luma up to 255 where white is 235: more than eight bits once it is stretched."""
    luma = np.clip(image[..., 0] * 2.0 - 60, 0, 255).astype(np.uint8)
    yuyv = np.stack([luma, np.full_like(luma, 128)], 2)
    following = OpticalFollower()
    following.start(Frame(yuyv, 0, 0, "yuyv"), POINTS)
    later = np.roll(yuyv, 24, 1)
    np.testing.assert_allclose(
        following.follow(Frame(later, 1, 1, "yuyv")), POINTS + [24, 0], atol=0.3
    )
