"""The trained demo network in float32 and in eight bits, and a few clips to judge it on."""

from __future__ import annotations

import pytest

for package in ("torch", "onnx", "onnxruntime", "openvino", "sklearn", "cv2"):
    pytest.importorskip(package, reason=f"precisions are made with {package}")

import numpy as np  # noqa: E402

from export.precision.add import FLAVOURS  # noqa: E402
from export.precision.again import models_of  # noqa: E402
from export.precision.bench import Bench  # noqa: E402
from export.precision.build import Calibration, Form, Models, flavoured  # noqa: E402
from export.precision.clips import Clips, open_judging  # noqa: E402
from export.precision.gate import Limits  # noqa: E402
from export.precision.graph import unfolded  # noqa: E402
from export.precision.measure import outputs_of  # noqa: E402
from export.precision.trial import ModelsBackend  # noqa: E402
from mol_edge.bundle import Bundle  # noqa: E402

GROUPS = (
    "flow encoder",
    "flow matching",
    "flow contraction",
    "flow expansion, coarse",
    "flow expansion, fine",
    "landmark hidden",
)


@pytest.fixture(scope="session")
def demo() -> Bundle:
    return Bundle.default()


@pytest.fixture(scope="session")
def float32(demo: Bundle) -> Models:
    return {name: unfolded(model) for name, model in models_of(demo).items()}


@pytest.fixture(scope="session")
def clips(demo: Bundle) -> Clips:
    """Four rendered clips with their truth."""
    return open_judging("synthetic", demo.manifest.labels, 4)


@pytest.fixture(scope="session")
def bench(demo: Bundle, float32: Models, clips: Clips) -> Bench:
    luma = demo.manifest.normalisation
    reference = outputs_of(ModelsBackend(float32, "onnxruntime"), clips, luma)
    return Bench(clips, luma, reference, Limits(classes=1.0, flow=0.1))


@pytest.fixture(scope="session")
def eight(demo: Bundle, float32: Models, clips: Clips) -> dict[str, Form]:
    """Flow and some landmarks in eight bits, by form; calibrated on what is judged, for speed."""
    calibration = Calibration(float32, clips.normalised(demo.manifest.normalisation))
    return flavoured(calibration, GROUPS, FLAVOURS)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)
