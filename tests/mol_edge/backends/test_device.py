import os

import pytest

from mol_edge.backends.device import (
    Device,
    _physical_cores,
    default_threads,
    installed_runtimes,
)
from mol_edge.errors import DeviceError


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("openvino", "openvino:CPU"),
        ("openvino:gpu", "openvino:GPU"),
        ("openvino:GPU.1", "openvino:GPU.1"),
        ("openvino:NPU", "openvino:NPU"),
        ("onnxruntime", "onnxruntime:cpu"),
        ("onnxruntime:cpu", "onnxruntime:cpu"),
        ("onnxruntime:cuda", "onnxruntime:cuda:0"),
        ("onnxruntime:cuda:1", "onnxruntime:cuda:1"),
        ("native", "native:cpu"),
    ],
)
def test_names(text, full):
    assert str(Device.parse(text)) == full
    assert Device.parse(full) == Device.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cpu",
        "torch",
        "openvino:",
        "onnxruntime:gpu",
        "onnxruntime:cuda:x",
        "OpenVINO",
        "native:gpu",
    ],
)
def test_other_names_are_refused(text):
    with pytest.raises(DeviceError, match=f"device must be one like auto, .* got '{text}'"):
        Device.parse(text)


@pytest.mark.parametrize("name", [None, 3])
def test_names_are_texts(name):
    with pytest.raises(DeviceError, match=f"device must be one like auto, .* got {name}"):
        Device.parse(name)


def test_threads_by_default_lie_between_1_and_4():
    assert 1 <= default_threads() <= min(4, os.cpu_count())


def test_hyper_threads_count_once(tmp_path):
    for cpu, siblings in enumerate(["0,2", "1,3", "0,2", "1,3"]):
        folder = tmp_path / f"cpu{cpu}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(siblings + "\n")
    assert _physical_cores({0, 1, 2, 3}, tmp_path) == 2
    assert _physical_cores({0, 2}, tmp_path) == 1
    assert _physical_cores({0, 1, 9}, tmp_path) == 3


def test_installed_runtimes_are_found():
    pytest.importorskip("onnxruntime")
    assert "onnxruntime" in installed_runtimes()
    assert installed_runtimes()[-1] == "native"
