import json
import logging
import sys

import pytest

from mol_edge.backends import BackendOptions, choose, open_backend
from mol_edge.backends.child_trial import Trial
from mol_edge.backends.kept_choice import KeptChoices, choice_key
from mol_edge.errors import BundleError, DeviceError, MissingExtraError
from tests.mol_edge.backends import planted
from tests.mol_edge.backends.planted import plant

pytest.importorskip("onnx", reason="the toy bundle is written with it")


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    """Nothing was chosen before."""
    monkeypatch.setenv("MOL_EDGE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(choose, "gpu_candidates", lambda: [])


def found(**seconds):
    """A stand-in for trials: seconds by device, None or none for one that does not work."""

    def try_device(bundle, device, options, *, deadline_s):
        time = seconds.get(device.replace(":", "_"))
        if time is None:
            return Trial(device, "crashed", note="it crashed with SIGSEGV: run `pip …`.")
        return Trial(device, "answered", time, ("features",))

    return try_device


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_named_runtime_is_taken(toy, runtime):
    pytest.importorskip(runtime)
    with open_backend(toy, runtime) as backend:
        assert backend.device.startswith(runtime + ":")
        assert backend.reasons == (f"{backend.device} was asked for",)


def test_auto_takes_the_faster_cpu_runtime_and_says_why(toy, caplog, no_gpu):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("openvino")
    with caplog.at_level(logging.INFO, "mol_edge"), open_backend(toy) as backend:
        native, first, second, verdict = backend.reasons
    assert native.startswith("native:cpu does not work: native must compute the nodes of features")
    times = {
        line.split(" takes ")[0]: float(line.split(" takes ")[1].split()[0])
        for line in (first, second)
    }
    assert set(times) == {"openvino:CPU", "onnxruntime:cpu"}
    assert times[backend.device] == min(times.values())
    assert verdict == f"{backend.device} is the fastest that works"
    assert f"; {first}; {second}; {verdict}." in caplog.text


def test_auto_keeps_its_choice_and_the_reasons(toy, monkeypatch, no_gpu, empty_cache):
    monkeypatch.setattr(choose, "try_device", found(openvino_CPU=0.002, onnxruntime_cpu=0.001))
    with open_backend(toy) as backend:
        reasons = backend.reasons
    assert backend.device == "onnxruntime:cpu"
    (kept,) = json.loads((empty_cache / "devices.json").read_text()).values()
    assert kept == {"device": "onnxruntime:cpu", "reasons": list(reasons)}
    monkeypatch.setattr(choose, "try_device", None)
    with open_backend(toy) as again:
        assert (again.device, again.reasons) == ("onnxruntime:cpu", reasons)


def test_auto_tries_anew_for_another_precision_or_number_of_threads(toy, monkeypatch, no_gpu):
    monkeypatch.setattr(choose, "try_device", found(openvino_CPU=0.002, onnxruntime_cpu=0.001))
    open_backend(toy).close()
    monkeypatch.setattr(choose, "try_device", found(openvino_CPU=0.001, onnxruntime_cpu=0.002))
    with open_backend(toy, options=BackendOptions(threads=1)) as backend:
        assert backend.device == "openvino:CPU"


def test_a_kept_device_that_no_longer_works_is_forgotten(toy, monkeypatch, no_gpu):
    monkeypatch.setattr(choose, "try_device", found(openvino_CPU=0.001, onnxruntime_cpu=0.002))
    open_backend(toy).close()
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr(choose, "cpu_candidates", lambda _: ["openvino:CPU", "onnxruntime:cpu"])
    monkeypatch.setattr(choose, "try_device", found(openvino_CPU=None, onnxruntime_cpu=0.002))
    with open_backend(toy) as backend:
        assert backend.device == "onnxruntime:cpu"
        assert backend.reasons[0].startswith("openvino:CPU does not work: it crashed")


def test_a_device_that_took_its_process_along_is_tried_anew(empty_cache):
    kept = KeptChoices(empty_cache / "devices.json")
    kept.keep("key", choose.Choice("tensorrt:0", ("it works",)))
    kept.mark("key", opening=True)
    assert kept.get("key") is not None
    content = json.loads(kept.path.read_text())
    content["key"]["opening"] = 2**22 + 1
    kept.path.write_text(json.dumps(content))
    assert kept.get("key") is None


@pytest.mark.parametrize("content", ["", "[]", "{", '{"key": 3}', '{"key": {"device": "cpu"}}'])
def test_a_file_of_choices_that_is_damaged_counts_as_none(tmp_path, content):
    (tmp_path / "devices.json").write_text(content)
    kept = KeptChoices(tmp_path / "devices.json")
    assert kept.get("key") is None
    kept.keep("key", choose.Choice("openvino:CPU", ()))
    assert kept.get("key").device == "openvino:CPU"


def test_gpus_come_before_cpus_in_their_order(toy, monkeypatch):
    tried = []

    def try_device(bundle, device, options, *, deadline_s):
        tried.append(device)
        works = device in ("onnxruntime:cuda:0", "openvino:GPU")
        return Trial(device, "answered" if works else "hung", note="" if works else "it hung: x.")

    monkeypatch.setattr(
        choose, "gpu_candidates", lambda: ["tensorrt:0", "onnxruntime:cuda:0", "openvino:GPU"]
    )
    monkeypatch.setattr(choose, "try_device", try_device)
    opened = []

    def open_it(bundle, device, options):
        opened.append(device)
        return type("Opened", (), {"device": device, "reasons": ()})()

    monkeypatch.setattr(choose, "_opened", open_it)
    backend = open_backend(toy)
    assert tried == ["tensorrt:0", "onnxruntime:cuda:0"]
    assert opened == ["onnxruntime:cuda:0"]
    assert backend.reasons == (
        "tensorrt:0 does not work: it hung: x",
        "onnxruntime:cuda:0 runs ",
        "onnxruntime:cuda:0 works, and GPUs come before CPUs",
    )


BROKEN = {
    "import raises": planted.RAISES,
    "import crashes": planted.SEGFAULTS,
    "hangs": planted.HANGS,
}


@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN)
def test_auto_passes_over_a_runtime_that_is_broken(toy, tmp_path, monkeypatch, source):
    pytest.importorskip("onnxruntime")
    monkeypatch.syspath_prepend(plant(tmp_path / "planted", openvino=source))
    monkeypatch.delitem(sys.modules, "openvino", raising=False)
    deadlines = {"openvino:CPU": 3.0}
    tried = choose.try_device
    monkeypatch.setattr(
        choose,
        "try_device",
        lambda bundle, device, options, **_: tried(
            bundle, device, options, deadline_s=deadlines.get(device, 60.0)
        ),
    )
    with open_backend(toy) as backend:
        assert backend.device == "onnxruntime:cpu"
        assert backend.reasons[1].startswith("openvino:CPU does not work: ")
        assert "run `pip install --force-reinstall openvino`" in backend.reasons[1]


def test_auto_without_a_runtime_that_works_says_what_mends_each(toy, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(
        plant(
            tmp_path / "planted",
            openvino=planted.RAISES,
            onnxruntime=planted.FAILS_AT_FIRST_INFERENCE,
        )
    )
    for name in ("openvino", "onnxruntime"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(DeviceError, match="No device works") as caught:
        open_backend(toy)
    text = str(caught.value)
    assert "onnxruntime:cuda:0 does not work" in text
    assert text.count("no kernel image is available") == 2
    assert "`pip install --force-reinstall openvino`" in text
    assert text.endswith("run `mol-edge doctor`.")


def test_auto_without_any_runtime_names_the_command(toy, monkeypatch, no_gpu):
    monkeypatch.setattr(choose, "cpu_candidates", lambda _: [])
    with pytest.raises(MissingExtraError, match=r'run `pip install "mol-edge\[cpu\]"`'):
        open_backend(toy)


@pytest.mark.parametrize(("runtime", "extra"), [("onnxruntime", "cpu"), ("openvino", "openvino")])
def test_a_named_runtime_that_is_not_installed_names_the_command(toy, monkeypatch, runtime, extra):
    monkeypatch.setitem(sys.modules, runtime, None)
    with pytest.raises(MissingExtraError, match=rf'run `pip install "mol-edge\[{extra}\]"`'):
        open_backend(toy, runtime)


def test_a_named_runtime_that_is_broken_names_another_command(toy, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(plant(tmp_path, openvino=planted.RAISES))
    monkeypatch.delitem(sys.modules, "openvino", raising=False)
    with pytest.raises(DeviceError, match="`pip install --force-reinstall openvino`"):
        open_backend(toy, "openvino")


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
        with pytest.raises(BundleError, match="has the precisions fp32, and not .int8."):
            open_backend(toy, device, BackendOptions(precision="int8"))


def test_another_processor_is_another_choice(toy, tmp_path):
    def key(model, flags, speed):
        (tmp_path / "proc").mkdir(exist_ok=True)
        lines = f"model name\t: {model}\nflags\t\t: {flags}\ncpu MHz\t\t: {speed}\n\n"
        (tmp_path / "proc" / "cpuinfo").write_text(2 * lines)
        return choice_key(toy, BackendOptions(), ["native:cpu"], tmp_path)

    first = key("One", "avx2", 2000)
    assert key("One", "avx2", 2900) == first
    assert len({first, key("Other", "avx2", 2000), key("One", "avx2 avx512_vnni", 2000)}) == 3
