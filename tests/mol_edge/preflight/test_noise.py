"""Sensors that are noisy and faces that sway: verdict, figure and advice."""

import numpy as np
import pytest

from mol_edge.preflight import Verdict
from tests.mol_edge.preflight.still_faces import complaints, judged


def test_noise_is_measured_in_crop_pixels_and_grows_with_the_sensors(good):
    poor, unfit = judged(noise=5), judged(noise=14)
    assert poor.noise.noise_px == pytest.approx(2.5 * good.noise.noise_px, rel=0.25)
    assert (poor.verdict, complaints(poor)) == (Verdict.POOR, {"motion noise"})
    assert (unfit.verdict, complaints(unfit)) == (Verdict.UNFIT, {"motion noise"})
    assert unfit.findings[0].advice.startswith("more light, less gain, a larger face")


def test_a_face_that_sways_is_told_to_be_still_and_is_no_noise():
    report = judged(fps=60, shift=lambda time: (10 * np.sin(6 * time), 0))
    assert report.noise.head_px > 0.5
    assert report.noise.noise_px < 0.06
    assert "stillness" in complaints(report)
