"""OpenVINO, on CPUs, Intel GPUs and NPUs."""

from __future__ import annotations

from typing import Any

import numpy as np

from mol_edge.backends.base import BackendOptions
from mol_edge.backends.device import Device
from mol_edge.backends.session import Runner, SessionBackend
from mol_edge.bundle import Bundle
from mol_edge.errors import DeviceError, MissingExtraError

_DRIVERS = {
    "GPU": "install Intel's driver with `sudo apt install intel-opencl-icd`",
    "NPU": "install Intel's driver from https://github.com/intel/linux-npu-driver",
}


class OpenVinoBackend(SessionBackend):
    """A bundle's graphs in OpenVINO, as IR where exported, else as ONNX; see `SessionBackend`."""

    forms = ("openvino", "onnx")

    def __init__(self, bundle: Bundle, device: Device, options: BackendOptions) -> None:
        super().__init__(bundle, device, options)
        try:
            import openvino
        except ImportError:
            raise MissingExtraError("openvino", "openvino", "The device openvino") from None
        self._core = openvino.Core()
        self._check_device()

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
        read = self.bundle.graph(graph, self.options.precision, form)
        if form == "openvino":
            model = self._core.read_model(read.model, read.weights or b"")
        else:
            model = self._core.read_model(read.onnx(), b"")
        compiled = self._core.compile_model(model, self._device.target, self._properties())
        request = compiled.create_infer_request()
        names = [output.any_name for output in compiled.outputs]

        def run(inputs: Any) -> dict[str, Any]:
            ready = {name: np.ascontiguousarray(array) for name, array in inputs.items()}
            outputs = request.infer(ready, share_inputs=True, share_outputs=False)
            return dict(zip(names, outputs.to_tuple()))

        return run

    def _properties(self) -> dict[str, Any]:
        # Without the precision hint some CPUs compute in bf16, which is off by several percent.
        properties: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
        }
        if self._device.target == "CPU":
            properties["INFERENCE_NUM_THREADS"] = self.threads
        if self.options.cache_dir is not None:
            properties["CACHE_DIR"] = str(self.options.cache_dir)
        return properties
