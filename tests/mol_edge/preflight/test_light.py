"""Lamps that flicker and exposures that drift: verdict, figure and advice."""

import numpy as np
import pytest

from mol_edge.preflight import Verdict, preflight
from tests.mol_edge.preflight.still_faces import Knowing, camera, complaints, judged


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
