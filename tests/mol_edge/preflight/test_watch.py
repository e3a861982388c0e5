"""What is watched: a camera's face, its layout, and sources that cannot be judged."""

import threading

import cv2
import numpy as np
import pytest

from mol_edge.errors import InputError, OptionError
from mol_edge.frame import Frame
from mol_edge.preflight import Verdict, preflight
from tests.mol_edge.preflight.still_faces import Knowing, camera, complaints, judged, photo


def test_a_good_camera_is_good(good):
    assert good.verdict is Verdict.GOOD
    assert complaints(good) == set()
    assert all(finding.advice == "" for finding in good.findings)
    assert good.timing.fps == 30.0
    assert (good.timing.missed, good.timing.repeated) == (0, 0)
    assert good.light.flicker_percent < 0.1
    assert good.face.eye_px == pytest.approx(113, abs=8)
    assert good.face.enlarged == pytest.approx(0.5, abs=0.03)
    assert 0.01 < good.noise.noise_px < 0.05
    assert good.noise.span_ms == pytest.approx(66.7, abs=0.1)
    assert good.seconds == pytest.approx(2.4, abs=0.04)


def test_small_faces():
    small = judged(scale=0.3, noise=1)
    assert small.face.enlarged == pytest.approx(1.67, abs=0.1)
    assert complaints(small) == {"face"}
    assert small.verdict is Verdict.POOR
    tiny = judged(scale=0.15, noise=0.5)
    assert tiny.face.state == "too_small"
    assert tiny.verdict is Verdict.UNFIT
    assert "move the camera closer" in tiny.findings[0].advice


def test_a_blurred_face():
    pictures = ((cv2.GaussianBlur(image, None, 14), time) for image, time in camera(2.7))
    report = preflight(pictures, 2.4, Knowing())
    assert report.face.state == "blurred"
    assert report.verdict is Verdict.UNFIT
    assert any(finding.advice.startswith("focus the lens") for finding in report.findings)


def test_without_a_face_it_is_unfit_and_says_so():
    class Blind(Knowing):
        def detect(self, frame):
            return []

    report = preflight(camera(1.0), 0.5, Blind())
    assert report.verdict is Verdict.UNFIT
    assert report.timing is None
    (finding,) = report.findings
    assert finding.measured.startswith("none in 1.0 s")


def test_the_face_may_come_later():
    class Late(Knowing):
        looked = 0

        def detect(self, frame):
            self.looked += 1
            return super().detect(frame) if self.looked > 5 else []

    report = preflight(camera(2.5), 2.0, Late())
    assert report.frames == 61
    assert report.verdict is Verdict.GOOD


def test_a_face_that_is_not_always_there_is_told():
    class Shy(Knowing):
        looked = 0

        def detect(self, frame):
            self.looked += 1
            return super().detect(frame) if self.looked < 4 else []

    report = preflight(camera(2.5), 2.0, Shy())
    assert report.face.found == pytest.approx(2 / 7)
    assert "presence" in complaints(report)
    assert report.face.absent_s == pytest.approx([2 / 3, 1, 4 / 3, 5 / 3, 2], abs=0.04)
    (told,) = [each.measured for each in report.findings if each.name == "presence"]
    assert told == "a face at 29% of the looks, none at 0.7, 1.0, 1.3, 1.7, 2.0 s"


def test_colours_and_layouts_give_the_same():
    gray = list(camera(1.5))
    bgr = [(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), time) for image, time in gray]
    chroma = np.full((240, 640), 128, np.uint8)
    nv12 = [
        Frame(np.vstack([image, chroma]), time, number, "nv12")
        for number, (image, time) in enumerate(gray)
    ]
    reports = [preflight(pictures, 1.2, Knowing()) for pictures in (gray, bgr, nv12)]
    noises = [report.noise.noise_px for report in reports]
    assert noises == pytest.approx([noises[0]] * 3, rel=1e-6)


def test_a_live_source_is_watched_under_guard():
    """A camera that hangs after its pictures cannot hang the preflight."""
    gate = threading.Event()

    def my_camera():
        yield from camera(1.5)
        gate.wait(60)

    report = preflight(my_camera, 1.0, Knowing())
    gate.set()
    assert report.frames >= 20
    assert report.frames + report.dropped <= 45


def test_a_camera_that_is_not_there_is_an_error():
    with pytest.raises(InputError, match="camera 87 cannot be opened: check that it is connec"):
        preflight(87, 1.0, Knowing())


def test_too_few_pictures_are_an_error():
    with pytest.raises(
        InputError, match="At least 20 pictures are needed, and frames gave 15: giv"
    ):
        preflight(camera(0.5), 10, Knowing())

    class Late(Knowing):
        def detect(self, frame):
            return super().detect(frame) if frame.image.any() else []

    pictures = list(camera(0.5))
    blank = np.zeros_like(pictures[0][0])
    step = pictures[1][1] - pictures[0][1]
    late = [(blank, step * at) for at in range(12)]
    late += [(image, step * (12 + at)) for at, (image, _) in enumerate(pictures)]
    with pytest.raises(InputError, match="At least 20 pictures of a face are needed, and frames g"):
        preflight(late, 10, Late())
    with pytest.raises(InputError, match="has given no picture"):
        preflight([], 10, Knowing())


def test_a_size_that_changes_is_an_error():
    def growing():
        for number, (image, time) in enumerate(camera(1.0)):
            yield (image if number < 10 else cv2.resize(image, (800, 600))), time

    with pytest.raises(InputError, match="must keep their size, "):
        preflight(growing(), 0.9, Knowing())


@pytest.mark.parametrize("seconds", [0, -1, 601, float("nan")])
def test_bad_times_are_refused(seconds):
    with pytest.raises(OptionError, match="seconds must lie above 0 and at most at 600"):
        preflight([photo()], seconds)
