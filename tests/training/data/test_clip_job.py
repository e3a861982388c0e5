import os
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.training.data.clips import face_points, numbers, picture
from training.data.clip_job import ClipSettings, clip_key, compute_clip, prepare_clip
from training.data.frames import Clip
from training.data.landmarks import open_landmarks


@pytest.fixture
def made(folder, tmp_path):
    """A clip of 8 lossless frames that move by half a pixel each, and how to prepare it."""
    where = folder.clip("disgust/01_EP01_01", numbers(1, 8, "img{}.png"), step=(0.5, 0.0))
    clip = Clip("01_EP01_01", "01", "disgust", tuple(where / n for n in numbers(1, 8, "img{}.png")))
    (tmp_path / "cache/clips").mkdir(parents=True)
    settings = ClipSettings(tmp_path / "cache", "anchored", "event")
    return folder, clip, settings


def source(folder):
    return open_landmarks(folder.landmarks(), folder.root)


def test_anchored_faces_keep_their_motion_and_per_frame_ones_lose_it(made):
    pytest.importorskip("skimage", reason="TV-L1 is scikit-image's")
    folder, clip, settings = made
    anchored = compute_clip(clip, settings, source(folder))
    scale = anchored.transforms[0, 0, 0]
    moved = anchored.landmarks[7] - anchored.landmarks[0]
    np.testing.assert_allclose(moved, np.broadcast_to((3.5 * scale, 0), (68, 2)), atol=1e-4)
    flow = anchored.flow[0, 1]
    assert (flow.dtype, flow.shape) == (np.float16, (2, 144, 144))
    middle = np.median(flow[:, 30:114, 30:114].astype(float), axis=(1, 2))
    np.testing.assert_allclose(middle, (0.5 * scale, 0), atol=0.05)
    assert sorted(anchored.flow) == [(k, k + 1) for k in range(7)]

    still = compute_clip(clip, replace(settings, alignment="per_frame"), source(folder))
    np.testing.assert_allclose(still.landmarks[7], still.landmarks[0], atol=1e-4)
    assert np.abs(np.median(still.flow[0, 1][:, 30:114, 30:114])) < 0.02


def finding_of(made):
    folder, clip, settings = made
    outcome = prepare_clip(clip, settings, source(folder))
    assert list((settings.out / "clips").iterdir()) == []
    return outcome.finding.reason, outcome.finding.name, outcome.finding.detail


def test_an_unreadable_frame_leaves_the_clip_out(made):
    path = made[1].frames[4]
    path.write_bytes(path.read_bytes()[:300])
    reason, name, detail = finding_of(made)
    assert (reason, name) == ("unreadable_frame", "01_EP01_01")
    assert detail.startswith("img5.png: the file is cut short")


def test_a_frame_of_another_size_leaves_the_clip_out(made):
    cv2.imwrite(str(made[1].frames[4]), picture()[:100])
    reason, _, detail = finding_of(made)
    assert reason == "unreadable_frame"
    assert "img5.png is 160 × 100 pixels where the first frame is 160 × 160" in detail


def test_a_vanished_frame_leaves_the_clip_out(made):
    made[1].frames[4].unlink()
    assert finding_of(made)[0] == "unreadable_frame"


def test_a_frame_without_landmarks_leaves_the_clip_out(made):
    del made[0].rows[4]
    reason, _, detail = finding_of(made)
    assert (reason, detail) == ("no_landmarks", "the CSV has no row for img5.png")


@pytest.mark.parametrize(
    "points", [face_points() / 160, face_points() + 160, np.full((68, 2), 80.0)]
)
def test_landmarks_that_no_face_can_have_leave_the_clip_out(made, points):
    made[0].rows[4][1:] = points.ravel().tolist()
    reason, _, detail = finding_of(made)
    assert reason == "bad_landmarks"
    assert "img5.png" in detail


def test_points_that_the_core_cannot_align_leave_the_clip_out(made):
    points = face_points()
    points[36:48] = 80
    for row in made[0].rows:
        row[1:] = points.ravel().tolist()
    reason, _, detail = finding_of(made)
    assert reason == "bad_landmarks"
    assert "eye" in detail


def test_the_key_follows_all_that_a_clip_is_made_from(made):
    folder, clip, settings = made
    first = clip_key(clip, settings, source(folder))
    assert clip_key(clip, settings, source(folder)) == first
    keys = {
        first,
        clip_key(clip, replace(settings, alignment="per_frame"), source(folder)),
        clip_key(clip, replace(settings, protocol="both"), source(folder)),
        clip_key(replace(clip, frames=clip.frames[1:]), settings, source(folder)),
    }
    os.utime(clip.frames[0], ns=(1, 1))
    keys.add(clip_key(clip, settings, source(folder)))
    folder.rows[0][1] += 1
    keys.add(clip_key(clip, settings, source(folder)))
    assert len(keys) == 6
