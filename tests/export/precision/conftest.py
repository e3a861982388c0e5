"""The trained demo network in float32 and in eight bits, and a few clips to judge it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from export.precision.bench import Bench
    from export.precision.build import Form, Models
    from export.precision.clips import Clips
    from mol_edge.bundle import Bundle

GROUPS = (
    "flow encoder",
    "flow matching",
    "flow contraction",
    "flow expansion, coarse",
    "flow expansion, fine",
    "landmark hidden",
)


@pytest.fixture(scope="session", autouse=True)
def precision_packages() -> None:
    """Skips all tests here where one is missing."""
    for package in ("sklearn", "cv2"):
        pytest.importorskip(package, reason=f"precisions are made with {package}")


@pytest.fixture(scope="session")
def demo() -> Bundle:
    """The bundle that ships."""
    from mol_edge.bundle import Bundle

    return Bundle.default()


@pytest.fixture(scope="session")
def float32(demo: Bundle) -> Models:
    """Its graphs with their constants unfolded."""
    from export.precision.again import models_of
    from export.precision.graph import unfolded

    return {name: unfolded(model) for name, model in models_of(demo).items()}


@pytest.fixture(scope="session")
def clips(demo: Bundle) -> Clips:
    """Four rendered clips with their truth."""
    from export.precision.clips import open_judging

    return open_judging("synthetic", demo.manifest.labels, 4)


@pytest.fixture(scope="session")
def bench(demo: Bundle, float32: Models, clips: Clips) -> Bench:
    """What judges a form of the network against float32."""
    from export.precision.bench import Bench
    from export.precision.gate import Limits
    from export.precision.measure import outputs_of
    from export.precision.trial import ModelsBackend

    luma = demo.manifest.normalisation
    reference = outputs_of(ModelsBackend(float32, "onnxruntime"), clips, luma)
    return Bench(clips, luma, reference, Limits(classes=1.0, flow=0.1))


@pytest.fixture(scope="session")
def eight(demo: Bundle, float32: Models, clips: Clips) -> dict[str, Form]:
    """Flow and some landmarks in eight bits, by form; calibrated on what is judged, for speed."""
    from export.precision.add import FLAVOURS
    from export.precision.build import Calibration, flavoured

    calibration = Calibration(float32, clips.normalised(demo.manifest.normalisation))
    return flavoured(calibration, GROUPS, FLAVOURS)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)
