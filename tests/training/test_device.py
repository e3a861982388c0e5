import pytest
import torch

from mol_edge.errors import DeviceError
from training.device import choose_device, choose_precision, open_device
from training.options import RunOptions


@pytest.fixture
def two_gpus(monkeypatch):
    """A machine with two GPUs, the second too old for bf16."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    capabilities = {None: (9, 0), 0: (9, 0), 1: (7, 5)}
    monkeypatch.setattr(
        torch.cuda, "get_device_capability", lambda device: capabilities[device.index]
    )


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps", "gpu", ""])
def test_a_device_that_is_not_there(name, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"run\.device .* 0 GPUs"):
        choose_device(name)


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_beyond_the_last():
    assert choose_device("auto") == choose_device("cuda") == torch.device("cuda")
    assert choose_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(DeviceError, match="2 GPUs"):
        choose_device("cuda:2")


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_that_would_emulate_bf16_gets_float32():
    new, old = torch.device("cuda"), torch.device("cuda:1")
    assert choose_precision("auto", new) == "bf16"
    assert choose_precision("auto", old) == "fp32"
    assert choose_precision("fp16", old) == "fp16"
    with pytest.raises(DeviceError, match=r"run\.precision"):
        choose_precision("bf16", old)


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_multiplies_float32_in_full():
    backends = torch.backends.cudnn, torch.backends.cuda.matmul
    before = [backend.allow_tf32 for backend in backends]
    try:
        for backend in backends:
            backend.allow_tf32 = True
        open_device(RunOptions(device="cuda"))
        assert not any(backend.allow_tf32 for backend in backends)
    finally:
        for backend, value in zip(backends, before):
            backend.allow_tf32 = value


def test_a_cpu_has_no_fp16():
    with pytest.raises(DeviceError, match=r"run\.precision"):
        choose_precision("fp16", torch.device("cpu"))
