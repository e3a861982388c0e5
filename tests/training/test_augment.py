from dataclasses import replace

import cv2
import numpy as np
import pytest

from training.augment import MIRROR, augment, augment_still, crop, middle, mirror, retone, warp
from training.options import NO_AUGMENT
from training.samples import Sample
from training.texture import TextureDataset


def smooth_sample(side: int = 128) -> Sample:
    """A smooth picture whose frame 1 is frame 0 moved by a field that is known exactly."""
    rng = np.random.default_rng(3)
    picture = cv2.GaussianBlur(rng.normal(0, 1, (side, side)), (0, 0), 6)
    picture = 128 + 50 * picture / picture.std()
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    flow = np.stack([0.9 + 0.3 * np.sin(y / 20), -0.6 + 0.3 * np.cos(x / 20)]).astype(np.float32)
    second = picture.copy()
    # The first frame is looked up from the second, so that second(p + flow(p)) = first(p).
    first = cv2.remap(picture, x + flow[0], y + flow[1], cv2.INTER_CUBIC)
    frames = np.stack([first, *[second] * 7]).clip(0, 255).round().astype(np.uint8)
    points = rng.uniform(30, side - 30, (8, 68, 2)).astype(np.float32)
    face = np.zeros((side, side), bool)
    face[20:-20, 20:-40] = True
    return Sample(frames, points, (0,), flow[None], face, 1, "s", "v")


def photometric_error(sample: Sample) -> float:
    """Mean difference of frame 0 from frame 1 taken back by the flow, away from the border."""
    side = sample.frames.shape[-1]
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    flow = sample.flow[0].astype(np.float32)
    back = cv2.remap(sample.frames[1].astype(np.float32), x + flow[0], y + flow[1], cv2.INTER_CUBIC)
    inner = (slice(24, -24), slice(24, -24))
    return float(np.abs(back - sample.frames[0])[inner].mean())


@pytest.fixture(scope="module")
def sample() -> Sample:
    return smooth_sample()


def test_the_sample_itself_is_consistent(sample):
    still = float(np.abs(sample.frames[1].astype(float) - sample.frames[0])[24:-24, 24:-24].mean())
    assert photometric_error(sample) < 0.4 < still


def test_mirror_keeps_flow_and_pictures_together(sample):
    turned = mirror(sample)
    assert photometric_error(turned) < 0.4
    assert np.allclose(turned.flow[0, 0], -sample.flow[0, 0][:, ::-1])
    assert turned.face is not None
    assert turned.face[64, 127 - 30] == sample.face[64, 30]


def test_mirror_exchanges_left_and_right_points(sample):
    assert sorted(MIRROR) == list(range(68))
    assert (MIRROR[MIRROR] == np.arange(68)).all()
    turned = mirror(sample)
    for left, right in ((36, 45), (48, 54), (0, 16), (17, 26), (30, 30), (31, 35), (60, 64)):
        expected = np.array([127, 0]) + np.array([-1, 1]) * sample.landmarks[2, left]
        assert np.allclose(turned.landmarks[2, right], expected)
    twice = mirror(turned)
    assert np.array_equal(twice.frames, sample.frames)
    assert np.allclose(twice.landmarks, sample.landmarks)
    assert np.array_equal(twice.flow, sample.flow)


def test_warp_turns_and_scales_the_flow(sample):
    angle, zoom = np.radians(20), 1.1
    linear = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = np.full(2, 63.5)
    matrix = np.concatenate([linear, (centre - linear @ centre + (3, -2))[:, None]], axis=1)
    moved = warp(sample, matrix)
    assert photometric_error(moved) < 0.6
    # The flow at the place where a point goes is the point's flow, turned.
    at = np.array([70, 60])
    goes = matrix[:, :2] @ at + matrix[:, 2]
    column, row = np.round(goes).astype(int)
    assert np.allclose(moved.flow[0, :, row, column], linear @ sample.flow[0, :, 60, 70], atol=0.02)
    expected = sample.landmarks[3, 7] @ linear.T + matrix[:, 2]
    assert np.allclose(moved.landmarks[3, 7], expected, atol=1e-3)


def test_crops_copy_landmarks():
    sample = smooth_sample(144)
    before = sample.landmarks.copy()
    cropped = crop(sample, 5, 11)
    assert np.allclose(cropped.landmarks, before - np.array([5, 11]))
    assert np.array_equal(cropped.frames, sample.frames[:, 11:139, 5:133])
    assert np.array_equal(cropped.flow, sample.flow[:, :, 11:139, 5:133])
    assert np.array_equal(cropped.face, sample.face[11:139, 5:133])
    rng = np.random.default_rng(0)
    crops = [augment(sample, NO_AUGMENT, rng) for _ in range(5)]
    assert np.array_equal(sample.landmarks, before)
    offsets = {tuple(np.round(before[0, 0] - c.landmarks[0, 0]).astype(int)) for c in crops}
    assert len(offsets) > 1
    for one in crops:
        left, top = np.round(before[0, 0] - one.landmarks[0, 0]).astype(int)
        assert np.array_equal(one.frames, sample.frames[:, top : top + 128, left : left + 128])


def test_the_middle_crop_is_that_of_deployment():
    sample = smooth_sample(144)
    assert np.array_equal(middle(sample).frames, sample.frames[:, 8:136, 8:136])


def test_augment_is_decided_by_the_generator():
    options = replace(NO_AUGMENT, flip=0.5, gain=0.3, noise=5, blur=1, shift=3, turn=5, share=1)
    data = TextureDataset(1)
    results = [augment(data.sample(0), options, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert np.array_equal(results[0].frames, results[1].frames)
    assert not np.array_equal(results[0].frames, results[2].frames)


def test_tone_changes_are_the_same_in_all_frames():
    frames = np.broadcast_to(smooth_sample().frames[:1], (8, 128, 128))
    rng = np.random.default_rng(5)
    options = replace(NO_AUGMENT, gain=0.5, gamma=0.5, bias=30, cutout=1.0)
    toned = retone(frames, options, rng)
    assert all(np.array_equal(toned[0], frame) for frame in toned)
    assert not np.array_equal(toned[0], frames[0])
    grainy = retone(frames, replace(NO_AUGMENT, noise=8.0), np.random.default_rng(8))
    difference = grainy.astype(float) - frames
    assert 0.5 < difference.std() < 8
    assert abs(difference.mean()) < 0.1
    assert not np.array_equal(grainy[0], grainy[1])


def test_stills_are_mirrored_with_their_points(sample):
    options = replace(NO_AUGMENT, flip=1.0)
    picture, points = augment_still(
        sample.frames[0], sample.landmarks[0], options, np.random.default_rng(0)
    )
    assert np.array_equal(picture, sample.frames[0][:, ::-1])
    assert np.allclose(points, mirror(sample).landmarks[0])
