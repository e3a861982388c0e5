"""The C++ core's own inference against ONNX Runtime's, on every instruction set."""

import numpy as np
import onnx
import pytest

from mol_edge import _core
from mol_edge.backends import BackendOptions, open_backend
from mol_edge.backends.native_weights import native_weights
from mol_edge.bundle import Bundle
from mol_edge.check_set import CheckSet
from mol_edge.errors import ArrayError, DeviceError
from mol_edge.slots import empty_by_pixels

pytest.importorskip("onnxruntime")

# Of the magnitude of each output; a neighbour that changed place would be off by far more.
NEAR = 3e-6


@pytest.fixture(scope="module")
def demo():
    return Bundle.default()


@pytest.fixture(scope="module")
def reference(demo):
    with open_backend(demo, "onnxruntime", BackendOptions(threads=2)) as backend:
        yield backend


@pytest.fixture(params=_core._isas())
def native(request, demo):
    _core._set_isa(request.param)
    with open_backend(demo, "native", BackendOptions(threads=2)) as backend:
        yield backend
    _core._set_isa(_core._isas()[-1])


@pytest.fixture(scope="module")
def frames(demo):
    """Three crops of the check set, which the model has seen the like of."""
    check = CheckSet.of(demo)
    luma = demo.manifest.normalisation
    return ((check.frames[:3, 0, None] - luma.mean) / luma.scale).astype(np.float32)


def check(came, wanted):
    assert set(came) == set(wanted)
    for name, array in wanted.items():
        assert came[name].dtype == np.float32
        near = NEAR * np.abs(array).max()
        np.testing.assert_allclose(came[name], array, rtol=0, atol=near, err_msg=name)


def inputs_of(backend, frames):
    features = backend.run("features", {"frames": frames})
    encoded = backend.run("encoder", {"frames": frames})
    return {
        "features": {"frames": frames},
        "encoder": {"frames": frames},
        "flow": {
            "frames": frames[:-1],
            "enc2": encoded["enc2"][:-1],
            "enc3": encoded["enc3"][:-1],
            "enc3_next": encoded["enc3"][1:],
            "first": features["first"][:-1],
            "second_next": features["second"][1:],
        },
        "head": {"parts": features["parts"][[0, 1, 2, 0, 1, 2, 0, 1]][None]},
    }


@pytest.mark.parametrize("graph", ["features", "encoder", "flow", "head"])
def test_each_graph_gives_the_numbers_of_onnx_runtime(native, reference, frames, graph):
    given = inputs_of(reference, frames)[graph]
    check(native.run(graph, given), reference.run(graph, given))


@pytest.mark.parametrize("graph", ["features", "encoder", "flow"])
def test_maps_that_lie_pixel_by_pixel_hold_the_same_numbers(native, frames, graph):
    inputs = inputs_of(native, frames)[graph]
    wanted = native.run(graph, inputs)
    taken = {name: empty_by_pixels(array.shape, np.float32) for name, array in inputs.items()}
    for name, array in inputs.items():
        taken[name][:] = array
    given = {
        name: np.empty_like(array) if name == "flow" else empty_by_pixels(array.shape, array.dtype)
        for name, array in wanted.items()
    }
    native.run_into(graph, taken, given)
    for name, array in wanted.items():
        np.testing.assert_array_equal(given[name], array, err_msg=name)


def test_maps_that_lie_otherwise_are_refused(native, frames):
    count = len(frames)
    enc2, enc3 = (native.outputs_of("encoder")[name].shape[1:] for name in ("enc2", "enc3"))
    outputs = {
        "enc2": np.empty((count, *enc2[::-1]), np.float32).transpose(0, 3, 2, 1),
        "enc3": np.empty((count, *enc3), np.float32),
    }
    with pytest.raises(ArrayError, match="enc2 of encoder must be C-contiguous"):
        native.run_into("encoder", {"frames": frames}, outputs)


def test_windows_are_classified_from_rows_of_a_store(native, reference, frames):
    parts = reference.run("features", {"frames": frames})["parts"]
    windows = [[0, 1, 2, 0, 1, 2, 0, 1], [2] * 8]
    wanted = reference.run("head", {"parts": parts[np.array(windows)]})
    logits = np.zeros_like(wanted["logits"])
    native.classify_rows(parts, windows, logits)
    check({"logits": logits}, wanted)
    np.testing.assert_array_equal(
        native.run("head", {"parts": parts[np.array(windows)]})["logits"], logits
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"windows": [[0, 1, 2, 0, 1, 2, 0, 3]]}, "rows from 0 to 2 of store, got 3"),
        ({"windows": [[0, 1, 2, 0, 1, 2, 0, -1]]}, "rows from 0 to 2 of store, got -1"),
        ({"store": np.zeros((3, 6, 32, 8, 7), np.float32)}, "store must be"),
        ({"store": np.zeros((3, 6, 32, 8, 8), np.float64)}, "store must be"),
        ({"logits": np.zeros((2, 3), np.float32)}, "logits must be"),
    ],
)
def test_rows_that_are_not_there_are_refused(native, change, expected):
    given = {
        "store": np.zeros((3, 6, 32, 8, 8), np.float32),
        "windows": [[0] * 8],
        "logits": np.zeros((1, len(native.bundle.manifest.labels)), np.float32),
    }
    with pytest.raises(ArrayError, match=expected):
        native.classify_rows(**{**given, **change})


def test_pairs_that_share_weights_are_computed_as_if_alone(demo, native, reference):
    """More pairs than the core takes together."""
    luma = demo.manifest.normalisation
    crops = CheckSet.of(demo).frames[:2].reshape(16, 1, 128, 128)
    frames = ((crops[:11] - luma.mean) / luma.scale).astype(np.float32)
    given = inputs_of(reference, frames)["flow"]
    together = native.run("flow", given)["flow"]
    for pair in range(len(together)):
        alone = native.run("flow", {name: each[pair : pair + 1] for name, each in given.items()})
        np.testing.assert_array_equal(alone["flow"][0], together[pair])


@pytest.mark.parametrize("unusual", ["strided", "read only", "wrong type", "missing"])
def test_arrays_of_the_caller_are_taken_or_refused_by_name(native, reference, frames, unusual):
    wanted = reference.run("encoder", {"frames": frames})
    came = {name: np.zeros_like(array) for name, array in wanted.items()}
    native.run_into("encoder", {"frames": frames}, came)
    given = {"frames": frames}
    if unusual == "strided":
        given["frames"] = np.repeat(frames, 2, axis=0)[::2]
    elif unusual == "read only":
        given["frames"] = frames.copy()
        given["frames"].flags.writeable = False
    elif unusual == "wrong type":
        with pytest.raises(ArrayError, match="The input frames of encoder must be float32"):
            native.run_into("encoder", {"frames": frames.astype(np.float64)}, came)
    else:
        with pytest.raises(ArrayError, match="gives the outputs enc2, enc3, got enc2"):
            native.run_into("encoder", given, {"enc2": came["enc2"]})
    native.run_into("encoder", given, came)
    check(came, wanted)


def test_one_thread_gives_the_numbers_of_many(demo, frames):
    outputs = []
    for threads in (1, 3):
        with open_backend(demo, "native", BackendOptions(threads=threads)) as backend:
            outputs.append(backend.run("features", {"frames": frames}))
    for name, array in outputs[0].items():
        np.testing.assert_array_equal(outputs[1][name], array)


def test_threads_that_sleep_in_between_give_the_same_numbers(demo, reference, frames):
    options = BackendOptions(threads=2, profile="shared")
    with open_backend(demo, "native", options) as backend:
        check(
            backend.run("encoder", {"frames": frames}), reference.run("encoder", {"frames": frames})
        )


def test_auto_takes_it_where_it_is_the_fastest(demo, monkeypatch, tmp_path):
    from mol_edge.backends import choose
    from mol_edge.backends.child_trial import Trial

    monkeypatch.setenv("MOL_EDGE_CACHE", str(tmp_path))
    monkeypatch.setattr(choose, "gpu_candidates", lambda: [])

    def try_device(bundle, device, options, *, deadline_s):
        return Trial(device, "answered", 0.001 if device == "native:cpu" else 0.002)

    monkeypatch.setattr(choose, "try_device", try_device)
    with open_backend(demo) as backend:
        assert backend.device == "native:cpu"
        assert backend.reasons[-1] == "native:cpu is the fastest that works"


def test_it_needs_no_runtime(demo, monkeypatch, tmp_path):
    monkeypatch.setenv("MOL_EDGE_CACHE", str(tmp_path))
    monkeypatch.setattr("mol_edge.backends.device.importlib.util.find_spec", lambda name: None)
    with open_backend(demo) as backend:
        assert backend.device == "native:cpu"


def test_half_precision_is_refused_and_never_tried_by_auto(demo):
    from mol_edge.backends.targets import cpu_candidates

    assert "native:cpu" not in cpu_candidates("fp16")
    assert "native:cpu" in cpu_candidates("int8")
    with pytest.raises(DeviceError, match="computes the precisions fp32 and int8 .* for fp16"):
        open_backend(demo, "native", BackendOptions(precision="fp16"))


def test_graphs_of_another_kind_are_refused(toy):
    with pytest.raises(DeviceError, match="must compute the nodes of features"):
        open_backend(toy, "native")


@pytest.mark.parametrize("change", ["name", "operator", "missing"])
def test_a_graph_with_another_node_is_refused(demo, change):
    model = onnx.load_from_string(demo.graph("flow").onnx())
    (node,) = (each for each in model.graph.node if each.name == "flow.conv5")
    if change == "name":
        node.name += ".again"
    elif change == "operator":
        node.op_type = "Relu"
    else:
        model.graph.node.remove(node)
    with pytest.raises(DeviceError, match="must compute the nodes of flow"):
        native_weights("flow", model.SerializeToString())


def test_an_array_that_is_not_aligned_is_copied(native, reference, frames):
    raw = np.zeros(frames.nbytes + 1, np.uint8)
    raw[1:] = np.frombuffer(frames.tobytes(), np.uint8)
    odd = np.frombuffer(raw, np.float32, frames.size, offset=1).reshape(frames.shape)
    assert not odd.flags.aligned
    check(native.run("encoder", {"frames": odd}), reference.run("encoder", {"frames": frames}))


def test_no_frames_are_refused(native):
    none = np.zeros((0, 1, 128, 128), np.float32)
    outputs = {
        name: np.zeros((0, *map(int, info.shape[1:])), np.float32)
        for name, info in native.outputs_of("encoder").items()
    }
    for _ in range(2):
        with pytest.raises(ArrayError, match=r"got \(0, 1, 128, 128\)"):
            native.run_into("encoder", {"frames": none}, outputs)


@pytest.mark.parametrize("windows", [[[0] * 7], [[0.5] * 8], 3])
def test_windows_of_another_kind_are_refused(native, windows):
    logits = np.zeros((1, len(native.bundle.manifest.labels)), np.float32)
    with pytest.raises(ArrayError, match="lists of eight whole numbers"):
        native.classify_rows(np.zeros((1, 6, 32, 8, 8), np.float32), windows, logits)


def test_what_the_core_cannot_compute_is_sent_elsewhere(demo, monkeypatch):
    from mol_edge.backends import native as module

    def refuse(weights):
        raise ArrayError("The maps must be even, got odd ones.")

    monkeypatch.setattr(module._core, "EncoderGraph", refuse)
    expected = pytest.raises(DeviceError, match=r"got odd ones\): use onnxruntime or openvino\.$")
    with open_backend(demo, "native") as backend, expected:
        backend.run("encoder", {"frames": np.zeros((1, 1, 128, 128), np.float32)})
