"""Cameras at fault in their rate or in pictures that repeat: verdict, figure and advice."""

import numpy as np
import pytest

from mol_edge.preflight import Verdict, preflight
from tests.mol_edge.preflight.still_faces import Knowing, camera, complaints, judged


@pytest.mark.parametrize(
    ("fps", "verdict"), [(15, Verdict.UNFIT), (24, Verdict.POOR), (60, Verdict.GOOD)]
)
def test_the_rate(fps, verdict):
    report = judged(fps=fps)
    assert report.timing.fps == pytest.approx(fps, rel=0.002)
    assert report.verdict is verdict
    assert complaints(report) == ({"frame rate"} if verdict is not Verdict.GOOD else set())


def test_jitter_and_missed_pictures():
    jittery = judged(jitter_ms=9)
    assert 9 < jittery.timing.jitter_ms < 18
    assert complaints(jittery) == {"regularity"}
    missing = judged(seconds=5, fps=60, missed=0.1)
    assert missing.timing.missed == pytest.approx(0.1, abs=0.04)
    assert missing.timing.jitter_ms < 0.01
    assert complaints(missing) == {"regularity"}


def test_repeated_pictures_do_not_count_as_a_rate():
    report = judged(fps=60, repeats=4)
    assert report.timing.fps == pytest.approx(15, rel=0.03)
    assert report.timing.repeated == pytest.approx(0.75, abs=0.01)
    assert report.verdict is Verdict.UNFIT
    assert "75% of the pictures repeated" in report.findings[0].measured


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
