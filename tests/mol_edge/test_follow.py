import numpy as np
import pytest

from mol_edge.face_shape import five_points, shape_of
from mol_edge.follow import ByLandmarks, ByTexture
from tests.mol_edge.scenes import POINTS, frame_of, scene, shifted


@pytest.fixture(scope="module")
def image():
    return scene(1)


def landmarks_at(x):
    return shape_of(POINTS + [x, 0]).astype(np.float32)


def test_texture_takes_no_notice_of_landmarks(image):
    follower = ByTexture()
    follower.start(frame_of(image), POINTS)
    follower.see(frame_of(image), landmarks_at(50))
    np.testing.assert_allclose(follower.follow(frame_of(image, 1)), POINTS, atol=0.1)


def test_landmarks_say_where_the_face_was_in_the_frame_before(image):
    follower = ByLandmarks()
    follower.start(frame_of(image), POINTS)
    follower.see(frame_of(image), landmarks_at(3))
    found = follower.follow(frame_of(scene(7), 1))
    np.testing.assert_allclose(found, five_points(landmarks_at(3)), atol=1e-4)


def test_without_landmarks_texture_goes_on_from_where_they_were(image):
    follower = ByLandmarks()
    follower.start(frame_of(image), POINTS)
    first = shape_of(POINTS).astype(np.float32)
    follower.see(frame_of(image), first)
    follower.follow(frame_of(image, 1))
    follower.see(frame_of(image, 1), None)
    found = follower.follow(frame_of(shifted(image, 4, 0), 2))
    np.testing.assert_allclose(found, five_points(first) + [4, 0], atol=0.3)
    follower.see(frame_of(image, 2), None)
    found = follower.follow(frame_of(shifted(image, 6, 0), 3))
    np.testing.assert_allclose(found, five_points(first) + [6, 0], atol=0.3)


def test_landmarks_that_are_no_face_are_a_loss(image):
    follower = ByLandmarks()
    follower.start(frame_of(image), POINTS)
    crumpled = landmarks_at(0) + np.random.default_rng(0).normal(0, 15, (68, 2)).astype(np.float32)
    follower.see(frame_of(image), crumpled)
    assert follower.follow(frame_of(image, 1)) is None
    middle = landmarks_at(0).mean(axis=0)
    follower.see(frame_of(image), middle + 3 * (landmarks_at(0) - middle))
    assert follower.follow(frame_of(image, 1)) is None
