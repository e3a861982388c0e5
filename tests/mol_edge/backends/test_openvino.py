"""What OpenVINO is asked for on GPUs and NPUs, as far as a CPU can show it."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from mol_edge.backends import BackendOptions, openvino_
from mol_edge.backends.device import Device
from mol_edge.backends.openvino_ import OpenVinoBackend
from tests import toy_bundle

pytest.importorskip("openvino", reason="what it is asked for is read off it")


@pytest.fixture
def backend(toy, tmp_path, monkeypatch):
    monkeypatch.setenv("MOL_EDGE_CACHE", str(tmp_path))
    with OpenVinoBackend(toy, Device.parse("openvino:CPU"), BackendOptions(threads=1)) as opened:
        yield opened


def test_where_shapes_must_be_static_each_batch_is_compiled(backend, monkeypatch):
    monkeypatch.setattr(openvino_, "_STATIC", ("CPU",))
    asked = []
    request = backend._request

    def note(graph, form, batch):
        asked.append(batch)
        return request(graph, form, batch)

    monkeypatch.setattr(backend, "_request", note)
    for count in (1, 3, 3, 2):
        frames = np.random.default_rng(count).standard_normal((count, 1, 128, 128))
        frames = frames.astype(np.float32)
        out = backend.run("features", {"frames": frames})
        expected = toy_bundle.features(frames)["landmarks"]
        np.testing.assert_allclose(out["landmarks"], expected, rtol=1e-4, atol=1e-4)
    assert asked == [1, 3, 2]


def test_a_cpu_keeps_no_compiled_models_unless_it_is_told_to(backend):
    properties = backend._properties()
    assert "CACHE_DIR" not in properties
    assert properties["INFERENCE_PRECISION_HINT"] == "f32"
    assert properties["INFERENCE_NUM_THREADS"] == 1


def test_a_gpu_computes_in_float32_and_an_npu_as_it_can(backend):
    backend._kind = "GPU"
    assert backend._properties()["INFERENCE_PRECISION_HINT"] == "f32"
    assert "INFERENCE_NUM_THREADS" not in backend._properties()
    backend._kind = "NPU"
    assert "INFERENCE_PRECISION_HINT" not in backend._properties()


def test_compiled_models_are_kept_apart_for_each_driver(backend, tmp_path, monkeypatch):
    backend._kind = "NPU"
    folders = set()
    for version in ("1.13.0", "1.16.0", "1.16.0"):
        monkeypatch.setattr(backend, "_driver_versions", lambda version=version: [version])
        folders.add(backend._cache_dir())
    assert len(folders) == 2
    assert {folder.parent for folder in folders} == {tmp_path / "openvino"}
    assert all(folder.name.startswith("NPU-") for folder in folders)


def test_what_a_driver_does_not_tell_is_left_out(backend):
    versions = backend._driver_versions()
    assert 1 <= len(versions) <= 4


def test_an_npu_warns_of_its_float16(toy, monkeypatch, caplog):
    monkeypatch.setattr(OpenVinoBackend, "_check_device", lambda self: None)
    with caplog.at_level(logging.WARNING, "mol_edge"):
        OpenVinoBackend(toy, Device.parse("openvino:NPU"), BackendOptions()).close()
    assert "openvino:NPU computes in float16" in caplog.text
    assert "`mol-edge check --device openvino:NPU`" in caplog.text
