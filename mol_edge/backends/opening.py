"""Opening a bundle on one device that was named."""

from __future__ import annotations

from mol_edge.backends.base import BackendOptions
from mol_edge.backends.device import NATIVE, Device
from mol_edge.backends.importing import import_runtime
from mol_edge.backends.session import SessionBackend
from mol_edge.bundle import Bundle


def open_device(bundle: Bundle, device: Device | str, options: BackendOptions) -> SessionBackend:
    """Open a bundle on a device; nothing is run yet.

    Raises:
        MissingExtraError: the runtime is not installed.
        DeviceError: the device does not exist, or the runtime is broken.
    """
    if isinstance(device, str):
        device = Device.parse(device)
    if device.runtime == "tensorrt":
        # That module imports it at its head.
        import_runtime("tensorrt", "tensorrt", "tensorrt")
        from mol_edge.backends.tensorrt_ import TensorRtBackend

        return TensorRtBackend(bundle, device, options)
    if device.runtime == "openvino":
        from mol_edge.backends.openvino_ import OpenVinoBackend

        return OpenVinoBackend(bundle, device, options)
    if device.runtime == NATIVE:
        from mol_edge.backends.native import NativeBackend

        return NativeBackend(bundle, device, options)
    from mol_edge.backends.onnxruntime_ import OnnxRuntimeBackend

    return OnnxRuntimeBackend(bundle, device, options)
