import threading

import numpy as np
import pytest

from mol_edge.backends import BackendOptions, open_backend
from mol_edge.errors import ArrayError, BundleError, DeviceError, OptionError
from tests import toy_bundle

RUNTIMES = ["onnxruntime", "openvino"]


@pytest.fixture(params=RUNTIMES)
def backend(request, toy):
    pytest.importorskip(request.param)
    with open_backend(toy, request.param, BackendOptions(threads=1)) as opened:
        yield opened


@pytest.fixture(scope="module")
def frames():
    return np.random.default_rng(0).normal(size=(3, 1, 128, 128)).astype(np.float32)


def test_outputs_are_named_as_in_the_manifest(backend, frames):
    outputs = backend.run("features", {"frames": frames})
    expected = toy_bundle.features(frames)
    assert set(outputs) == set(expected)
    for name, array in expected.items():
        assert outputs[name].dtype == np.float32
        np.testing.assert_allclose(outputs[name], array, atol=1e-5)


def test_any_batch_size(backend, frames):
    for batch in (1, 3, 2, 1):
        outputs = backend.run("encoder", {"frames": frames[:batch]})
        np.testing.assert_allclose(
            outputs["enc2"], toy_bundle.encoder(frames[:batch])["enc2"], atol=1e-5
        )


def test_the_caller_owns_the_outputs(backend, frames):
    first = backend.run("features", {"frames": frames[:1]})["first"]
    kept = first.copy()
    backend.run("features", {"frames": frames[1:2]})
    np.testing.assert_array_equal(first, kept)
    first[:] = 0
    again = backend.run("features", {"frames": frames[:1]})["first"]
    np.testing.assert_array_equal(again, kept)


def test_arrays_of_any_stride_are_read_as_they_are(backend, frames):
    turned = frames[::-1, :, ::-1]
    assert not turned.flags.c_contiguous
    outputs = backend.run("features", {"frames": turned})
    np.testing.assert_allclose(outputs["first"], toy_bundle.features(turned)["first"], atol=1e-5)


def test_arrays_that_must_not_be_written_are_read(backend, frames):
    kept = frames.copy()
    kept.flags.writeable = False
    outputs = backend.run("features", {"frames": kept})
    np.testing.assert_allclose(outputs["first"], toy_bundle.features(frames)["first"], atol=1e-5)
    np.testing.assert_array_equal(kept, frames)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: {"frames": x.astype(np.float64)}, "frames of features must be float32, got flo"),
        (lambda x: {"frames": x.tolist()}, "frames of features must be float32, got list"),
        (lambda x: {"frames": x[:, 0]}, r"must be of shape \(3, 1, 128, 128\), got \(3, 128, 128"),
        (lambda x: {"frames": x[..., :64]}, r"got \(3, 1, 128, 64\)"),
        (lambda x: {"frames": x[:0]}, r"must be of shape \(N, 1, 128, 128\), got \(0, 1, 128"),
        (lambda x: {}, "takes the inputs frames, got none"),
        (lambda x: {"frames": x, "more": x}, "takes the inputs frames, got frames, more"),
    ],
)
def test_other_inputs_are_refused(backend, frames, change, message):
    with pytest.raises(ArrayError, match=message):
        backend.run("features", change(frames))


def test_batches_of_unequal_size_are_refused(backend, frames):
    shapes = {
        name: info.shape[1:] for name, info in backend.bundle.graph_info("flow").inputs.items()
    }
    inputs = {name: np.zeros((2, *shape), np.float32) for name, shape in shapes.items()}
    inputs["second_next"] = inputs["second_next"][:1]
    with pytest.raises(ArrayError, match=r"second_next of flow must be of shape \(2, 128, 16, 16"):
        backend.run("flow", inputs)


def test_an_absent_graph_is_refused(backend, frames):
    with pytest.raises(BundleError, match="has no graph fp32/onnx/clip"):
        backend.run("clip", {"clip": frames})


def test_graphs_are_loaded_when_they_are_first_run(toy, toy_copy, frames):
    from mol_edge.bundle import Bundle

    with open_backend(Bundle.open(toy_copy), "onnxruntime") as backend:
        (toy_copy / "fp32/flow.onnx").unlink()
        backend.run("encoder", {"frames": frames})
        with pytest.raises(BundleError, match="fp32/flow.onnx must be a readable file"):
            backend.run("flow", {})


def test_a_closed_backend_says_so(backend, frames):
    backend.close()
    with pytest.raises(DeviceError, match="was closed: open a backend anew"):
        backend.run("features", {"frames": frames})
    backend.close()


def test_threads_may_share_a_backend(backend):
    random = np.random.default_rng(1)
    inputs = random.normal(size=(8, 2, 1, 128, 128)).astype(np.float32)
    wrong = []
    start = threading.Barrier(8)

    def work(frames):
        start.wait()
        for graph, reference in (
            ("features", toy_bundle.features),
            ("encoder", toy_bundle.encoder),
        ):
            for _ in range(10):
                outputs = backend.run(graph, {"frames": frames})
                for name, expected in reference(frames).items():
                    if not np.allclose(outputs[name], expected, atol=1e-5):
                        wrong.append((graph, name))

    threads = [threading.Thread(target=work, args=(frames,)) for frames in inputs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_openvino_states_its_precision_and_threads(toy):
    pytest.importorskip("openvino")
    with open_backend(toy, "openvino", BackendOptions(threads=1)) as backend:
        properties = backend._properties()
    assert properties["INFERENCE_PRECISION_HINT"] == "f32"
    assert properties["PERFORMANCE_HINT"] == "LATENCY"
    assert properties["INFERENCE_NUM_THREADS"] == 1


def test_openvino_prefers_ir(toy_copy, frames):
    """An IR whose weights lie beside it gives what the ONNX file gives."""
    openvino = pytest.importorskip("openvino")
    import dataclasses

    from mol_edge.bundle import Bundle, measure, write_manifest

    bundle = Bundle.open(toy_copy)
    core = openvino.Core()
    graphs, files = {}, dict(bundle.manifest.files)
    for name, info in bundle.manifest.graphs["fp32"]["onnx"].items():
        model = core.read_model(bundle.graph(name).onnx(), b"")
        openvino.save_model(model, toy_copy / f"fp32/{name}.xml", compress_to_fp16=False)
        graphs[name] = dataclasses.replace(
            info, file=f"fp32/{name}.xml", weights=f"fp32/{name}.bin"
        )
        files.update(
            {f"fp32/{name}{e}": measure(toy_copy / f"fp32/{name}{e}") for e in (".xml", ".bin")}
        )
    forms = {**bundle.manifest.graphs["fp32"], "openvino": graphs}
    write_manifest(
        toy_copy, dataclasses.replace(bundle.manifest, files=files, graphs={"fp32": forms})
    )
    with open_backend(Bundle.open(toy_copy), "openvino") as backend:
        assert backend.form_of("features") == "openvino"
        single = backend.run("features", {"frames": frames[:1]})
        outputs = backend.run("features", {"frames": frames})
    np.testing.assert_allclose(single["first"], outputs["first"][:1], atol=1e-6)
    for name, expected in toy_bundle.features(frames).items():
        np.testing.assert_allclose(outputs[name], expected, atol=1e-5)


def test_options_are_checked():
    for threads in (-1, 257, 1.5, "2"):
        with pytest.raises(OptionError, match=rf"0 \(automatic\) to 256, got {threads!r}"):
            BackendOptions(threads=threads)
    with pytest.raises(OptionError, match="profile must be one of latency, shared, got 'fast'"):
        BackendOptions(profile="fast")


def test_a_cache_folder_is_used_by_openvino(toy, tmp_path, frames):
    pytest.importorskip("openvino")
    with open_backend(toy, "openvino", BackendOptions(cache_dir=tmp_path / "cache")) as backend:
        backend.run("features", {"frames": frames})
    assert list((tmp_path / "cache").rglob("*.blob"))
