"""`python -m export gate`: judge the precisions of a bundle again, and take out what fails."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx

from export.precision.add import with_report
from export.precision.bench import Bench
from export.precision.build import Form, Models
from export.precision.clips import SYNTHETIC, open_judging
from export.precision.gate import Judgement, Limits, table
from export.precision.graph import unfolded
from export.precision.measure import outputs_of
from export.precision.trial import ModelsBackend
from mol_edge.benchmark.report import check_writable
from mol_edge.bundle import Bundle, write_manifest
from mol_edge.commands.values import whole
from mol_edge.errors import BundleError
from mol_edge.manifest import Manifest


def models_of(bundle: Bundle, precision: str = "fp32", form: str = "onnx") -> Models:
    """The graphs of a bundle as ONNX models that hold their constants."""
    names = bundle.manifest.graphs.get(precision, {}).get(form, {})
    return {
        name: onnx.load_from_string(bundle.graph(name, precision, form).onnx()) for name in names
    }


def judge_again(
    folder: Path, data: str, clips: int, limits: Limits, threads: int = 1
) -> tuple[Bench, list[Judgement]]:
    """Judge every precision of a bundle against its own float32 graphs.

    A precision that fails is taken out of the manifest, its report stays; its files are left.

    Raises:
        BundleError: the folder holds no sound bundle, or none but float32.
    """
    bundle = Bundle.open(folder)
    manifest = bundle.manifest
    others = [name for name in manifest.graphs if name != "fp32"]
    if not others:
        raise BundleError(
            f"The bundle {manifest.name} must have a precision beside fp32 to judge: export it "
            "with --precision."
        )
    check_writable(folder)
    judging = open_judging(data, manifest.labels, clips)
    float32 = {name: unfolded(model) for name, model in models_of(bundle).items()}
    reference = outputs_of(
        ModelsBackend(float32, "onnxruntime", threads), judging, manifest.normalisation
    )
    bench = Bench(judging, manifest.normalisation, reference, limits, manifest.trained, threads)
    judgements = []
    for precision in others:
        known = _report(bundle, precision)
        layers = known.get("layers") or {}
        forms = {
            form: Form(models_of(bundle, precision, form), int(layers.get(form, 0)))
            for form in manifest.graphs[precision]
            if form != "openvino"
        }
        judged = bench.judge(precision, forms, bundle)
        kept = {name: known[name] for name in ("calibration", "sensitivity") if name in known}
        judged = replace(judged, facts={**judged.facts, **kept})
        judgements.append(judged)
        manifest = with_report(folder, manifest, judged)
        if not judged.passed:
            manifest = without(manifest, precision)
    write_manifest(folder, manifest)
    return bench, judgements


def without(manifest: Manifest, precision: str) -> Manifest:
    """The manifest without a precision's graphs and accuracy; its report stays listed."""
    graphs = {name: forms for name, forms in manifest.graphs.items() if name != precision}
    accuracy = {name: found for name, found in manifest.accuracy.items() if name != precision}
    files = {
        path: info for path, info in manifest.files.items() if not path.startswith(f"{precision}/")
    }
    return replace(manifest, graphs=graphs, accuracy=accuracy, files=files)


def _report(bundle: Bundle, precision: str) -> Mapping[str, Any]:
    path = bundle.manifest.reports.get(precision)
    return {} if path is None else json.loads(bundle.read(path))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("bundle", type=Path, help="folder of the bundle; its manifest is changed")
    parser.add_argument("--evaluation", default=SYNTHETIC, metavar="CLIPS", help="(synthetic)")
    parser.add_argument("--evaluation-clips", type=whole(1), default=200, metavar="N", help="(200)")
    parser.add_argument("--max-drop", default="", metavar="TASK=%,…", help="as in an export")


def run(given: argparse.Namespace) -> tuple[str, list[str]]:
    """Judge as the arguments say; returns a table, and why what failed did."""
    limits = Limits.parse(given.max_drop)
    bench, judged = judge_again(given.bundle, given.evaluation, given.evaluation_clips, limits)
    failures = [f"{each.precision} {reason}" for each in judged for reason in each.failures]
    return table(bench.float32, judged), failures
