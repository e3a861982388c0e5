"""`python -m export judge`: write into a bundle how accurate it is, and clips to check it with."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mol_edge.benchmark.report import check_writable
from mol_edge.bundle import Bundle, measure, write_manifest
from mol_edge.check_set import NO_CLASS, CheckSet, on_grid
from mol_edge.errors import InputError, OptionError
from training.datasets import class_set_of, open_evaluation
from training.evaluation.clips import EvaluationOptions
from training.evaluation.judge import judge
from training.evaluation.photos import evaluate_photos, read_faces
from training.evaluation.predictor import BundlePredictor, CheckpointPredictor, Predictor
from training.metrics import moving_pixels
from training.model.config import CROP, FRAMES, PAIRS
from training.options import DataOptions
from training.samples import Dataset
from training.synthetic import SyntheticOptions, make_clip
from training.synthetic_data import SyntheticDataset

CHECK_SET = "check/clips.npz"
# Far from the seeds that evaluations begin with.
_CHECK_SEED = 5_000_000


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
        checkpoint: what it was exported from, one of `training.fit`; the check set holds what
            PyTorch makes of it.
        options: how.

    Returns:
        The figures of the precision that was judged.

    Raises:
        BundleError: the folder holds no sound bundle.
        InputError: no such data, or no such checkpoint.
        OutputError: the bundle cannot be written.
    """
    # All that is read is looked at first, so that a wrong path is told before minutes of work.
    teacher = CheckpointPredictor(checkpoint) if options.check_clips else None
    model = BundlePredictor(folder, options.device, options.precision)
    if teacher is not None and teacher.labels != model.labels:
        raise InputError(
            f"The checkpoint must be what the bundle was exported from, and {checkpoint} has the "
            f"classes {', '.join(teacher.labels)} instead of {', '.join(model.labels)}: name that "
            "one, or give --check-clips 0."
        )
    if options.photos is not None:
        read_faces(options.photos)
    check_writable(folder)
    sampled = DataOptions(evaluation=options.clips)
    data = open_evaluation(options.data, model.labels, sampled)
    if teacher is not None:
        _check_known(data, options.data)
    limits = EvaluationOptions(options.baseline_pairs)
    result = judge(model, data, limits, synthetic=options.data == "synthetic")
    figures = {"data": options.data, "device": model.device, **result.figures()}
    if options.photos is not None:
        found, _ = evaluate_photos(model, options.photos)
        figures["photographs"] = {k: v for k, v in found.items() if k != "by_face"}
    manifest = Bundle.open(folder).manifest
    accuracy = {**manifest.accuracy, options.precision: _rounded(figures)}
    manifest = replace(manifest, accuracy=accuracy)
    if teacher is not None:
        clips = check_clips(options, model.labels)
        path = folder / CHECK_SET
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(make_check_set(teacher, clips, options.check_clips).to_bytes())
        files = {**manifest.files, CHECK_SET: measure(path)}
        manifest = replace(manifest, files=files, check_set=CHECK_SET)
    write_manifest(folder, manifest)
    return accuracy[options.precision]


def check_clips(options: JudgeOptions, labels: tuple[str, ...]) -> Dataset:
    """Clips for a check set, apart from those that evaluations begin with."""
    if options.data != "synthetic":
        return open_evaluation(options.data, labels)
    seen = SyntheticOptions(split="eval")
    return SyntheticDataset(
        lambda index: make_clip(_CHECK_SEED + index, seen),
        options.check_clips,
        class_set_of(labels),
    )


def _check_known(data: Dataset, name: str) -> None:
    """Raise InputError where clips lack what a check set holds."""
    if data.sample(0, 0, ()).landmarks is None:
        raise InputError(
            f"Clips of a check set must have landmarks, and those of {name} have none: give others "
            "with --data, or --check-clips 0."
        )


def make_check_set(model: Predictor, data: Dataset, most: int | None = None) -> CheckSet:
    """Clips with their truth and what a model gives.

    Args:
        model: run in PyTorch, so that a runtime is compared with it.
        data: its clips know landmarks and the flow of every pair.
        most: clips to take; all of them by default.
    """
    columns: dict[str, list[Any]] = {name: [] for name in CheckSet.__dataclass_fields__}
    for index in range(min(len(data), most or len(data))):
        sample = data.sample(index, 0, tuple(range(PAIRS)))
        assert sample.landmarks is not None and sample.frames.shape == (FRAMES, CROP, CROP)
        face = np.ones((CROP, CROP), np.bool_) if sample.face is None else sample.face
        flow = sample.flow.astype(np.float32)
        out = model.clip(sample.frames)
        columns["frames"].append(sample.frames)
        columns["labels"].append(NO_CLASS if sample.label is None else sample.label)
        columns["landmarks"].append(sample.landmarks[1:])
        columns["flow"].append(on_grid(flow))
        columns["moving"].append(on_grid(np.stack([moving_pixels(pair, face) for pair in flow])))
        columns["given_logits"].append(out.logits)
        columns["given_landmarks"].append(out.landmarks)
        columns["given_flow"].append(on_grid(out.flow))
    return CheckSet(
        **{
            name: np.stack(rows).astype(_KINDS.get(name, np.float32))
            for name, rows in columns.items()
        }
    )


_KINDS: Mapping[str, Any] = {"frames": np.uint8, "labels": np.int64, "moving": np.bool_}


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
    parser.add_argument("--data", default="synthetic", help="synthetic, or a folder of clips")
    parser.add_argument("--clips", type=int, default=1000, help="synthetic clips")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="annotated photographs")
    parser.add_argument("--baseline-pairs", type=int, default=60, help="pairs for the baselines")
    parser.add_argument("--device", default="onnxruntime", help="runtime that is judged")
    parser.add_argument("--precision", default="fp32", help="which precision of the bundle")
    parser.add_argument("--check-clips", type=int, default=8, help="clips of the check set")


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
