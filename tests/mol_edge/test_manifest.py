import copy
import json
from pathlib import Path

import pytest

from mol_edge.bundle import MANIFEST
from mol_edge.errors import BundleError
from mol_edge.manifest import (
    VERSION,
    Alignment,
    FileInfo,
    GraphInfo,
    Manifest,
    ModelInfo,
    Normalisation,
    TensorInfo,
)

SCHEMA = Path(__file__).parents[2] / "mol_edge" / "schema" / "manifest.schema.json"
ONNX = ("graphs", "fp32", "onnx")
REMOVE = object()


@pytest.fixture(scope="module")
def content(toy_folder):
    return json.loads((toy_folder / MANIFEST).read_text())


def changed(content, place, value):
    result = copy.deepcopy(content)
    inner = result
    for key in place[:-1]:
        inner = inner[key]
    if value is REMOVE:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return result


def test_a_manifest_survives_json(content):
    manifest = Manifest.from_json(content)
    assert manifest.labels == ("happiness", "disgust", "surprise", "repression", "others")
    assert manifest.normalisation == Normalisation(mean=120.0, scale=60.0)
    features = manifest.graphs["fp32"]["onnx"]["features"]
    assert features.inputs["frames"] == TensorInfo("float32", ("N", 1, 128, 128))
    assert manifest.to_json() == content
    assert Manifest.from_json(manifest.to_json()) == manifest


@pytest.mark.parametrize("version", [VERSION + 1, 99])
def test_a_manifest_of_a_newer_version_asks_for_a_newer_mol_edge(content, version):
    newer = {**content, "version": version, "of the future": 1}
    with pytest.raises(BundleError, match=f"is of version {version}, .*: update mol-edge"):
        Manifest.from_json(newer)


REFUSED = [
    (("format",), "something-else", "format"),
    (("format",), REMOVE, "format"),
    (("version",), 1, "version"),
    (("version",), "1", "version"),
    (("version",), True, "version"),
    (("name",), "", "name"),
    (("name",), 5, "name"),
    (("name",), REMOVE, "name"),
    (("trained",), 1, "trained"),
    (("trained",), REMOVE, "trained"),
    (("labels",), "happiness", "labels"),
    (("labels",), [], "labels"),
    (("labels", 0), "", "labels"),
    (("labels", 0), None, "labels"),
    (("labels", 0), "disgust", "labels"),
    (("model", "classes"), 1, "model.classes"),
    (("model", "classes"), "5", "model.classes"),
    (("model", "classes"), True, "model.classes"),
    (("model", "classes"), REMOVE, "model.classes"),
    (("model", "graph"), "edges", "model.graph"),
    (("model", "neighbours"), 0, "model.neighbours"),
    (("model", "flow_width"), 0, "model.flow_width"),
    (("model", "landmark_hidden"), 1.5, "model.landmark_hidden"),
    (("model", "colour"), 3, "model.colour"),
    (("model",), [], "model"),
    (("normalisation", "mean"), None, "normalisation.mean"),
    (("normalisation", "mean"), REMOVE, "normalisation.mean"),
    (("normalisation", "scale"), 0, "normalisation.scale"),
    (("normalisation", "scale"), -1.0, "normalisation.scale"),
    (("window_ms",), 0, "window_ms"),
    (("window_ms",), "350", "window_ms"),
    (("alignment", "mode"), "loose", "alignment.mode"),
    (("alignment", "size"), 112, "alignment.size"),
    (("alignment", "crop"), "128", "alignment.crop"),
    (("files", "../elsewhere"), {"bytes": 1, "sha256": "0" * 64}, "files"),
    (("files", "/etc/passwd"), {"bytes": 1, "sha256": "0" * 64}, "files"),
    (("files", "a\\b"), {"bytes": 1, "sha256": "0" * 64}, "files"),
    (("files", "a/../b"), {"bytes": 1, "sha256": "0" * 64}, "files"),
    (("files", "a//b"), {"bytes": 1, "sha256": "0" * 64}, "files"),
    (("files", "a\n"), {"bytes": 1, "sha256": "0" * 64}, "files"),
    (("files", "C:a"), {"bytes": 1, "sha256": "0" * 64}, "files"),
    (("files", "fp32/head.onnx", "bytes"), -1, "bytes"),
    (("files", "fp32/head.onnx", "bytes"), 1.5, "bytes"),
    (("files", "fp32/head.onnx", "sha256"), "0" * 63, "sha256"),
    (("files", "fp32/head.onnx", "sha256"), "G" * 64, "sha256"),
    (("files", "fp32/head.onnx", "sha256"), "0" * 64 + "\n", "sha256"),
    (("files", "fp32/head.onnx", "sha256"), REMOVE, "sha256"),
    (("files", "fp32/head.onnx", "more"), 1, "more"),
    (("files",), [], "files"),
    (("graphs",), {}, "graphs"),
    (("graphs",), None, "graphs"),
    (("graphs", "fp32"), {}, "graphs"),
    (("graphs", "FP 32"), {"onnx": {}}, "graphs"),
    ((*ONNX, "features"), REMOVE, "features"),
    ((*ONNX, "head"), REMOVE, "head"),
    ((*ONNX, "extra"), "x", "extra"),
    ((*ONNX, "head", "file"), "../head.onnx", "head"),
    ((*ONNX, "head", "file"), "/head.onnx", "head"),
    ((*ONNX, "head", "weights"), 3, "weights"),
    ((*ONNX, "head", "weights"), REMOVE, "weights"),
    ((*ONNX, "head", "inputs"), {}, "inputs"),
    ((*ONNX, "head", "inputs", "more"), {"type": "float32", "shape": [1]}, "inputs"),
    ((*ONNX, "head", "inputs", "parts", "type"), "float", "type"),
    ((*ONNX, "head", "inputs", "parts", "shape"), [], "shape"),
    ((*ONNX, "head", "inputs", "parts", "shape"), ["M"], "shape"),
    ((*ONNX, "head", "inputs", "parts", "shape"), [0], "shape"),
    ((*ONNX, "head", "inputs", "parts", "shape"), "N", "shape"),
    ((*ONNX, "head", "outputs", "logits"), REMOVE, "outputs"),
    (("verification",), [], "verification"),
    (("provenance",), "me", "provenance"),
    (("intended_use",), None, "intended_use"),
    (("surprise",), 1, "surprise"),
]

ACCEPTED = [
    (("intended_use",), "Research."),
    (("intended_use",), REMOVE),
    (("verification",), {"any": [1, {"thing": None}]}),
    (("provenance",), REMOVE),
    (("window_ms",), 200),
    (("model", "neighbours"), REMOVE),
    (("model", "graph"), "channels"),
    (("alignment", "mode"), "anchored"),
    (("alignment", "mode"), REMOVE),
    (("files", "check/clip_0.npz"), {"bytes": 0, "sha256": "a" * 64}),
    ((*ONNX, "head", "weights"), None),
    ((*ONNX, "head", "inputs", "parts", "type"), "float16"),
    ((*ONNX, "head", "inputs", "parts", "shape"), [1, 8, 6, 32, 8, 8]),
    (("normalisation", "mean"), 0),
]


@pytest.fixture(scope="module")
def schema():
    jsonschema = pytest.importorskip("jsonschema")
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))


@pytest.mark.parametrize(("place", "value", "named"), REFUSED)
def test_loader_and_schema_refuse(content, schema, place, value, named):
    mutated = changed(content, place, value)
    with pytest.raises(BundleError, match="manifest's field") as caught:
        Manifest.from_json(mutated)
    assert named in str(caught.value)
    assert not schema.is_valid(mutated)


@pytest.mark.parametrize(("place", "value"), ACCEPTED)
def test_loader_and_schema_accept(content, schema, place, value):
    mutated = changed(content, place, value)
    Manifest.from_json(mutated)
    assert schema.is_valid(mutated)


def test_what_is_written_fits_the_schema(content, schema):
    assert schema.is_valid(Manifest.from_json(content).to_json())


def test_numbers_that_json_cannot_hold_are_refused(content):
    for value in (float("nan"), float("inf")):
        with pytest.raises(BundleError, match="normalisation.mean must be a number"):
            Manifest.from_json(changed(content, ("normalisation", "mean"), value))


def test_labels_are_as_many_as_classes(content):
    with pytest.raises(BundleError, match="labels must be 4 names, one for each class"):
        Manifest.from_json(changed(content, ("model", "classes"), 4))


def test_a_graphs_files_are_listed(content):
    for key in ("file", "weights"):
        mutated = changed(content, (*ONNX, "flow", key), "fp32/other.bin")
        with pytest.raises(BundleError, match=rf'\["flow"\]\.{key} must be one of the paths'):
            Manifest.from_json(mutated)


def test_something_else_than_an_object_is_refused():
    for value in (None, [], "text", 3):
        with pytest.raises(BundleError, match="must be an object, got"):
            Manifest.from_json(value)


def test_parts_validate_on_creation():
    with pytest.raises(BundleError, match="field scale must be a number above 0, got -2"):
        Normalisation(1.0, -2)
    with pytest.raises(BundleError, match="field graph must be 'positions' or 'channels'"):
        ModelInfo(classes=5, graph="both")
    with pytest.raises(BundleError, match="field crop must be 128, got 112"):
        Alignment(crop=112)
    with pytest.raises(BundleError, match="field bytes must be an integer from 0, got -1"):
        FileInfo(-1, "0" * 64)
    with pytest.raises(BundleError, match="field file must be a relative path"):
        GraphInfo("a/../../b", None, {}, {})


def test_accuracy_belongs_to_a_precision_and_a_check_set_is_listed(content):
    content = copy.deepcopy(content)
    content["accuracy"] = {"fp32": {"landmarks": {"nme": 0.031}}}
    assert Manifest.from_json(content).landmark_nme() == 0.031
    assert Manifest.from_json(content).landmark_nme("int8") is None
    half = {**content, "graphs": {**content["graphs"], "fp16": content["graphs"]["fp32"]}}
    photographs = {**content["accuracy"]["fp32"], "photographs": {"nme": 0.08}}
    half["accuracy"] = {"fp32": photographs, "fp16": {"landmarks": {"nme": 0.032}}}
    assert Manifest.from_json(half).landmark_nme("fp16") == 0.08
    half["reports"] = {"fp16": "reports/fp16.json"}
    with pytest.raises(BundleError, match="reports must be paths listed in files"):
        Manifest.from_json(half)
    content["accuracy"] = {"int8": {}}
    with pytest.raises(BundleError, match="accuracy must be an object for some"):
        Manifest.from_json(content)
    content["accuracy"] = {}
    content["check_set"] = "check/elsewhere.npz"
    with pytest.raises(BundleError, match="check_set must be one of the paths listed in files"):
        Manifest.from_json(content)


@pytest.mark.parametrize(
    ("uf1", "trained", "knows"),
    [(None, True, True), (0.29, True, False), (0.31, True, True), (0.9, False, False)],
)
def test_classes_are_known_unless_they_were_measured_to_be_guesses(content, uf1, trained, knows):
    changed = copy.deepcopy(content)
    changed["trained"] = trained
    if uf1 is not None:
        changed["accuracy"] = {"fp32": {"classes": {"clip": {"uf1": uf1}}}}
    assert Manifest.from_json(changed).knows_classes is knows
