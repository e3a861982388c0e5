"""`python -m export judge`: write into a bundle how accurate it is, and clips to check it with."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from export.check_set import CHECK_SET, check_clips, check_known, make_check_set
from export.checkpoint import load_checkpoint
from export.precision.check_clips import NetworkPredictor
from mol_edge.benchmark.report import check_writable
from mol_edge.bundle import Bundle, measure, write_manifest
from mol_edge.commands.values import whole
from mol_edge.errors import InputError, OptionError
from mol_edge.manifest import Manifest
from training.datasets import open_evaluation
from training.evaluation.clips import EvaluationOptions
from training.evaluation.judge import judge
from training.evaluation.photos import evaluate_photos, read_faces
from training.evaluation.predictor import BundlePredictor
from training.options import DataOptions


@dataclass(frozen=True)
class JudgeOptions:
    """How a bundle is judged.

    Attributes:
        data: ``synthetic``, or a folder as `training.evaluate` takes it.
        clips: synthetic clips.
        photos: annotated photographs on which the landmarks are judged too, or None.
        baseline_pairs: pairs on which other methods of optical flow run too.
        device: runtime that is judged.
        precision: which precision of the bundle.
        check_clips: clips of the check set; 0 keeps the bundle's as it is.

    Raises:
        OptionError: a count is out of range.
    """

    data: str = "synthetic"
    clips: int = 1000
    photos: Path | None = None
    baseline_pairs: int = 60
    device: str = "onnxruntime"
    precision: str = "fp32"
    check_clips: int = 8

    def __post_init__(self) -> None:
        for name, least in (("clips", 1), ("baseline_pairs", 0), ("check_clips", 0)):
            value = getattr(self, name)
            if value < least:
                raise OptionError(f"{name} must be {least} or more, got {value}: give more.")


def judge_bundle(folder: Path, checkpoint: Path, options: JudgeOptions) -> Mapping[str, Any]:
    """Measure a bundle, and keep the figures and a check set in it.

    Args:
        folder: the bundle.
        checkpoint: what it was exported from, by its SHA-256; the check set holds what PyTorch
            makes of it.
        options: how.

    Returns:
        The figures of the precision that was judged.

    Raises:
        BundleError: the folder holds no sound bundle.
        InputError: no such data, no such checkpoint, or another one.
        OutputError: the bundle cannot be written.
    """
    # All that is read is looked at first, so that a wrong path is told before minutes of work.
    model = BundlePredictor(folder, options.device, options.precision)
    manifest = Bundle.open(folder).manifest
    teacher = _teacher(checkpoint, manifest) if options.check_clips else None
    if options.photos is not None:
        read_faces(options.photos)
    check_writable(folder)
    sampled = DataOptions(evaluation=options.clips)
    data = open_evaluation(options.data, model.labels, sampled)
    if teacher is not None:
        check_known(data, options.data)
    limits = EvaluationOptions(options.baseline_pairs)
    result = judge(model, data, limits, synthetic=options.data == "synthetic")
    figures = {"data": options.data, "device": model.device, **result.figures()}
    if options.photos is not None:
        found, _ = evaluate_photos(model, options.photos)
        figures["photographs"] = {k: v for k, v in found.items() if k != "by_face"}
    accuracy = {**manifest.accuracy, options.precision: _rounded(figures)}
    manifest = replace(manifest, accuracy=accuracy)
    if teacher is not None:
        clips = check_clips(options.data, options.check_clips, model.labels)
        path = folder / CHECK_SET
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(make_check_set(teacher, clips, options.check_clips).to_bytes())
        files = {**manifest.files, CHECK_SET: measure(path)}
        manifest = replace(manifest, files=files, check_set=CHECK_SET)
    write_manifest(folder, manifest)
    return accuracy[options.precision]


def _teacher(checkpoint: Path, manifest: Manifest) -> NetworkPredictor:
    """The very network that a bundle was exported from, with the bundle's names and constants.

    Names of classes, mean and scale may have been given at the export, so that the checkpoint's
    own say nothing; its digest does.
    """
    wanted = str(manifest.provenance.get("checkpoint_sha256", ""))
    if checkpoint.is_file() and (came := measure(checkpoint).sha256) != wanted:
        known = f"has SHA-256 {wanted[:12]}…" if wanted else "is not named in its manifest"
        raise InputError(
            f"The checkpoint must be the file that {manifest.name} was exported from, which "
            f"{known}, and {checkpoint} has {came[:12]}…: name that file, or give --check-clips 0."
        )
    return NetworkPredictor(load_checkpoint(checkpoint, manifest.model.neighbours).model, manifest)


def _rounded(value: Any) -> Any:
    """Figures with 5 decimals, which is finer than any of them is known; null for NaN."""
    if isinstance(value, Mapping):
        return {str(key): _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    if isinstance(value, float):
        return round(value, 5) if math.isfinite(value) else None
    return value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("bundle", type=Path, help="folder of the bundle; its manifest is changed")
    parser.add_argument("checkpoint", type=Path, help="what it was exported from")
    parser.add_argument(
        "--data",
        default="synthetic",
        metavar="CLIPS",
        help="synthetic, texture, or a folder of prepared or rendered clips (synthetic)",
    )
    for name, least, default, text in (
        ("--clips", 1, 1000, "clips to render for synthetic and texture"),
        ("--baseline-pairs", 0, 60, "pairs on which other methods of flow run too"),
        ("--check-clips", 0, 8, "clips of the check set; 0 keeps the bundle's"),
    ):
        text = f"{text} ({default})"
        parser.add_argument(name, type=whole(least), default=default, metavar="N", help=text)
    parser.add_argument("--photos", type=Path, metavar="DIR", help="annotated photographs (none)")
    parser.add_argument(
        "--device", default="onnxruntime", help="runtime that is judged (onnxruntime)"
    )
    parser.add_argument(
        "--precision", default="fp32", metavar="P", help="which precision of the bundle (fp32)"
    )


def run(given: argparse.Namespace) -> str:
    """Judge as the arguments say; returns what to tell the user."""
    options = JudgeOptions(
        given.data,
        given.clips,
        given.photos,
        given.baseline_pairs,
        given.device,
        given.precision,
        given.check_clips,
    )
    figures = judge_bundle(given.bundle, given.checkpoint, options)
    return f"{summary(figures)}\nWritten into {given.bundle}."


def summary(figures: Mapping[str, Any]) -> str:
    """The figures that matter most, one a line."""
    flow, points = figures["flow"], figures["landmarks"]
    lines = [f"UF1 {figures['classes']['clip']['uf1']:.3f} on {figures['clips']} clips"]
    if "coarser" in figures:
        lines.append(f"UF1 of three classes {figures['coarser']['clip']['uf1']:.3f}")
    for method in ("model (same pairs)", "zero (same pairs)", "farneback", "dis", "tvl1"):
        if flow.get(method, {}).get("moving") is not None:
            lines.append(f"EPE on moving face pixels, {method}: {flow[method]['moving']:.3f} px")
    if points["nme"] is not None:
        lines.append(f"landmarks: NME {100 * points['nme']:.2f}%")
    if "photographs" in figures:
        lines.append(f"landmarks on photographs: NME {100 * figures['photographs']['nme']:.2f}%")
    return "\n".join(lines)
