"""TensorRT's engines above a FAKE of NVIDIA's packages (see fake_nvidia/README.md).

Nothing here ran on a GPU or in TensorRT. What is proved: engines are built once, kept, told apart
and checked.
"""

from __future__ import annotations

import logging

import numpy as np
import pytest

from mol_edge.backends import open_backend
from mol_edge.backends.engine_cache import Machine
from mol_edge.backends.opening import open_device
from mol_edge.backends.trial import SMALL_GRAPHS
from mol_edge.errors import DeviceError

ORIN = Machine("10.3.0", "8.7")


def test_opening_builds_the_graphs_of_a_stream_and_never_again(
    fake_nvidia, toy, tensorrt_options, caplog
):
    trt, _ = fake_nvidia
    with caplog.at_level(logging.WARNING, "mol_edge"):
        open_backend(toy, "tensorrt", tensorrt_options).close()
    assert len(trt.seen.builds) == len(SMALL_GRAPHS)
    assert [text for text in caplog.messages if "Building the engine of features" in text]
    caplog.clear()
    open_backend(toy, "tensorrt", tensorrt_options).close()
    assert len(trt.seen.builds) == len(SMALL_GRAPHS)
    assert caplog.messages == []


def test_networks_are_strongly_typed_with_static_profiles_and_without_tf32(tensorrt, fake_nvidia):
    trt, _ = fake_nvidia
    tensorrt.build("flow", batch=4)
    assert trt.seen.network_flags == [1 << trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED]
    assert trt.seen.cleared == [trt.BuilderFlag.TF32]
    assert trt.seen.set == []
    (shapes,) = trt.seen.builds
    assert shapes["frames"] == [4, 1, 128, 128]
    assert shapes["enc2"] == [4, 128, 32, 32]


def test_a_version_without_the_flag_for_types_is_taken_as_typed(tensorrt, fake_nvidia, monkeypatch):
    trt, _ = fake_nvidia
    monkeypatch.setattr(trt, "NetworkDefinitionCreationFlag", type("Flags", (), {}))
    tensorrt.build("head")
    assert trt.seen.network_flags == [0]


def test_timings_are_handed_from_build_to_build(tensorrt, fake_nvidia):
    trt, _ = fake_nvidia
    tensorrt.build("head")
    tensorrt.build("head")
    assert trt.seen.timing == [b"", b"timed;"]
    assert tensorrt.cache.load_timing(ORIN) == b"timed;timed;"


def test_progress_is_told_with_what_is_expected(tensorrt):
    told = []
    tensorrt.build("head", on_progress=told.append)
    assert [round(each.done, 2) for each in told] == [0.0, 0.5, 1.0, 1.0]
    assert {each.left_s for each in told} == {None}
    told.clear()
    tensorrt.build("head", on_progress=told.append)
    assert all(each.left_s is not None and each.left_s >= 0 for each in told)


def test_what_an_engine_depends_on_tells_it_apart(tensorrt, fake_nvidia, toy, tensorrt_options):
    trt, world = fake_nvidia
    key = tensorrt.key("head")
    assert key.machine == ORIN
    assert key.precision == "fp32"
    tensorrt.build("head")
    assert tensorrt.is_ready("head")
    world.capability = (9, 0)
    with open_device(toy, "tensorrt", tensorrt_options) as hopper:
        assert not hopper.is_ready("head")
        assert hopper.key("head").stem != key.stem


def test_another_version_of_tensorrt_builds_anew(
    tensorrt, fake_nvidia, toy, tensorrt_options, monkeypatch
):
    tensorrt.build("head")
    monkeypatch.setattr(fake_nvidia[0], "__version__", "10.4.0")
    with open_device(toy, "tensorrt", tensorrt_options) as newer:
        assert not newer.is_ready("head")


def test_a_damaged_engine_is_built_anew(tensorrt, fake_nvidia):
    trt, _ = fake_nvidia
    tensorrt.build("head")
    (entry,) = tensorrt.cache.entries()
    entry.path.write_bytes(entry.path.read_bytes()[:-1] + b"?")
    assert entry.state() == "damaged"
    tensorrt.run("head", {"parts": np.zeros((1, 8, 6, 32, 8, 8), np.float32)})
    assert len(trt.seen.builds) == 2
    assert tensorrt.cache.entries()[0].state() == "ready"


def test_an_engine_that_tensorrt_refuses_is_built_anew(tensorrt, fake_nvidia, caplog):
    trt, _ = fake_nvidia
    tensorrt.build("head")
    trt.seen.refuses_engines = True
    tensorrt.run("head", {"parts": np.zeros((1, 8, 6, 32, 8, 8), np.float32)})
    assert len(trt.seen.builds) == 2
    assert "refuses a kept engine of head (the engine is of another version)" in caplog.text


def test_a_graph_that_cannot_be_parsed_names_its_node(tensorrt, fake_nvidia):
    fake_nvidia[0].seen.refuses = "parse"
    with pytest.raises(DeviceError, match=r"must parse flow and cannot \(flow\.det: no importer\)"):
        tensorrt.build("flow")


def test_a_graph_that_cannot_be_built_is_said_so(tensorrt, fake_nvidia):
    fake_nvidia[0].seen.refuses = "build"
    with pytest.raises(DeviceError, match="must build an engine of flow and could not"):
        tensorrt.build("flow")
