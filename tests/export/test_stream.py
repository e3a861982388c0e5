"""The engine on exported bundles: every window, pair and event as their `clip` graph gives it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from export.probe import frames_apart
from mol_edge.backends import BackendOptions, open_backend
from mol_edge.backends.session import SessionBackend
from mol_edge.bundle import Bundle
from mol_edge.engine import Engine, EngineOptions, EngineOutput
from mol_edge.results import WindowState
from tests.golden_files import golden_model, recording
from training.model import Mol, MolConfig

DEVICES = ("onnxruntime:cpu", "openvino:CPU", "native:cpu")
# The core has no fused graph: its clips are put together from the same parts.
OTHERS = {"native:cpu": "onnxruntime:cpu"}
PERIOD_NS = 1_000_000_000 // 60
WINDOWS_MS = (200, 350, 500)
STEPS = (2, 3, 4)
FRAMES = 32
ATOL = 1e-4

Crops = NDArray[np.float32]


@pytest.fixture(scope="module")
def full_crops() -> Crops:
    recorded, _ = recording("cls5_k4_noise")
    return frames_apart(golden_model(recorded), FRAMES)


@pytest.fixture(scope="module")
def lite_crops() -> Crops:
    torch.manual_seed(5)
    return frames_apart(Mol(MolConfig.lite(classes=5)).eval(), FRAMES)


def clip_of(backend: SessionBackend, crops: Crops, samples: tuple[int, ...]) -> dict[str, Crops]:
    """What the fused graph says of 8 crops."""
    return backend.run("clip", {"clip": crops[list(samples)][None, None]})


def check_stream(bundle: Bundle, device: str, crops: Crops, checked: tuple[int, ...]) -> None:
    options = EngineOptions(windows_ms=WINDOWS_MS, flow="on_motion")
    threads = BackendOptions(threads=2)
    with (
        open_backend(bundle, device, threads) as backend,
        open_backend(bundle, OTHERS.get(device, device), threads) as reference,
    ):
        engine = Engine(backend, options, PERIOD_NS)
        outputs: list[EngineOutput] = []
        fields: dict[int, NDArray[np.float32] | None] = {}
        for index, crop in enumerate(crops):
            outputs += engine.push(crop[None], [0], index * PERIOD_NS, index)
            if index in checked:
                fields[index] = engine.flow(0)
        for index in checked:
            output, field = outputs[index], fields[index]
            assert field is not None
            for window, step in zip(output.windows, STEPS):
                assert window.state is WindowState.READY
                assert window.samples == tuple(range(index - 7 * step, index + 1, step))
                clip = clip_of(reference, crops, window.samples)
                np.testing.assert_allclose(window.logits, clip["logits"][0], atol=ATOL, rtol=0)
                landmarks = clip["landmarks"][0, :, -1].reshape(68, 2)
                np.testing.assert_allclose(output.landmarks, landmarks, atol=ATOL, rtol=0)
                if step == STEPS[0]:
                    flow = clip["flow"][0, ..., -1]
                    np.testing.assert_allclose(field, flow, atol=ATOL, rtol=0)
        # Windows must differ by more than is allowed, or equality would say nothing.
        told = [outputs[index].windows[0].logits for index in checked]
        assert np.abs(np.subtract(told[0], told[1])).max() > 10 * ATOL
        check_event(engine, reference, crops)


def check_event(engine: Engine, reference: SessionBackend, crops: Crops) -> None:
    """An event shares its frames with windows, and with no window all of them."""
    event = engine.classify_event(0, 9 * PERIOD_NS, 26 * PERIOD_NS, flow=True)
    assert event.samples == (9, 11, 14, 16, 19, 21, 24, 26)
    clip = clip_of(reference, crops, event.samples)
    np.testing.assert_allclose(event.logits, clip["logits"][0], atol=ATOL, rtol=0)
    assert event.flow is not None
    np.testing.assert_allclose(event.flow, np.moveaxis(clip["flow"][0], -1, 0), atol=ATOL, rtol=0)


# Windows that end at neighbouring frames share no member.
@pytest.mark.parametrize("device", DEVICES)
def test_a_stream_of_the_lite_network_equals_its_clips(
    lite_bundle: Bundle, lite_crops: Crops, device: str
) -> None:
    check_stream(lite_bundle, device, lite_crops, (28, 29, 30, 31))


@pytest.mark.parametrize("device", DEVICES)
def test_a_stream_of_the_full_network_equals_its_clips(
    full_bundle: Bundle, full_crops: Crops, device: str
) -> None:
    check_stream(full_bundle, device, full_crops, (30, 31))


@pytest.mark.parametrize("device", DEVICES)
def test_several_faces_in_one_batch_equal_their_clips(
    lite_bundle: Bundle, lite_crops: Crops, device: str
) -> None:
    threads = BackendOptions(threads=2)
    with (
        open_backend(lite_bundle, device, threads) as backend,
        open_backend(lite_bundle, OTHERS.get(device, device), threads) as reference,
    ):
        engine = Engine(backend, EngineOptions(windows_ms=(350,)), 50_000_000)
        for index in range(9):
            members = [index, index + 9, index + 18]
            outputs = engine.push(lite_crops[members], [0, 1, 2], index * 50_000_000, index)
        for start, output in zip((1, 10, 19), outputs):
            clip = clip_of(reference, lite_crops, tuple(range(start, start + 8)))
            logits, flow = output.windows[0].logits, output.flow
            np.testing.assert_allclose(logits, clip["logits"][0], atol=ATOL, rtol=0)
            np.testing.assert_allclose(flow, clip["flow"][0, ..., -1], atol=ATOL, rtol=0)
