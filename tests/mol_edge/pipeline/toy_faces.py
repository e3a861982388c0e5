"""Faces where a test says, in pictures that differ, and what NumPy says of them."""

import numpy as np

from mol_edge import _core
from mol_edge.faces import Detection
from mol_edge.options import PipelineOptions
from mol_edge.sources import SourceOptions
from tests import toy_bundle

MS = 1_000_000
AT_20_FPS = PipelineOptions(source=SourceOptions(fps=20))
POINTS = np.array([[60, 60], [100, 60], [80, 80], [65, 100], [95, 100.0]])


def face_at(shift=0.0, score=0.9, size=80.0):
    return Detection((40.0 + shift, 40.0, size, size), POINTS + [shift, 0], score)


def steady(index):
    return [face_at(0.0)]


def moving(index):
    return [face_at(index * 0.7)]


def sharp_pictures(count=24, size=(192, 256)):
    """Sharp pictures that differ in light and in their pixels."""
    random = np.random.default_rng(5)
    rows, columns = (side // 16 for side in size)
    smooth = random.integers(40, 200, (count, rows, columns, 3)).astype(np.uint8)
    return [np.repeat(np.repeat(image, 16, 0), 16, 1) for image in smooth]


def crops_of(images, points):
    return np.stack(
        [
            _core.crop_float(image, _core.alignment_transform(p), toy_bundle.MEAN, toy_bundle.SCALE)
            for image, p in zip(images, points)
        ]
    )


def softmax(logits):
    exponent = np.exp(logits - logits.max())
    return exponent / exponent.sum()
