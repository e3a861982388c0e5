"""The gate: what it lets through, and that it names what a damaged precision has lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from export.precision.add import with_report
from export.precision.again import without
from export.precision.bench import Bench
from export.precision.build import Form, Models
from export.precision.gate import Drop, Judgement, Limits, Verdict, doubt, drops, refusals, table
from export.precision.measure import Figures
from export.precision.write import write_precision
from mol_edge.bundle import Bundle, measure, write_manifest
from mol_edge.cli import main as mol_edge
from mol_edge.errors import OptionError

FLOAT32 = Figures(
    clips=100, agreement=1.0, logit_error=0, flow_error=0, landmark_error=0,
    uf1=0.6, uar=0.6, epe=0.10, still=0.3, nme=0.03,
)  # fmt: skip


def damaged(models: Models, layer: str = "landmark.fc1") -> Models:
    """The models with the scales of one layer's weights doubled."""
    changed = dict(models)
    features = onnx.ModelProto()
    features.CopyFrom(models["features"])
    found = [
        t
        for t in features.graph.initializer
        if t.name.startswith(f"{layer}.weight") and t.name.endswith("/scale")
    ]
    assert len(found) == 1
    values = numpy_helper.to_array(found[0])
    found[0].CopyFrom(numpy_helper.from_array(2 * values, found[0].name))
    changed["features"] = features
    return changed


def test_limits_are_read_in_percent() -> None:
    assert Limits.parse("") == Limits(0.02, 0.05, 0.03)
    assert Limits.parse("flow=7.5,classes=1") == Limits(0.01, 0.075, 0.03)
    for text in ("flow", "pose=3", "flow=x", "flow=-1", "classes=101", "flow=inf", "flow=nan"):
        with pytest.raises(OptionError, match=f"--max-drop must be percents .*, got '{text}' in"):
            Limits.parse(text)
    with pytest.raises(OptionError, match="got 'classes=2' twice in 'classes=1,classes=2'"):
        Limits.parse("classes=1,classes=2")
    for wrong in ({"classes": 1.01}, {"flow": -0.1}, {"flow": float("inf")}):
        with pytest.raises(OptionError, match="that may be lost in"):
            Limits(**wrong)


def test_float32_is_not_held_to_less_than_rounding() -> None:
    assert Limits.parse("classes=0,flow=0").of_float32() == Limits()
    assert Limits.parse("flow=50").of_float32() == Limits(flow=0.5)


def test_what_was_refused_is_told_in_sentences() -> None:
    lost = tuple(drops(FLOAT32, replace(FLOAT32, agreement=0.1), Limits()))
    verdict = Verdict("", "onnxruntime:cpu", FLOAT32, lost)
    judged = [Judgement(name, (verdict,)) for name in ("fp32", "fp16", "int8")]
    loss = "onnxruntime:cpu: classes, other class than float32: +90.00% (at most 2%)."
    end = "where reports/ says why: allow more with --max-drop, or export without."
    assert refusals(judged[1:2], "b") == [
        f"fp16 {loss}",
        f"fp16 did not pass the gate and is not in b, {end}",
    ]
    said = refusals(judged, "b")
    assert said[3] == f"fp16 and int8 did not pass the gate and are not in b, {end}"
    assert said[4].startswith("fp32 stays in b, since the others are measured against it")
    assert refusals([Judgement("int8", (verdict,), enforced=False)], "b") == []


def test_a_runtime_that_does_not_take_a_precision_is_named() -> None:
    facts = {"left_out": {"native:cpu": "it computes less."}}
    judged = Judgement("int8", (Verdict("int8", "onnxruntime:cpu", FLOAT32, ()),), facts=facts)
    assert "\nint8      native:cpu was left out: it computes less." in table(FLOAT32, [judged])


def test_drops_are_what_was_lost_by_task() -> None:
    came = replace(FLOAT32, agreement=0.97, uf1=0.61, uar=0.55, epe=0.104, nme=0.0312)
    came = replace(came, flow_error=0.02)
    found = {
        (d.task, d.figure): (round(d.lost, 6), d.passed) for d in drops(FLOAT32, came, Limits())
    }
    assert found == {
        ("classes", "other class than float32"): (0.03, False),
        ("classes", "fall of UF1"): (-0.01, True),
        ("classes", "fall of UAR"): (0.05, False),
        ("flow", "rise of EPE"): (0.04, True),
        ("flow", "difference from float32 by EPE"): (0.2, True),
        ("landmarks", "rise of NME"): (0.04, False),
    }


def test_a_float32_that_is_of_no_use_is_told_beside_what_others_lose() -> None:
    assert doubt(FLOAT32) is None
    assert doubt(replace(FLOAT32, epe=None, still=None, nme=None)) is None
    said = doubt(replace(FLOAT32, nme=1.853))
    assert said is not None and "185% of the pupil distance" in said and "flow" not in said
    said = doubt(replace(FLOAT32, epe=0.3875, still=0.321))
    assert said is not None and "errs by 0.388 pixels where none at all errs by 0.321" in said
    worthless = replace(FLOAT32, nme=float("nan"))
    verdict = Verdict("int8", "onnxruntime:cpu", FLOAT32, ())
    assert "--untrained" in table(worthless, [Judgement("int8", (verdict,))])
    assert "--untrained" not in table(worthless, [Judgement("int8", (verdict,), enforced=False)])
    assert "--untrained" not in table(FLOAT32, [Judgement("int8", (verdict,))])


def test_exactly_what_is_allowed_passes() -> None:
    assert Drop("classes", "other class than float32", 1 - 196 / 200, 0.02).passed
    assert not Drop("classes", "other class than float32", 1 - 195 / 200, 0.02).passed


def test_a_figure_that_is_no_number_does_not_pass() -> None:
    came = replace(FLOAT32, epe=float("nan"))
    failed = [d for d in drops(FLOAT32, came, Limits()) if not d.passed]
    assert [d.task for d in failed] == ["flow"]


def test_layers_in_float_fail_even_untrained_weights() -> None:
    lost = tuple(drops(FLOAT32, replace(FLOAT32, agreement=0.1), Limits()))
    fine = Verdict("int8", "onnxruntime:cpu", FLOAT32, lost, 20, 20)
    assert Judgement("int8", (fine,)).failures == (
        "onnxruntime:cpu: classes, other class than float32: +90.00% (at most 2%)",
    )
    assert Judgement("int8", (fine,), enforced=False).passed
    slow = replace(fine, integer_layers=15)
    assert Judgement("int8", (slow,), enforced=False).failures == (
        "onnxruntime:cpu: 15 layers compute in INT8, 20 should",
    )


def test_eight_bits_pass_and_damaged_ones_are_refused_by_name(bench: Bench, eight) -> None:
    layers = eight["onnx"].layers
    assert layers >= 16
    sound = bench.judge("int8", eight)
    assert sound.passed, sound.failures
    assert [v.device for v in sound.verdicts] == [
        "onnxruntime:cpu",
        "native:cpu",
        "openvino:CPU",
        "onnxruntime:cpu (tensorrt)",
        "onnxruntime:cpu (aarch64)",
    ]
    by_core = sound.verdicts[1]
    # The core has the layers of landmarks and the matching's first in floats.
    assert by_core.integer_layers == by_core.expected_layers == 15
    assert {v.integer_layers for v in sound.verdicts if v is not by_core} == {layers}
    refused = bench.judge("int8", {"onnx": Form(damaged(eight["onnx"].models), layers)})
    assert not refused.passed
    assert refused.failures[0].startswith("onnxruntime:cpu: landmarks, rise of NME: +")
    assert refused.failures[0].endswith("% (at most 3%)")
    said = table(bench.float32, [sound, refused])
    assert said.count(f"passed, {layers} of {layers} layers in INT8") == 4
    assert said.count("passed, 15 of 15 layers in INT8") == 1
    assert said.count(f"failed, {layers} of {layers} layers in INT8") == 1
    assert said.count("failed, 15 of 15 layers in INT8") == 1


def bundle_with(folder: Path, demo: Bundle, models: Models) -> Bundle:
    """A copy of the demo bundle with these graphs as its int8."""
    for path in demo.manifest.files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes((demo.folder / path).read_bytes())
    manifest = without(demo.manifest, "int8")
    for old in (folder / "int8").glob("*"):
        old.unlink()
    if (folder / "int8").exists():
        (folder / "int8").rmdir()
    forms = write_precision(folder, "int8", {"onnx": models}, half_storage=True)
    files = dict(manifest.files)
    for path in sorted((folder / "int8").iterdir()):
        files[f"int8/{path.name}"] = measure(path)
    manifest = replace(manifest, files=files, graphs={**manifest.graphs, "int8": forms})
    write_manifest(folder, manifest)
    return Bundle.open(folder)


def test_a_device_repeats_the_judgement_from_the_check_set(
    demo: Bundle, eight, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["check", "--device", "onnxruntime", "--precision", "fp32,int8"]
    arguments += ["--max-drop", "classes=100,flow=10"]
    sound = bundle_with(tmp_path / "sound", demo, eight["onnx"].models)
    assert mol_edge([*arguments, "--bundle", str(sound.folder)]) == 0
    said = capsys.readouterr()
    assert "int8, onnxruntime:cpu" in said.out
    assert said.err == ""
    broken = bundle_with(tmp_path / "broken", demo, damaged(eight["onnx"].models))
    assert mol_edge([*arguments, "--bundle", str(broken.folder)]) == 1
    said = capsys.readouterr()
    assert "int8 on onnxruntime:cpu, landmarks: rise of NME above PyTorch's is " in said.err
    assert "fp32" not in said.err


def test_the_report_of_what_failed_stays_and_its_graphs_do_not(
    bench: Bench, demo: Bundle, eight, tmp_path: Path
) -> None:
    bundle = bundle_with(tmp_path / "b", demo, damaged(eight["onnx"].models))
    judged = bench.judge("int8", {"onnx": Form(damaged(eight["onnx"].models), 1)})
    manifest = without(with_report(bundle.folder, bundle.manifest, judged), "int8")
    write_manifest(bundle.folder, manifest)
    again = Bundle.open(bundle.folder)
    assert "int8" not in again.manifest.graphs
    assert not [path for path in again.manifest.files if path.startswith("int8/")]
    report = json.loads(again.read(again.manifest.reports["int8"]))
    assert report["passed"] is False
    assert "landmarks, rise of NME" in report["failures"][0]
    parity = report["parity with PyTorch"]["onnxruntime:cpu"]
    assert set(parity) == {"logits", "flow", "landmarks"}
    assert parity["flow"]["largest"] > parity["flow"]["mean"] > 0
    assert parity["landmarks"]["largest"] > 1
    assert np.isfinite(report["runtimes"][0]["figures"]["epe"])
