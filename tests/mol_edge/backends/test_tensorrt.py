"""The TensorRT backend above a FAKE of NVIDIA's packages (see fake_nvidia/README.md).

Nothing here ran on a GPU or in TensorRT. What is proved: state stays in "GPU" memory; runs are
recorded; errors end as declared.
"""

from __future__ import annotations

import gc

import numpy as np
import pytest

from mol_edge.backends import open_backend
from mol_edge.backends.base import BackendState
from mol_edge.backends.cuda_array import CudaArray
from mol_edge.backends.device import Device
from mol_edge.backends.engine_cache import EngineCache
from mol_edge.backends.opening import open_device
from mol_edge.engine import Engine, EngineOptions
from mol_edge.errors import DeviceError, DeviceMemoryError, MissingExtraError, OptionError
from tests import toy_bundle


def crops(count, seed=0):
    return np.random.default_rng(seed).standard_normal((count, 1, 128, 128)).astype(np.float32)


def test_it_gives_the_numbers_of_the_graph(fake_nvidia, toy, tensorrt_options):
    trt, world = fake_nvidia
    with open_backend(toy, "tensorrt", tensorrt_options) as backend:
        assert backend.device == "tensorrt:0"
        frames = crops(1)
        for _ in range(3):
            out = backend.run("features", {"frames": frames})
    for name, expected in toy_bundle.features(frames).items():
        np.testing.assert_allclose(out[name], expected, rtol=1e-4, atol=1e-4)
    assert world.launches == 3
    assert world.memory == {} and world.pinned == {}


def test_a_larger_batch_is_run_by_the_engines_that_are_there(tensorrt, fake_nvidia):
    trt, world = fake_nvidia
    tensorrt.build("features", batch=4)
    frames = crops(7)
    out = tensorrt.run("features", {"frames": frames})
    np.testing.assert_allclose(
        out["landmarks"], toy_bundle.features(frames)["landmarks"], rtol=1e-4, atol=1e-4
    )
    assert world.executions == 4
    assert sorted(shape["frames"][0] for shape in trt.seen.builds) == [1, 4]


@pytest.mark.parametrize("faces", [1, 3])
def test_a_stream_gives_what_it_gives_on_the_cpu(fake_nvidia, toy, tensorrt_options, faces):
    frames = [crops(faces, seed)[:, 0] for seed in range(10)]
    outputs = {}
    for device in ("tensorrt", "onnxruntime:cpu"):
        with open_backend(toy, device, tensorrt_options) as backend:
            engine = Engine(backend, EngineOptions())
            for index, frame in enumerate(frames):
                found = engine.push(frame, list(range(faces)), index * 50_000_000, index)
            event = engine.classify_event(0, 0, 450_000_000, flow=True)
            redone = engine.reanchor(0, np.stack([frame[0] for frame in frames[-3:]]))
            outputs[device] = found, event, redone
    (ours, event, points), (theirs, wanted, expected) = outputs.values()
    for one, other in zip(ours, theirs):
        assert one.windows[0].logits is not None
        np.testing.assert_allclose(one.windows[0].logits, other.windows[0].logits, atol=1e-4)
        np.testing.assert_allclose(one.landmarks, other.landmarks, atol=1e-3)
        np.testing.assert_allclose(one.flow, other.flow, atol=1e-4)
    np.testing.assert_allclose(event.logits, wanted.logits, atol=1e-4)
    np.testing.assert_allclose(event.flow, wanted.flow, atol=1e-4)
    np.testing.assert_allclose(points, expected, atol=1e-3)


def test_state_stays_on_the_gpu_between_frames(tensorrt, fake_nvidia):
    _, world = fake_nvidia
    engine = Engine(tensorrt, EngineOptions())
    for index in range(12):
        engine.push(crops(1, index)[:, 0], [0], index * 50_000_000, index)
    maps = engine._store()[0].maps
    assert isinstance(maps.row("first", 0), CudaArray)
    assert maps.row("first", 0).address in range(
        min(world.memory), max(world.memory) + len(world.memory[max(world.memory)])
    )
    engine = None
    tensorrt.close()
    gc.collect()
    assert world.pinned == {}


def test_half_state_is_refused_where_the_gpu_keeps_it(tensorrt):
    engine = Engine(tensorrt, EngineOptions(half_state=True))
    with pytest.raises(OptionError, match="half_state is for state that NumPy keeps"):
        engine.push(crops(1)[:, 0], [0], 0, 0)


def test_a_run_that_cannot_be_recorded_runs_without(tensorrt, fake_nvidia, caplog):
    _, world = fake_nvidia
    world.refuses_recording = True
    frames = crops(2)
    for frame in frames:
        out = tensorrt.run("features", {"frames": frame[np.newaxis]})
    np.testing.assert_allclose(
        out["landmarks"], toy_bundle.features(frames[1:])["landmarks"], rtol=1e-4, atol=1e-4
    )
    assert world.launches == 0
    assert caplog.text.count("cannot be recorded as a CUDA graph") == 1


def test_memory_that_runs_out_once_is_survived(tensorrt, fake_nvidia, caplog, monkeypatch):
    _, world = fake_nvidia
    tensorrt.run("features", {"frames": crops(1)})
    world.mallocs_left = 0
    release = tensorrt._release

    def release_and_give_room():
        release()
        world.mallocs_left = None

    monkeypatch.setattr(tensorrt, "_release", release_and_give_room)
    out = tensorrt.run("encoder", {"frames": crops(1)})
    assert out["enc2"].shape == (1, 128, 32, 32)
    assert tensorrt.state is BackendState.REBUILT
    assert "has no memory left and is set up anew" in caplog.text


def test_memory_that_runs_out_again_is_a_declared_state(tensorrt, fake_nvidia):
    _, world = fake_nvidia
    world.mallocs_left = 0
    for _ in range(2):
        with pytest.raises(DeviceMemoryError, match="also after it was set up anew: close other"):
            tensorrt.run("features", {"frames": crops(1)})
        assert tensorrt.state is BackendState.OUT_OF_MEMORY
    world.mallocs_left = None
    with pytest.raises(DeviceMemoryError):
        tensorrt.run("features", {"frames": crops(1)})


def test_a_gpu_that_is_not_there_is_refused(fake_nvidia, toy, tensorrt_options):
    with pytest.raises(DeviceError, match="GPU number 1, and the driver shows 1"):
        open_device(toy, "tensorrt:1", tensorrt_options)
    fake_nvidia[1].gpus = None
    with pytest.raises(DeviceError, match="failed with cudaErrorInsufficientDriver"):
        open_device(toy, "tensorrt:0", tensorrt_options)


def test_packages_that_are_missing_name_the_command(
    fake_nvidia, toy, tensorrt_options, monkeypatch
):
    import sys

    monkeypatch.setitem(sys.modules, "cuda.bindings.runtime", None)
    with pytest.raises(MissingExtraError, match=r'cuda-bindings.*`pip install "mol-edge\[tensorrt'):
        open_device(toy, "tensorrt", tensorrt_options)
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(MissingExtraError, match="needs the package tensorrt"):
        open_device(toy, "tensorrt", tensorrt_options)


def test_the_name_of_the_device():
    assert Device.parse("tensorrt").index == 0
    assert str(Device.parse("tensorrt:2")) == "tensorrt:2"
    assert EngineCache().folder.name == "engines"
