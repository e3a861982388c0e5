"""What ONNX Runtime is asked for on NVIDIA's GPUs, as far as a CPU can show it."""

from __future__ import annotations

import os
import sys

import onnxruntime
import pytest

from mol_edge.backends import BackendOptions
from mol_edge.backends.base import BackendState
from mol_edge.backends.device import Device
from mol_edge.backends.onnxruntime_ import OnnxRuntimeBackend
from mol_edge.errors import DeviceError, DeviceMemoryError, MissingExtraError

GPUS = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]


@pytest.fixture
def with_gpu(monkeypatch, tmp_path):
    """Providers as a build for GPUs lists them; nothing runs on them."""
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: GPUS)
    monkeypatch.setenv("MOL_EDGE_CACHE", str(tmp_path))
    monkeypatch.delenv("NVIDIA_TF32_OVERRIDE", raising=False)
    return tmp_path


def test_cuda_computes_without_tf32_and_without_the_cpu(toy, with_gpu):
    backend = OnnxRuntimeBackend(toy, Device.parse("onnxruntime:cuda:1"), BackendOptions())
    assert backend._providers == [
        ("CUDAExecutionProvider", {"device_id": "1", "use_tf32": "0"}),
    ]
    options = backend._session_options()
    assert options.get_session_config_entry("session.disable_cpu_ep_fallback") == "1"


def test_tensorrt_keeps_types_and_engines_and_reads_the_signed_form(toy, with_gpu, monkeypatch):
    # Restored by the fixture's monkeypatch, whatever the backend sets.
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "1")
    backend = OnnxRuntimeBackend(toy, Device.parse("onnxruntime:tensorrt"), BackendOptions())
    (name, options), (fallback, _) = backend._providers
    assert (name, fallback) == ("TensorrtExecutionProvider", "CUDAExecutionProvider")
    assert options["trt_fp16_enable"] == options["trt_int8_enable"] == "0"
    assert options["trt_engine_cache_path"] == str(with_gpu / "onnxruntime-tensorrt")
    assert backend.forms == ("tensorrt", "onnx")
    assert os.environ["NVIDIA_TF32_OVERRIDE"] == "0"


def test_a_provider_that_the_build_lacks_names_the_other_package(toy, monkeypatch):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: GPUS[2:])
    for device in ("onnxruntime:cuda", "onnxruntime:tensorrt"):
        with pytest.raises(DeviceError, match="`pip install onnxruntime-gpu`"):
            OnnxRuntimeBackend(toy, Device.parse(device), BackendOptions())


def test_without_a_runtime_gpus_are_told_the_package_for_them(toy, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    for device in ("onnxruntime:cuda:0", "onnxruntime:tensorrt"):
        with pytest.raises(MissingExtraError, match="`pip install onnxruntime-gpu`"):
            OnnxRuntimeBackend(toy, Device.parse(device), BackendOptions())


def test_memory_that_runs_out_is_told_by_its_text(toy, with_gpu, monkeypatch):
    backend = OnnxRuntimeBackend(toy, Device.parse("onnxruntime:cuda"), BackendOptions())
    loads = []

    def load(graph, form):
        loads.append(graph)
        raise RuntimeError("BFCArena::AllocateRawInternal Failed to allocate memory for buffer")

    monkeypatch.setattr(backend, "_load", load)
    import numpy as np

    with pytest.raises(DeviceMemoryError, match="also after it was set up anew"):
        backend.run("head", {"parts": np.zeros((1, 8, 6, 32, 8, 8), np.float32)})
    assert loads == ["head", "head"]
    assert backend.state is BackendState.OUT_OF_MEMORY
