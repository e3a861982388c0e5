import logging
import sys

import pytest

from mol_edge.backends import BackendOptions, choose, open_backend
from mol_edge.errors import BundleError, DeviceError, MissingExtraError

pytest.importorskip("onnx", reason="the toy bundle is written with it")


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_named_runtime_is_taken(toy, runtime):
    pytest.importorskip(runtime)
    with open_backend(toy, runtime) as backend:
        assert backend.device.startswith(runtime + ":")
        assert backend.reasons == (f"{backend.device} was asked for",)


def test_auto_takes_the_faster_and_says_why(toy, caplog):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("openvino")
    with caplog.at_level(logging.INFO, "mol_edge"), open_backend(toy) as backend:
        first, second, verdict = backend.reasons
    times = {
        line.split(" takes ")[0]: float(line.split(" takes ")[1].split()[0])
        for line in (first, second)
    }
    assert set(times) == {"openvino:CPU", "onnxruntime:cpu"}
    assert times[backend.device] == min(times.values())
    assert verdict == f"{backend.device} is the fastest that works"
    assert f"Device {backend.device}: {first}; {second}." in caplog.text


def test_auto_passes_over_a_runtime_that_is_broken(toy, monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(choose, "installed_runtimes", lambda: ("openvino", "onnxruntime"))
    monkeypatch.setitem(sys.modules, "openvino", None)
    with open_backend(toy) as backend:
        assert backend.device == "onnxruntime:cpu"
        assert backend.reasons[0].startswith("openvino:CPU does not work: The device openvino need")


def test_auto_without_any_runtime_names_the_command(toy, monkeypatch):
    monkeypatch.setattr(choose, "installed_runtimes", lambda: ())
    with pytest.raises(MissingExtraError, match=r'run `pip install "mol-edge\[cpu\]"`'):
        open_backend(toy)


@pytest.mark.parametrize(("runtime", "extra"), [("onnxruntime", "cpu"), ("openvino", "openvino")])
def test_a_named_runtime_that_is_not_installed_names_the_command(toy, monkeypatch, runtime, extra):
    monkeypatch.setitem(sys.modules, runtime, None)
    with pytest.raises(MissingExtraError, match=rf'run `pip install "mol-edge\[{extra}\]"`'):
        open_backend(toy, runtime)


def test_auto_gives_up_on_a_runtime_that_hangs(toy, monkeypatch):
    pytest.importorskip("onnxruntime")
    import threading

    released = threading.Event()
    opened = choose._open

    def hang(bundle, device, options):
        if device.runtime == "openvino":
            released.wait()
        return opened(bundle, device, options)

    monkeypatch.setattr(choose, "installed_runtimes", lambda: ("openvino", "onnxruntime"))
    monkeypatch.setattr(choose, "_open", hang)
    monkeypatch.setattr(choose, "_DEADLINE_S", 2.0)
    try:
        with open_backend(toy) as backend:
            assert backend.device == "onnxruntime:cpu"
            assert backend.reasons[0].endswith("openvino:CPU gave no result within 2 s.")
    finally:
        released.set()


def test_a_named_device_that_is_not_there_is_refused(toy):
    onnxruntime = pytest.importorskip("onnxruntime")
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        with pytest.raises(DeviceError, match="`pip install onnxruntime-gpu`"):
            open_backend(toy, "onnxruntime:cuda:0")
    openvino = pytest.importorskip("openvino")
    if "GPU" not in openvino.Core().available_devices:
        with pytest.raises(DeviceError, match=r"finds here \(CPU.*`sudo apt install intel-opencl"):
            open_backend(toy, "openvino:GPU")


def test_a_precision_that_the_bundle_lacks_is_refused(toy):
    for device in ("auto", "onnxruntime"):
        with pytest.raises(BundleError, match="has no graph int8/onnx/features"):
            open_backend(toy, device, BackendOptions(precision="int8"))
