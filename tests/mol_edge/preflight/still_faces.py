"""Cameras made up: a photograph of a face with a rate, noise, light and size of one's own."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from mol_edge.faces import Detection
from mol_edge.preflight import Verdict, preflight
from tests.mol_edge.conftest import DEMO

SECOND = 1_000_000_000


@cache
def photo():
    """The demo's face, 640 x 480, eyes 110 pixels apart, in gray."""
    capture = cv2.VideoCapture(str(DEMO))
    image = capture.read()[1]
    capture.release()
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


POINTS = np.array([[238.0, 200], [346, 200], [292, 262], [250, 314], [338, 314]])
BOX = np.array([180.0, 120, 225, 225])


class Knowing:
    """Finds the photograph's face where it is, at a scale."""

    name = "knowing"

    def __init__(self, scale=1.0):
        self.scale, self.size = scale, None

    def detect(self, frame):
        # The second and later looks are at the part that was cut out around the first.
        shift = np.zeros(2)
        if self.size is not None:
            shift = np.maximum(0, (BOX[:2] - 0.5 * BOX[2]) * self.scale) // 8 * 8
        self.size = (frame.width, frame.height)
        box = BOX * self.scale - [*shift, 0, 0]
        return [Detection(tuple(box), POINTS * self.scale - shift, 0.9)]


def camera(
    seconds=3.0,
    fps=30.0,
    noise=2.0,
    scale=1.0,
    gain=1.0,
    lamp_hz=0.0,
    depth=0.0,
    jitter_ms=0.0,
    missed=0.0,
    repeats=1,
    shift=lambda time: (0.0, 0.0),
    seed=0,
):
    """(image, timestamp) of a still face under a lamp, the light of each exposure sampled."""
    rng = np.random.default_rng(seed)
    still = cv2.resize(photo(), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    image = None
    for number in range(round(seconds * fps)):
        time = number / fps
        if image is None or number % repeats == 0:
            x, y = shift(time)
            moved = still
            if x or y:
                move = np.float32([[1, 0, x], [0, 1, y]])
                moved = cv2.warpAffine(
                    still, move, still.shape[::-1], borderMode=cv2.BORDER_REFLECT
                )
            light = gain * (1 + depth * np.sin(2 * np.pi * lamp_hz * time))
            image = np.rint(moved * light + rng.normal(0, noise, still.shape)) if noise else moved
            image = image.clip(0, 255).astype(np.uint8)
        late = rng.uniform(-jitter_ms, jitter_ms) if jitter_ms else 0.0
        if number == 0 or rng.random() >= missed:
            yield image, SECOND + round((time + late / 1e3) * 1e9)


def judged(seconds=2.4, scale=1.0, **settings):
    """The report on a camera made up."""
    pictures = camera(seconds=seconds + 0.3, scale=scale, **settings)
    return preflight(pictures, seconds, Knowing(scale))


def complaints(report):
    """What is not good about it."""
    return {finding.name for finding in report.findings if finding.verdict is not Verdict.GOOD}
