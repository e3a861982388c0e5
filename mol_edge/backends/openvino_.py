"""OpenVINO, on CPUs, Intel GPUs and NPUs."""

from __future__ import annotations

import functools
import hashlib
import logging
import platform
from pathlib import Path
from typing import Any

import numpy as np

from mol_edge.backends.base import BackendOptions, Tensors
from mol_edge.backends.device import Device
from mol_edge.backends.importing import import_runtime
from mol_edge.backends.openvino_core import the_core
from mol_edge.backends.openvino_cpu import keep_sums_exact, suit_cpu
from mol_edge.backends.session import Runner, SessionBackend
from mol_edge.bundle import Bundle
from mol_edge.errors import DeviceError
from mol_edge.jetson import read
from mol_edge.paths import user_cache_dir

log = logging.getLogger(__name__)

_STATIC = ("NPU",)
_MEASURED_ON = ("x86_64", "AMD64")
_HALF_ALONE = ("NPU",)

_DRIVERS = {
    "GPU": "install Intel's driver with `sudo apt install intel-opencl-icd`",
    "NPU": "install Intel's driver from https://github.com/intel/linux-npu-driver",
}


class OpenVinoBackend(SessionBackend):
    """A bundle's graphs in OpenVINO, as IR where exported, else as ONNX; see `SessionBackend`."""

    forms = ("openvino", "onnx")

    def __init__(self, bundle: Bundle, device: Device, options: BackendOptions) -> None:
        super().__init__(bundle, device, options)
        self._openvino = import_runtime("openvino", "openvino", "openvino")
        self._core = self._guard(the_core)
        self._kind = device.target.partition(".")[0]
        self._weights: dict[str | None, Any] = {}
        self._check_device()
        if self._kind in _HALF_ALONE:
            log.warning(
                "%s computes in float16, which can exchange neighbours in the features' graph: "
                "compare it with `mol-edge check --device %s` before you rely on its classes.",
                self.device,
                self.device,
            )

    def _check_device(self) -> None:
        target = self._device.target
        there = self._core.available_devices
        if not any(name == target or name.startswith(f"{target}.") for name in there):
            remedy = _DRIVERS.get(target.partition(".")[0], "run `mol-edge doctor`")
            raise DeviceError(
                f"{self.device} is not among the devices that OpenVINO finds here "
                f"({', '.join(there)}): {remedy}, or ask for one of these."
            )

    def _load(self, graph: str, form: str) -> Runner:
        requests: dict[int | None, _Request] = {}

        def run(inputs: Tensors, outputs: Tensors) -> None:
            count = len(next(iter(inputs.values())))
            batch = count if count == 1 or self._kind in _STATIC else None
            if batch not in requests:
                requests[batch] = _Request(self._request(graph, form, batch), self._openvino)
            requests[batch].run(inputs, outputs)

        return run

    def _request(self, graph: str, form: str, batch: int | None) -> Any:
        """Compile for any batch size, or for one alone.

        A plan for one known shape runs the fused clip 5% faster, and most streams show one face.
        """
        model = self._read(graph, form)
        if self._kind == "CPU" and platform.machine() in _MEASURED_ON:
            suit_cpu(model)
            keep_sums_exact(model)
        if batch is not None:
            info = self.bundle.graph_info(graph, self.options.precision, form)
            shapes = {name: [batch, *tensor.shape[1:]] for name, tensor in info.inputs.items()}
            model.reshape(shapes)
        compiled = self._core.compile_model(model, self._device.target, self._properties())
        return compiled.create_infer_request()

    def _read(self, graph: str, form: str) -> Any:
        if form == "onnx":
            read = self.bundle.graph(graph, self.options.precision, form)
            return self._core.read_model(read.onnx(), b"")
        info = self.bundle.graph_info(graph, self.options.precision, form)
        text = self.bundle.read(info.file).decode()
        return self._core.read_model(text, self._weights_of(info.weights))

    def _weights_of(self, path: str | None) -> Any:
        """One tensor of a weights file for all graphs: a compiled model keeps what it was given."""
        if path not in self._weights:
            content = b"" if path is None else self.bundle.read(path)
            tensor = self._openvino.Tensor(self._openvino.Type.u8, [len(content)])
            tensor.data[:] = np.frombuffer(content, np.uint8)
            self._weights[path] = tensor
        return self._weights[path]

    def close(self) -> None:
        """Give back what the runtime holds; `run` is refused from then on."""
        super().close()
        self._weights.clear()

    def _properties(self) -> dict[str, Any]:
        properties: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
        if self._kind not in _HALF_ALONE:
            # Else some CPUs compute in bf16, which is off by several percent, and GPUs in f16.
            properties["INFERENCE_PRECISION_HINT"] = "f32"
        if self._kind == "CPU":
            properties["INFERENCE_NUM_THREADS"] = self.threads
        folder = self._cache_dir()
        if folder is not None:
            properties["CACHE_DIR"] = str(folder)
        return properties

    def _cache_dir(self) -> Path | None:
        """Where compiled models are kept: of GPUs and NPUs always, apart for each driver.

        OpenVINO's own key leaves out the driver of an NPU, whose compiled models do not outlive it.
        """
        if self._kind == "CPU":
            return self.options.cache_dir
        versions = [self._openvino.__version__, *self._driver_versions()]
        digest = hashlib.sha256("|".join(versions).encode()).hexdigest()[:12]
        base = self.options.cache_dir or user_cache_dir() / "openvino"
        return base / f"{self._kind}-{digest}"

    def _driver_versions(self) -> list[str]:
        found = []
        for name in ("NPU_DRIVER_VERSION", "GPU_DRIVER_VERSION", "FULL_DEVICE_NAME"):
            try:
                found.append(str(self._core.get_property(self._device.target, name)))
            except Exception:
                # A device has the properties of its own kind alone.
                continue
        module = {"NPU": "intel_vpu"}.get(self._kind, "")
        return [*found, read(Path("/sys/module") / module / "version").strip()]


class _Request:
    """An inference request that reads and writes the caller's arrays.

    Neither side is copied and no output is allocated; only what must not be written cannot be
    shared. The request keeps no array alive, and is told of an array only where its address or
    shape is new.
    """

    def __init__(self, request: Any, openvino: Any) -> None:
        self._request = request
        self._tensor = openvino.Tensor
        self._bound: dict[str, tuple[int, tuple[int, ...]]] = {}
        # By place, since finding a tensor by its name takes several times as long.
        self._set = {
            port.any_name: functools.partial(bind, at)
            for ports, bind in (
                (request.model_inputs, request.set_input_tensor),
                (request.model_outputs, request.set_output_tensor),
            )
            for at, port in enumerate(ports)
        }

    def run(self, inputs: Tensors, outputs: Tensors) -> None:
        """Infer once."""
        copies: dict[str, Any] = {}
        for arrays in (inputs, outputs):
            for name, given in arrays.items():
                fits = given.flags.writeable
                array = given if fits else copies.setdefault(name, given.copy())
                place = array.__array_interface__["data"][0], array.shape
                if self._bound.get(name) != place:
                    self._set[name](self._tensor(array, shared_memory=True))
                    self._bound[name] = place
        self._request.infer()
