"""A face that is not upright: which turn makes it so."""

import dataclasses
import logging

import cv2
import numpy as np
import pytest

from mol_edge import Pipeline
from mol_edge.faces import Detection, YunetDetector
from mol_edge.faces.upright import UprightCheck, turn_needed
from mol_edge.frame import Frame
from mol_edge.preflight import Verdict, preflight
from mol_edge.sources.turned import turned
from tests.mol_edge.preflight.still_faces import BOX, POINTS, camera


class Gravity:
    """Sure of a face with light from above, less so of one from below, sees none on its side."""

    name = "gravity"

    def detect(self, frame):
        light = frame.image.astype(float)
        middle = light.shape[0] // 2
        top, bottom = light[:middle].mean(), light[middle:].mean()
        if abs(top - bottom) < 10:
            return []
        score = 0.93 if top > bottom else 0.86
        return [Detection(tuple(BOX), POINTS, score)]


def lit_from(side):
    ramp = np.broadcast_to(np.linspace(255, 0, 64)[:, None], (64, 64)).astype(np.uint8)
    return Frame(np.ascontiguousarray(np.rot90(ramp, side)), 0, format="gray")


@pytest.mark.parametrize(("quarters", "degrees"), [(0, 0), (1, 90), (2, 180), (3, 270)])
def test_the_turn_that_makes_it_upright(quarters, degrees):
    assert turn_needed([lit_from(quarters)] * 3, Gravity()) == degrees


def test_pictures_that_disagree_say_nothing():
    assert turn_needed([lit_from(2), lit_from(2), lit_from(0)], Gravity()) == 0
    assert turn_needed([], Gravity()) == 0


@pytest.mark.parametrize("code", [cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE])
def test_a_report_says_by_how_much(code):
    shade = np.linspace(1, 0.3, 480)[:, None]
    pictures = [
        (cv2.rotate((image * shade).astype(np.uint8), code), time) for image, time in camera(1.0)
    ]
    report = preflight(pictures, 0.8, Gravity())
    wanted = 180 if code == cv2.ROTATE_180 else 270
    assert (report.turn, report.verdict) == (wanted, Verdict.UNFIT)
    assert report.record()["turn"] == wanted
    assert any(f"--rotate {wanted}" in finding.advice for finding in report.findings)


def looked_at(detector, *turns_and_ms):
    """A check that has looked at pictures, each turned, at these times."""
    check = UprightCheck(lambda: detector)
    for (frame, turn), ms in turns_and_ms:
        check.look(dataclasses.replace(turned(frame, turn), timestamp_ns=ms * 1_000_000))
    return check.turn, check.open


def test_two_looks_that_lie_apart_must_say_the_same(yunet_file, portrait):
    yunet = YunetDetector(yunet_file)
    upright, lying, reversed_ = (portrait, 0), (portrait, 90), (portrait, 180)
    assert looked_at(yunet, (upright, 0)) == (0, False)
    assert looked_at(yunet, (reversed_, 0), (reversed_, 199)) == (0, True)
    assert looked_at(yunet, (reversed_, 0), (reversed_, 200)) == (180, False)
    assert looked_at(yunet, (lying, 0), (lying, 300)) == (270, False)
    assert looked_at(yunet, (reversed_, 0), (upright, 300)) == (0, False)


def test_detectors_whose_scores_do_not_tell_are_left_alone():
    assert looked_at(Gravity(), ((lit_from(2), 0), 0)) == (0, False)


def test_a_run_on_reversed_pictures_tells_it_once(yunet_file, portrait, toy, caplog):
    pictures = [(turned(portrait, 180).image, at * 100_000_000) for at in range(12)]
    with (
        caplog.at_level(logging.WARNING, "mol_edge"),
        Pipeline(toy, "onnxruntime", YunetDetector(yunet_file)) as pipe,
    ):
        assert all(result.faces for result in pipe.run(pictures))
    (told,) = [message for message in caplog.messages if "seems to lie" in message]
    assert "lie upside down" in told
    assert "--rotate 180, or SourceOptions(rotate=180) in Python" in told
