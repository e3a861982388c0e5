"""Cameras with one fault each get the verdict, the figure and the advice for that fault."""

import threading

import numpy as np
import pytest

from mol_edge.errors import InputError, OptionError
from mol_edge.frame import Frame
from mol_edge.preflight import Verdict, preflight

cv2 = pytest.importorskip("cv2")

from tests.mol_edge.preflight.still_faces import Knowing, camera, photo  # noqa: E402


def judged(seconds=2.4, scale=1.0, **settings):
    pictures = camera(seconds=seconds + 0.3, scale=scale, **settings)
    return preflight(pictures, seconds, Knowing(scale))


def complaints(report):
    return {finding.name for finding in report.findings if finding.verdict is not Verdict.GOOD}


@pytest.fixture(scope="module")
def good():
    return judged()


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


def test_noise_is_measured_in_crop_pixels_and_grows_with_the_sensors(good):
    poor, unfit = judged(noise=5), judged(noise=14)
    assert poor.noise.noise_px == pytest.approx(2.5 * good.noise.noise_px, rel=0.25)
    assert (poor.verdict, complaints(poor)) == (Verdict.POOR, {"motion noise"})
    assert (unfit.verdict, complaints(unfit)) == (Verdict.UNFIT, {"motion noise"})
    assert unfit.findings[0].advice.startswith("more light, less gain, a larger face")


@pytest.mark.parametrize(
    ("fps", "verdict"), [(15, Verdict.UNFIT), (24, Verdict.POOR), (60, Verdict.GOOD)]
)
def test_the_rate(fps, verdict):
    report = judged(fps=fps)
    assert report.timing.fps == pytest.approx(fps, rel=0.002)
    assert report.verdict is verdict
    assert complaints(report) == ({"frame rate"} if verdict is not Verdict.GOOD else set())


def test_repeated_pictures_do_not_count_as_a_rate():
    report = judged(fps=60, repeats=4)
    assert report.timing.fps == pytest.approx(15, rel=0.03)
    assert report.timing.repeated == pytest.approx(0.75, abs=0.01)
    assert report.verdict is Verdict.UNFIT
    assert "75% of the pictures repeated" in report.findings[0].measured


def test_jitter_and_missed_pictures():
    jittery = judged(jitter_ms=9)
    assert 9 < jittery.timing.jitter_ms < 18
    assert complaints(jittery) == {"regularity"}
    missing = judged(seconds=5, fps=60, missed=0.1)
    assert missing.timing.missed == pytest.approx(0.1, abs=0.04)
    assert missing.timing.jitter_ms < 0.01
    assert complaints(missing) == {"regularity"}


@pytest.mark.parametrize(
    ("fps", "lamp_hz", "seen_hz"), [(30, 100, 10), (50, 120, 20), (60, 100, 20), (24, 100, 4)]
)
def test_flicker_is_measured_and_its_lamp_named(fps, lamp_hz, seen_hz):
    report = judged(fps=fps, lamp_hz=lamp_hz, depth=0.03)
    assert report.light.flicker_percent == pytest.approx(3, abs=0.2)
    assert report.light.flicker_hz == pytest.approx(seen_hz, abs=0.2)
    assert report.light.mains_hz == lamp_hz
    (flicker,) = [finding for finding in report.findings if finding.name == "flicker"]
    assert flicker.verdict is Verdict.POOR
    assert f"anti-flicker to {lamp_hz / 2:.0f} Hz" in flicker.advice
    # Gain and offset of the light do not count as motion.
    assert report.noise.noise_px < 0.05


def test_strong_flicker_is_unfit_and_one_of_no_mains_names_no_lamp():
    report = judged(lamp_hz=3.3, depth=0.15)
    assert report.verdict is Verdict.UNFIT
    assert report.light.mains_hz is None
    assert report.findings[0].advice.startswith("lock the camera's exposure")


def test_flicker_in_bands_is_seen_where_the_mean_stands_still():
    def banded():
        rows = np.arange(480)[:, None]
        for number, (image, time_ns) in enumerate(camera(2.7)):
            phase = 2 * np.pi * (10 * number / 30 + rows / 115)
            yield (image * (1 + 0.05 * np.sin(phase))).clip(0, 255).astype(np.uint8), time_ns

    report = preflight(banded(), 2.4, Knowing())
    assert report.light.flicker_percent > 1.5
    assert report.light.mains_hz == 100


def test_light_that_changes_slowly_and_too_little_of_it():
    assert "steady exposure" in complaints(judged(seconds=4, lamp_hz=0.1, depth=0.2))
    dark = judged(gain=0.2, noise=0.5)
    assert dark.light.luma == pytest.approx(33, abs=3)
    assert complaints(dark) == {"brightness"}
    assert judged(gain=1.6).light.clipped > 0.1


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


def test_a_face_that_sways_is_told_to_be_still_and_is_no_noise():
    report = judged(fps=60, shift=lambda time: (10 * np.sin(6 * time), 0))
    assert report.noise.head_px > 0.5
    assert report.noise.noise_px < 0.06
    assert "stillness" in complaints(report)


def test_a_still_picture_is_no_camera():
    report = judged(noise=0)
    assert report.verdict is Verdict.UNFIT
    assert report.findings[0].advice.startswith("the same picture comes again and again")


def test_compression_that_repeats_blocks_is_told():
    def skipping():
        """One block in twenty is new in each picture."""
        chance = np.random.default_rng(0)
        kept = None
        for image, time in camera(2.7):
            if kept is not None:
                fresh = np.kron(chance.random((60, 80)) < 0.05, np.ones((8, 8), bool))
                image = np.where(fresh, image, kept)
            kept = image
            yield image, time

    report = preflight(skipping(), 2.4, Knowing())
    assert report.skipped == pytest.approx(0.95, abs=0.03)
    assert report.timing.fps == pytest.approx(30)
    assert report.verdict is Verdict.POOR
    assert "raise the bit rate" in report.findings[0].advice


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
    with pytest.raises(InputError, match="camera 987 cannot be opened: check that it is connec"):
        preflight(987, 1.0, Knowing())


def test_too_few_pictures_are_an_error():
    with pytest.raises(InputError, match="At least 20 pictures of a face are needed, and frames g"):
        preflight(camera(0.5), 10, Knowing())
    with pytest.raises(InputError, match="has given no picture"):
        preflight([], 10, Knowing())


def test_a_size_that_changes_is_an_error():
    def growing():
        for number, (image, time) in enumerate(camera(1.0)):
            yield (image if number < 10 else cv2.resize(image, (800, 600))), time

    with pytest.raises(InputError, match="change their size while they are watched"):
        preflight(growing(), 0.9, Knowing())


@pytest.mark.parametrize("seconds", [0, -1, 601, float("nan")])
def test_bad_times_are_refused(seconds):
    with pytest.raises(OptionError, match="seconds must lie above 0 and at most at 600"):
        preflight([photo()], seconds)


def test_the_record_is_what_json_takes(good):
    import json

    record = json.loads(json.dumps(good.record()))
    assert (record["schema"], record["verdict"]) == (1, "good")
    assert record["timing"]["fps"] == 30.0
    assert {finding["verdict"] for finding in record["findings"]} == {"good"}
    assert record["noise"]["noise_px"] == good.noise.noise_px
