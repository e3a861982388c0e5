import json
import os
from pathlib import Path

import onnx
import pytest

from mol_edge.bundle import MANIFEST, Bundle, measure, write_manifest
from mol_edge.errors import BundleError
from mol_edge.manifest import Manifest
from tests import toy_bundle


def rewrite(folder, change):
    path = folder / MANIFEST
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_an_intact_bundle_opens(toy_folder):
    bundle = Bundle.open(toy_folder)
    assert bundle.manifest.name == "toy"
    assert Bundle.open(str(toy_folder)).manifest == bundle.manifest
    assert bundle.has("features")
    assert not bundle.has("clip")
    assert not bundle.has("features", form="openvino")


@pytest.mark.parametrize("passed", [False, None, "no", 0])
def test_one_that_failed_its_verification_is_opened_to_be_looked_at_alone(toy_copy, passed):
    rewrite(toy_copy, lambda content: content["verification"].update(passed=passed))
    with pytest.raises(BundleError) as caught:
        Bundle.open(toy_copy)
    assert str(caught.value) == (
        "A bundle must compute what PyTorch does, and its manifest says that the one in "
        f"{toy_copy} does not: export its checkpoint again, and see what differs with "
        "`python -m export show`."
    )
    assert Bundle.open(toy_copy, failed=True).manifest.verification["passed"] == passed
    rewrite(toy_copy, lambda content: content["verification"].update(passed=True))
    assert Bundle.open(toy_copy).manifest.name == "toy"


@pytest.mark.parametrize("path", ["", 3, None])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(BundleError, match="named by the path of its folder, got"):
        Bundle.open(path)


def test_graph_bytes_are_those_on_disk(toy, toy_folder):
    graph = toy.graph("flow")
    assert graph.model == (toy_folder / "fp32/flow.onnx").read_bytes()
    assert graph.weights == (toy_folder / "fp32/weights.bin").read_bytes()
    assert set(graph.info.inputs) == {
        "frames", "enc2", "enc3", "enc3_next", "first", "second_next",
    }  # fmt: skip
    whole = onnx.load_from_string(toy.graph("features").onnx())
    assert {t.name for t in whole.graph.initializer if t.raw_data} >= {"first_scale"}


def test_weights_inside_the_graphs_need_no_file(tmp_path):
    toy_bundle.write_bundle(tmp_path / "b", external=False)
    graph = Bundle.open(tmp_path / "b").graph("features")
    assert graph.weights is None
    assert graph.onnx() == graph.model


def test_an_absent_graph_is_named_with_what_there_is(toy):
    with pytest.raises(BundleError, match="no graph fp32/onnx/clip, only fp32/onnx/encoder, "):
        toy.graph("clip")
    with pytest.raises(BundleError, match="has the precisions fp32, and not 'int8'"):
        toy.graph("features", precision="int8")


@pytest.mark.parametrize("name", sorted(f"fp32/{graph}.onnx" for graph in toy_bundle.SHAPES))
@pytest.mark.parametrize("where", [0, 0.5, -1])
def test_a_flipped_byte_in_a_graph_is_refused(toy_copy, name, where):
    flip(toy_copy / name, where)
    with pytest.raises(BundleError, match=f"{name} must have SHA-256 .* damaged or was changed"):
        Bundle.open(toy_copy)


def test_a_flipped_byte_in_the_weights_is_refused(toy_copy):
    flip(toy_copy / "fp32/weights.bin", 0.3)
    with pytest.raises(BundleError, match="fp32/weights.bin must have SHA-256"):
        Bundle.open(toy_copy)


def flip(path: Path, where: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(where * len(content)) if 0 < where < 1 else int(where)] ^= 1
    path.write_bytes(content)


def test_a_file_of_another_size_is_refused(toy_copy):
    with (toy_copy / "fp32/weights.bin").open("ab") as file:
        file.write(b"x")
    with pytest.raises(BundleError, match=r"weights.bin must have \d+ bytes, got \d+"):
        Bundle.open(toy_copy)


def test_a_missing_file_is_refused(toy_copy):
    (toy_copy / "fp32/head.onnx").unlink()
    with pytest.raises(BundleError, match=r"head.onnx must be a readable file and no link"):
        Bundle.open(toy_copy)


def test_a_file_changed_after_opening_is_refused(toy_copy):
    bundle = Bundle.open(toy_copy)
    bundle.graph("head")
    flip(toy_copy / "fp32/weights.bin", 0.5)
    with pytest.raises(BundleError, match="fp32/weights.bin must have SHA-256"):
        bundle.graph("head")


@pytest.mark.parametrize("path", ["../outside.bin", "/etc/hostname", "a\\b", "fp32/../../x", "./x"])
def test_a_path_out_of_the_folder_is_refused(toy_copy, path):
    (toy_copy.parent / "outside.bin").write_bytes(b"x")

    def point_elsewhere(content):
        content["files"][path] = {"bytes": 1, "sha256": "0" * 64}

    rewrite(toy_copy, point_elsewhere)
    with pytest.raises(BundleError, match="must be a relative path below the bundle's folder"):
        Bundle.open(toy_copy)


def test_a_linked_file_is_refused(toy_copy):
    weights = toy_copy / "fp32/weights.bin"
    weights.rename(toy_copy.parent / "weights.bin")
    weights.symlink_to(toy_copy.parent / "weights.bin")
    with pytest.raises(BundleError, match="weights.bin must be a readable file and no link"):
        Bundle.open(toy_copy)


def test_a_linked_sub_folder_is_refused(toy_copy):
    (toy_copy / "fp32").rename(toy_copy.parent / "elsewhere")
    (toy_copy / "fp32").symlink_to(toy_copy.parent / "elsewhere")
    with pytest.raises(BundleError, match="must be a readable file and no link"):
        Bundle.open(toy_copy)


def test_a_linked_manifest_is_refused(toy_copy):
    (toy_copy / MANIFEST).rename(toy_copy.parent / MANIFEST)
    (toy_copy / MANIFEST).symlink_to(toy_copy.parent / MANIFEST)
    with pytest.raises(BundleError, match="must be a readable file and no link"):
        Bundle.open(toy_copy)


def test_a_link_to_the_whole_bundle_is_followed(toy_folder, tmp_path):
    (tmp_path / "current").symlink_to(toy_folder)
    assert Bundle.open(tmp_path / "current").manifest.name == "toy"


def test_a_named_pipe_is_refused_without_waiting(toy_copy):
    (toy_copy / "fp32/weights.bin").unlink()
    os.mkfifo(toy_copy / "fp32/weights.bin")
    with pytest.raises(BundleError, match="not a regular file"):
        Bundle.open(toy_copy)


@pytest.mark.parametrize("location", ["/etc/hostname", "../../secret.bin", "other.bin"])
def test_external_data_elsewhere_is_refused(toy_copy, location):
    path = toy_copy / "fp32/head.onnx"
    model = onnx.load(path, load_external_data=False)
    tensor = model.graph.initializer[0]
    del tensor.external_data[:]
    for key, value in {"location": location, "offset": "0", "length": "4"}.items():
        tensor.external_data.add(key=key, value=value)
    path.write_bytes(model.SerializeToString())
    relist(toy_copy, "fp32/head.onnx")
    with pytest.raises(BundleError, match=f"fp32/head.onnx: .* keeps tensors in '{location}'"):
        Bundle.open(toy_copy)


def test_external_data_that_the_manifest_does_not_mention_is_refused(toy_copy):
    def forget(content):
        content["graphs"]["fp32"]["onnx"]["head"]["weights"] = None

    rewrite(toy_copy, forget)
    with pytest.raises(BundleError, match="where the manifest allows no external file"):
        Bundle.open(toy_copy)


def relist(folder, name):
    info = measure(folder / name)

    def change(content):
        content["files"][name] = {"bytes": info.bytes, "sha256": info.sha256}

    rewrite(folder, change)


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(BundleError, match=r"folder with a manifest\.json, and .* has none"):
        Bundle.open(tmp_path)


def test_a_path_that_is_no_folder_is_refused(tmp_path):
    for path in (tmp_path / "nothing", Path(__file__)):
        with pytest.raises(BundleError, match="is no folder: check the path"):
            Bundle.open(path)


@pytest.mark.parametrize("text", ["", "{", "\x00\xff", "[" * 100_000])
def test_a_manifest_that_is_not_json_is_refused(toy_copy, text):
    (toy_copy / MANIFEST).write_text(text)
    with pytest.raises(BundleError, match="must be JSON and is not"):
        Bundle.open(toy_copy)


def test_write_manifest_leaves_no_draft(toy_folder, tmp_path):
    manifest = Bundle.open(toy_folder).manifest
    path = write_manifest(tmp_path, manifest)
    assert [item.name for item in tmp_path.iterdir()] == [MANIFEST]
    assert Manifest.from_json(json.loads(path.read_text())) == manifest


def test_measure(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    info = measure(tmp_path / "f")
    assert info.bytes == 3
    assert info.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
