"""Backends of the toy bundle, and crops to push through engines on them."""

import numpy as np
import pytest

from mol_edge.backends import open_backend


@pytest.fixture(scope="module", params=["onnxruntime", "openvino"])
def backend(request, toy):
    """Each runtime."""
    pytest.importorskip(request.param)
    with open_backend(toy, request.param) as opened:
        yield opened


@pytest.fixture(scope="module")
def ort(toy):
    """ONNX Runtime, for what does not depend on the runtime."""
    with open_backend(toy, "onnxruntime") as opened:
        yield opened


@pytest.fixture(scope="module")
def crops():
    """Noise under changing light, float32 [FRAMES, 128, 128]."""
    from tests.mol_edge.engine.toy_engine import FRAMES

    random = np.random.default_rng(3)
    light = random.uniform(-2, 2, (FRAMES, 1, 1))
    return (light + random.normal(size=(FRAMES, 128, 128))).astype(np.float32)
