"""Pipelines on the toy bundle whose detector says what a test has written down."""

import pytest

from mol_edge.pipeline import Pipeline
from tests.mol_edge.scenes import Scripted


@pytest.fixture(scope="session")
def images():
    """24 sharp pictures that all differ."""
    from tests.mol_edge.pipeline.toy_faces import sharp_pictures

    return sharp_pictures()


@pytest.fixture
def open_pipe(toy):
    """Opens pipelines, of frames at 20 per second unless options say otherwise."""
    from tests.mol_edge.pipeline.toy_faces import AT_20_FPS, steady

    opened = []

    def make(script=steady, bundle=toy, options=AT_20_FPS):
        opened.append(Pipeline(bundle, "onnxruntime", Scripted(script), options))
        return opened[-1]

    yield make
    for pipe in opened:
        pipe.close()
