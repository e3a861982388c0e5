"""ONNX Runtime, on its CPU, CUDA and TensorRT providers."""

from __future__ import annotations

import os
import platform
from typing import Any

from mol_edge.backends.base import BackendOptions, Tensors
from mol_edge.backends.device import Device
from mol_edge.backends.importing import import_runtime
from mol_edge.backends.mending import package_of
from mol_edge.backends.session import Runner, SessionBackend
from mol_edge.bundle import Bundle
from mol_edge.errors import DeviceError
from mol_edge.paths import user_cache_dir

_ERROR_LEVEL = 3
_PROVIDERS = {"cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}
EXACT_BYTES = ("session.x64quantprecision", "1")
"""On x86 without VNNI, whose sums of bytes saturate, ONNX Runtime then takes slower exact ones."""

_LEND_WEIGHTS = "add_external_initializers_from_files_in_memory"


class OnnxRuntimeBackend(SessionBackend):
    """A bundle's ONNX graphs in ONNX Runtime; see `SessionBackend`."""

    # Which products of bytes are fast is not the same on both; see docs/precision.md.
    forms = ("aarch64", "onnx") if platform.machine() in ("aarch64", "arm64") else ("onnx",)

    def __init__(self, bundle: Bundle, device: Device, options: BackendOptions) -> None:
        super().__init__(bundle, device, options)
        package = package_of("onnxruntime", device.target)
        extra = "cpu" if package == "onnxruntime" else ""
        self._onnxruntime = import_runtime("onnxruntime", package, extra)
        if device.target.startswith("tensorrt"):
            # The signed form, where a bundle has one.
            self.forms = ("tensorrt", "onnx")
        self._providers = self._check_provider()

    def _check_provider(self) -> list[Any]:
        kind = self._device.target.partition(":")[0]
        if kind == "cpu":
            return ["CPUExecutionProvider"]
        there = self._onnxruntime.get_available_providers()
        name = _PROVIDERS[kind]
        if name not in there:
            raise DeviceError(
                f"{self.device} needs an ONNX Runtime with {name}, and this one has "
                f"{', '.join(there)}: run `pip uninstall onnxruntime` and then "
                "`pip install onnxruntime-gpu`."
            )
        # TF32 would flip neighbours in the k-NN of the features.
        index = str(self._device.index)
        cuda = ("CUDAExecutionProvider", {"device_id": index, "use_tf32": "0"})
        return [cuda] if kind == "cuda" else [(name, self._tensorrt_options(index)), cuda]

    def _tensorrt_options(self, index: str) -> dict[str, str]:
        """Types as the graph has them, engines and timings kept."""
        # The provider has no option for TF32; NVIDIA's libraries read this when they are loaded.
        os.environ["NVIDIA_TF32_OVERRIDE"] = "0"
        folder = self.options.cache_dir or user_cache_dir() / "onnxruntime-tensorrt"
        folder.mkdir(parents=True, exist_ok=True)
        return {
            "device_id": index,
            "trt_fp16_enable": "0",
            "trt_int8_enable": "1" if self.options.precision == "int8" else "0",
            "trt_engine_cache_enable": "1",
            "trt_engine_cache_path": str(folder),
            "trt_timing_cache_enable": "1",
            "trt_timing_cache_path": str(folder),
        }

    def _load(self, graph: str, form: str) -> Runner:
        read = self.bundle.graph(graph, self.options.precision, form)
        options = self._session_options()
        if read.weights is not None and hasattr(options, _LEND_WEIGHTS):
            # Saves a copy of the weights, which older versions need inside the model.
            getattr(options, _LEND_WEIGHTS)([read.location], [read.weights], [len(read.weights)])
            model = read.model
        else:
            model = read.onnx()
        session = self._onnxruntime.InferenceSession(
            model, sess_options=options, providers=self._providers
        )
        binding = session.io_binding()

        def run(inputs: Tensors, outputs: Tensors) -> None:
            # Bound by address: neither side is copied, and no output is allocated.
            for name, array in inputs.items():
                binding.bind_input(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
            for name, array in outputs.items():
                binding.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
            session.run_with_iobinding(binding)

        return run

    def _session_options(self) -> Any:
        options = self._onnxruntime.SessionOptions()
        # The counts are explicit because automatic ones ignore the process's CPU affinity.
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERROR_LEVEL
        spinning = "1" if self.options.profile == "latency" else "0"
        options.add_session_config_entry("session.intra_op.allow_spinning", spinning)
        options.add_session_config_entry(*EXACT_BYTES)
        # Each graph has threads of its own: those of one must not spin while another runs.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        if self._device.target != "cpu":
            options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
        return options
