import numpy as np
import pytest

from mol_edge import _core
from mol_edge.clip import ClipFaces, clip_frames, phases_of
from mol_edge.errors import InputError, NoFaceError, OptionError
from mol_edge.faces import Detection
from mol_edge.frame import Frame

POINTS = np.array([[60, 60], [100, 60], [80, 80], [65, 100], [95, 100.0]])
IMAGE = np.zeros((48, 64, 3), np.uint8)
CLIP = [Frame(IMAGE, i, i) for i in range(10)]


class In:
    """Finds a face, moved by the frame's index, in the frames given."""

    name = "in"

    def __init__(self, *frames):
        self.frames = frames

    def detect(self, frame):
        found = Detection((40.0, 40.0, 80.0, 80.0), POINTS + frame.index, 0.9)
        return [found] * self.frames.count(frame.index)


def test_frames_keep_their_order_and_get_indices():
    gray = np.zeros((48, 64), np.uint8)
    frames = clip_frames([IMAGE, gray, Frame(IMAGE, 7, 70)])
    assert [(f.index, f.format) for f in frames] == [(0, "bgr"), (1, "gray"), (70, "bgr")]
    with pytest.raises(InputError, match="frame 1 of the clip has 64 x 9"):
        clip_frames([IMAGE, IMAGE[:9]])
    for value in ("clip.mp4", 5, None):
        with pytest.raises(OptionError, match="must be a sequence of frames, got"):
            clip_frames(value)


def test_times_must_not_run_backward_where_frames_have_them():
    assert len(clip_frames([Frame(IMAGE, 5, i) for i in range(9)])) == 9
    for clip in (CLIP[::-1], [(IMAGE, 9 - at) for at in range(10)]):
        with pytest.raises(InputError, match="frame 1 has 8 ns after 9 ns"):
            clip_frames(clip)


def test_phases():
    assert len(phases_of(30, "official")) == 3
    assert phases_of(8, "event") == (tuple(range(8)),)


def test_frames_without_a_face_take_the_nearest_one():
    faces = ClipFaces.found(CLIP, range(10), In(2, 7))
    sources = {at: points[0, 0] - 60 for at, points in faces.points.items()}
    # Frame 4 is nearer to 2, frame 5 nearer to 7.
    assert sources == {0: 2, 1: 2, 2: 2, 3: 2, 4: 2, 5: 7, 6: 7, 7: 7, 8: 7, 9: 7}
    assert faces.most_found == 1


def test_a_detector_that_can_looks_again_once_per_sample():
    class Closer(In):
        looks = 0

        def refine(self, frame, face):
            self.looks += 1
            return Detection(face.box, face.points + 0.5, face.score)

    detector = Closer(*range(10))
    faces = ClipFaces.found(CLIP, [1, 3, 3], detector)
    np.testing.assert_array_equal(faces.points[3], POINTS + 3.5)
    assert detector.looks == 2
    plain = ClipFaces.found(CLIP, [1, 3], detector, refine=False)
    np.testing.assert_array_equal(plain.points[3], POINTS + 3)


def test_only_samples_are_looked_at():
    faces = ClipFaces.found(CLIP, [0, 4, 8, 4], In(0, 1, 4, 4, 8))
    assert sorted(faces.points) == [0, 4, 8]
    assert faces.most_found == 2
    with pytest.raises(NoFaceError, match="none was found in 3 frames"):
        ClipFaces.found(CLIP, [0, 4, 8], In(1, 2, 3))


def test_transforms():
    faces = ClipFaces.found(CLIP, range(0, 10, 3), In(*range(10)))
    each = faces.transforms("per_frame")
    assert sorted(each) == [0, 3, 6, 9]
    for at, transform in each.items():
        np.testing.assert_array_equal(transform, _core.alignment_transform(POINTS + at))
    anchored = faces.transforms("anchored")
    for transform in anchored.values():
        np.testing.assert_allclose(transform, _core.alignment_transform(POINTS + 4.5), atol=1e-9)
