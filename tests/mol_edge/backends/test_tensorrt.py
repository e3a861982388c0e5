"""The TensorRT backend above a FAKE of NVIDIA's packages (see fake_nvidia/README.md).

Nothing here ran on a GPU or in TensorRT. What is proved: engines are built once, kept, told apart
and checked; state stays in "GPU" memory; runs are recorded; errors end as declared.
"""

from __future__ import annotations

import gc
import logging

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the toy bundle is written with it")

from mol_edge.backends import BackendOptions, open_backend  # noqa: E402
from mol_edge.backends.base import BackendState  # noqa: E402
from mol_edge.backends.cuda_array import CudaArray  # noqa: E402
from mol_edge.backends.device import Device  # noqa: E402
from mol_edge.backends.engine_cache import EngineCache, Machine  # noqa: E402
from mol_edge.backends.opening import open_device  # noqa: E402
from mol_edge.backends.trial import SMALL_GRAPHS  # noqa: E402
from mol_edge.engine import Engine, EngineOptions  # noqa: E402
from mol_edge.errors import (  # noqa: E402
    ArrayError,
    DeviceError,
    DeviceMemoryError,
    MissingExtraError,
    OptionError,
)
from tests import toy_bundle  # noqa: E402

ORIN = Machine("10.3.0", "8.7")


@pytest.fixture
def options(tmp_path):
    return BackendOptions(cache_dir=tmp_path / "engines")


@pytest.fixture
def backend(fake_nvidia, toy, options):
    with open_device(toy, "tensorrt", options) as opened:
        yield opened


def crops(count, seed=0):
    return np.random.default_rng(seed).standard_normal((count, 1, 128, 128)).astype(np.float32)


def test_it_gives_the_numbers_of_the_graph(fake_nvidia, toy, options):
    trt, world = fake_nvidia
    with open_backend(toy, "tensorrt", options) as backend:
        assert backend.device == "tensorrt:0"
        frames = crops(1)
        for _ in range(3):
            out = backend.run("features", {"frames": frames})
    for name, expected in toy_bundle.features(frames).items():
        np.testing.assert_allclose(out[name], expected, rtol=1e-4, atol=1e-4)
    assert world.launches == 3
    assert world.memory == {} and world.pinned == {}


def test_opening_builds_the_graphs_of_a_stream_and_never_again(fake_nvidia, toy, options, caplog):
    trt, _ = fake_nvidia
    with caplog.at_level(logging.WARNING, "mol_edge"):
        open_backend(toy, "tensorrt", options).close()
    assert len(trt.seen.builds) == len(SMALL_GRAPHS)
    assert [text for text in caplog.messages if "Building the engine of features" in text]
    caplog.clear()
    open_backend(toy, "tensorrt", options).close()
    assert len(trt.seen.builds) == len(SMALL_GRAPHS)
    assert caplog.messages == []


def test_networks_are_strongly_typed_with_static_profiles_and_without_tf32(backend, fake_nvidia):
    trt, _ = fake_nvidia
    backend.build("flow", batch=4)
    assert trt.seen.network_flags == [1 << trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED]
    assert trt.seen.cleared == [trt.BuilderFlag.TF32]
    assert trt.seen.set == []
    (shapes,) = trt.seen.builds
    assert shapes["frames"] == [4, 1, 128, 128]
    assert shapes["enc2"] == [4, 128, 32, 32]


def test_a_version_without_the_flag_for_types_is_taken_as_typed(backend, fake_nvidia, monkeypatch):
    trt, _ = fake_nvidia
    monkeypatch.setattr(trt, "NetworkDefinitionCreationFlag", type("Flags", (), {}))
    backend.build("head")
    assert trt.seen.network_flags == [0]


def test_timings_are_handed_from_build_to_build(backend, fake_nvidia):
    trt, _ = fake_nvidia
    backend.build("head")
    backend.build("column")
    assert trt.seen.timing == [b"", b"timed;"]
    assert backend.cache.load_timing(ORIN) == b"timed;timed;"


def test_progress_is_told_with_what_is_expected(backend):
    told = []
    backend.build("head", on_progress=told.append)
    assert [round(each.done, 2) for each in told] == [0.0, 0.5, 1.0, 1.0]
    assert {each.left_s for each in told} == {None}
    told.clear()
    backend.build("head", on_progress=told.append)
    assert all(each.left_s is not None and each.left_s >= 0 for each in told)


def test_a_larger_batch_is_run_by_the_engines_that_are_there(backend, fake_nvidia):
    trt, world = fake_nvidia
    backend.build("features", batch=4)
    frames = crops(7)
    out = backend.run("features", {"frames": frames})
    np.testing.assert_allclose(
        out["landmarks"], toy_bundle.features(frames)["landmarks"], rtol=1e-4, atol=1e-4
    )
    assert world.executions == 4
    assert sorted(shape["frames"][0] for shape in trt.seen.builds) == [1, 4]


def test_what_an_engine_depends_on_tells_it_apart(backend, fake_nvidia, toy, options):
    trt, world = fake_nvidia
    key = backend.key("head")
    assert key.machine == ORIN
    assert key.precision == "fp32"
    backend.build("head")
    assert backend.is_ready("head")
    world.capability = (9, 0)
    with open_device(toy, "tensorrt", options) as hopper:
        assert not hopper.is_ready("head")
        assert hopper.key("head").stem != key.stem


def test_another_version_of_tensorrt_builds_anew(backend, fake_nvidia, toy, options, monkeypatch):
    backend.build("head")
    monkeypatch.setattr(fake_nvidia[0], "__version__", "10.4.0")
    with open_device(toy, "tensorrt", options) as newer:
        assert not newer.is_ready("head")


def test_a_damaged_engine_is_built_anew(backend, fake_nvidia):
    trt, _ = fake_nvidia
    backend.build("head")
    (entry,) = backend.cache.entries()
    entry.path.write_bytes(entry.path.read_bytes()[:-1] + b"?")
    assert entry.state() == "damaged"
    backend.run("head", {"columns": np.zeros((1, 32, 4, 4, 5), np.float32)})
    assert len(trt.seen.builds) == 2
    assert backend.cache.entries()[0].state() == "ready"


def test_an_engine_that_tensorrt_refuses_is_built_anew(backend, fake_nvidia, caplog):
    trt, _ = fake_nvidia
    backend.build("head")
    trt.seen.refuses_engines = True
    backend.run("head", {"columns": np.zeros((1, 32, 4, 4, 5), np.float32)})
    assert len(trt.seen.builds) == 2
    assert "refuses a kept engine of head (the engine is of another version)" in caplog.text


def test_a_graph_that_cannot_be_parsed_names_its_node(backend, fake_nvidia):
    fake_nvidia[0].seen.refuses = "parse"
    with pytest.raises(DeviceError, match=r"must parse flow and cannot \(flow\.det: no importer\)"):
        backend.build("flow")


def test_a_graph_that_cannot_be_built_is_said_so(backend, fake_nvidia):
    fake_nvidia[0].seen.refuses = "build"
    with pytest.raises(DeviceError, match="must build an engine of flow and could not"):
        backend.build("flow")


@pytest.mark.parametrize("faces", [1, 3])
def test_a_stream_gives_what_it_gives_on_the_cpu(fake_nvidia, toy, options, faces):
    frames = [crops(faces, seed)[:, 0] for seed in range(10)]
    outputs = {}
    for device in ("tensorrt", "onnxruntime:cpu"):
        with open_backend(toy, device, options) as backend:
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


def test_state_stays_on_the_gpu_between_frames(backend, fake_nvidia):
    _, world = fake_nvidia
    engine = Engine(backend, EngineOptions())
    for index in range(12):
        engine.push(crops(1, index)[:, 0], [0], index * 50_000_000, index)
    maps = engine._store()[0].maps
    assert isinstance(maps.row("first", 0), CudaArray)
    assert maps.row("first", 0).address in range(
        min(world.memory), max(world.memory) + len(world.memory[max(world.memory)])
    )
    engine = None
    backend.close()
    gc.collect()
    assert world.pinned == {}


def test_half_state_is_refused_where_the_gpu_keeps_it(backend):
    engine = Engine(backend, EngineOptions(half_state=True))
    with pytest.raises(OptionError, match="half_state is for state that NumPy keeps"):
        engine.push(crops(1)[:, 0], [0], 0, 0)


def test_a_run_that_cannot_be_recorded_runs_without(backend, fake_nvidia, caplog):
    _, world = fake_nvidia
    world.refuses_recording = True
    frames = crops(2)
    for frame in frames:
        out = backend.run("features", {"frames": frame[np.newaxis]})
    np.testing.assert_allclose(
        out["landmarks"], toy_bundle.features(frames[1:])["landmarks"], rtol=1e-4, atol=1e-4
    )
    assert world.launches == 0
    assert caplog.text.count("cannot be recorded as a CUDA graph") == 1


def test_memory_that_runs_out_once_is_survived(backend, fake_nvidia, caplog, monkeypatch):
    _, world = fake_nvidia
    backend.run("features", {"frames": crops(1)})
    world.mallocs_left = 0
    release = backend._release

    def release_and_give_room():
        release()
        world.mallocs_left = None

    monkeypatch.setattr(backend, "_release", release_and_give_room)
    out = backend.run("encoder", {"frames": crops(1)})
    assert out["enc2"].shape == (1, 128, 32, 32)
    assert backend.state is BackendState.REBUILT
    assert "has no memory left and is set up anew" in caplog.text


def test_memory_that_runs_out_again_is_a_declared_state(backend, fake_nvidia):
    _, world = fake_nvidia
    world.mallocs_left = 0
    for _ in range(2):
        with pytest.raises(DeviceMemoryError, match="also after it was set up anew: close other"):
            backend.run("features", {"frames": crops(1)})
        assert backend.state is BackendState.OUT_OF_MEMORY
    world.mallocs_left = None
    with pytest.raises(DeviceMemoryError):
        backend.run("features", {"frames": crops(1)})


def test_a_gpu_that_is_not_there_is_refused(fake_nvidia, toy, options):
    with pytest.raises(DeviceError, match="GPU number 1, and the driver shows 1"):
        open_device(toy, "tensorrt:1", options)
    fake_nvidia[1].gpus = None
    with pytest.raises(DeviceError, match="failed with cudaErrorInsufficientDriver"):
        open_device(toy, "tensorrt:0", options)


def test_packages_that_are_missing_name_the_command(fake_nvidia, toy, options, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "cuda.bindings.runtime", None)
    with pytest.raises(MissingExtraError, match=r'cuda-bindings.*`pip install "mol-edge\[tensorrt'):
        open_device(toy, "tensorrt", options)
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(MissingExtraError, match="needs the package tensorrt"):
        open_device(toy, "tensorrt", options)


def test_arrays_of_the_gpu_refuse_what_does_not_fit(backend):
    array = backend.memory.empty((4, 2, 3), np.float32)
    array.fill(0)
    array[1] = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(np.asarray(array[1:3])[0], [[0, 1, 2], [3, 4, 5]])
    assert np.asarray(array[1:3])[1].sum() == 0
    assert array[None].shape == (1, 4, 2, 3)
    assert len(array[:2]) == 2
    with pytest.raises(ArrayError, match="takes float32"):
        array[0] = np.zeros((2, 3), np.float16)
    with pytest.raises(ArrayError, match="takes float32"):
        array[0] = np.zeros((3, 2), np.float32)
    with pytest.raises(ArrayError, match="must follow each other"):
        array[::2]
    with pytest.raises(IndexError):
        array[4]


def test_the_name_of_the_device():
    assert Device.parse("tensorrt").index == 0
    assert str(Device.parse("tensorrt:2")) == "tensorrt:2"
    assert EngineCache().folder.name == "engines"
