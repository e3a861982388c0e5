"""Judge a model: classes, flow, landmarks; leave-one-subject-out; photographs.

``python -m training.evaluate MODEL --data synthetic``
``python -m training.evaluate loso CONFIG.toml``
``python -m training.evaluate photos MODEL DIR``

MODEL is a checkpoint (`model.pt`) or a bundle's folder, on any runtime (`--device`). Each command
writes `report.md`, `report.html`, `figures.json` and pictures into `--out`.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mol_edge.backends.base import MOST_THREADS
from mol_edge.benchmark.report import check_writable
from mol_edge.commands.values import number, whole
from training.config import load_config
from training.datasets import open_evaluation
from training.evaluation.clips import Evaluation, EvaluationOptions
from training.evaluation.judge import judge
from training.evaluation.loso import run_loso
from training.evaluation.photos import evaluate_photos
from training.evaluation.pictures import example_picture
from training.evaluation.predictor import BundlePredictor, CheckpointPredictor, open_predictor
from training.model.config import PAIRS
from training.options import DataOptions
from training.report import (
    Section,
    class_section,
    flow_section,
    landmark_section,
    percent,
    write_report,
)  # fmt: skip

COMMANDS = ("clips", "loso", "photos")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    # `evaluate MODEL` is short for `evaluate clips MODEL`.
    if words and words[0] not in COMMANDS and not words[0].startswith("-"):
        words.insert(0, "clips")
    given = _parser().parse_args(words)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        print(given.run(given))
    except KeyboardInterrupt:
        print("Stopped; the same command goes on where it was.", file=sys.stderr)
        return 130
    return 0


def _clips(given: argparse.Namespace) -> Path:
    check_writable(given.out)
    model = _open(given)
    options = DataOptions() if given.config is None else load_config(given.config).data
    options = replace(
        options,
        evaluation=given.count or options.evaluation,
        cache=str(given.cache) if given.cache else options.cache,
    )
    data = open_evaluation(given.data, model.labels, options, quiet=given.quiet)
    limits = EvaluationOptions(given.baseline_pairs, given.pairs, quiet=given.quiet)
    result = judge(model, data, limits, synthetic=given.data == "synthetic")
    about = {"model": model.name, "device": model.device, "data": given.data}
    figures = about | result.figures()
    title = f"{model.name} on {given.data}"
    return write_report(given.out, title, [_about(figures), *_sections(result, figures)], figures)


def _about(figures: dict[str, Any]) -> Section:
    rows = tuple((name, str(figures[name])) for name in ("model", "device", "data", "clips"))
    return Section("What was judged", (), ("", ""), rows)


def _sections(result: Evaluation, figures: dict[str, Any]) -> list[Section]:
    sections = [class_section(figures["classes"])]
    if "coarser" in figures:
        coarser = class_section(figures["coarser"], pictures=False)
        sections.append(replace(coarser, title="The same predictions in three classes"))
    if "ceiling" in figures:
        sections.append(_ceiling(figures["ceiling"]))
    sections.append(flow_section(figures["flow"]))
    sections.append(landmark_section(figures["landmarks"], figures.get("still")))
    pictures = tuple(
        (f"example-{number}.png", example_picture(example))
        for number, example in enumerate(result.examples, 1)
    )
    text = (
        "Left to right: points (true green, predicted red), true flow, predicted flow, and their "
        "difference, in the same colours.",
        *(f"{number}. {example.title}" for number, example in enumerate(result.examples, 1)),
    )
    return [*sections, Section("Examples", text, pictures=pictures)]


def _ceiling(figures: dict[str, dict[str, float]]) -> Section:
    rows = tuple((name, percent(r["accuracy"]), percent(r["uf1"])) for name, r in figures.items())
    text = (
        "Two emotions may show the same action units, so no classifier can be perfect on synthetic "
        "clips. The best one that sees the true units reaches:",
    )
    return Section("Ceiling of the labels", text, ("class set", "accuracy", "UF1"), rows)


def _loso(given: argparse.Namespace) -> Path:
    config = load_config(given.config)
    out = given.out or Path("runs") / f"{config.name}-loso"
    check_writable(out)
    about = {"model": config.name, "data": config.data.folder or config.data.kind}
    figures: dict[str, Any] = about | run_loso(config, out)
    rows = tuple(
        (row["subject"], str(row["clips"]), percent(row["clip"]["accuracy"]),
         percent(row["clip"]["uf1"]), percent(row["video"]["accuracy"]))
        for row in figures["folds"]
    )  # fmt: skip
    header = ("subject", "clips", "accuracy", "UF1", "accuracy per video")
    sections = [
        class_section(figures["classes"]),
        flow_section(figures["flow"]),
        landmark_section(figures["landmarks"], None),
        Section("Folds", ("Each subject was tested on once.",), header, rows),
    ]
    return write_report(out, f"{config.name}, leave one subject out", sections, figures)


def _photos(given: argparse.Namespace) -> Path:
    check_writable(given.out)
    model = _open(given)
    figures, sheet = evaluate_photos(model, given.folder, given.repeats, given.jitter)
    rows = tuple(
        (row["face"], f"{row['eyes_px']:.0f}", percent(row["nme"]), percent(row["nme_jittered"]),
         percent(row["nme_detector"]))
        for row in [*figures["by_face"], {"face": "mean", "eyes_px": 0.0, **figures}]
    )  # fmt: skip
    text = (
        "NME by the distance of the eye centres: aligned by the true five points, by these with a "
        f"random error of {100 * given.jitter:g}% of that distance, and by the SDK's face detector "
        f"(which found {figures['detected']} of {figures['faces']}).",
        "In the picture: true points green, predicted red.",
    )
    header = ("face", "eyes apart, px", "true points", "with error", "detector")
    section = Section("Landmarks on photographs", text, header, rows, (("sheet.png", sheet),))
    about = {"model": model.name, "device": model.device}
    return write_report(given.out, f"{model.name} on photographs", [section], about | figures)


def _open(given: argparse.Namespace) -> CheckpointPredictor | BundlePredictor:
    return open_predictor(given.model, given.device, given.precision, given.threads)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="MODEL | loso | photos")
    clips = commands.add_parser("clips", help="a model on a dataset")
    _add_model(clips)
    clips.add_argument("--data", default="synthetic", help="synthetic, texture, or a folder")
    clips.add_argument("--config", type=Path, help="take the options of the data from this run")
    clips.add_argument("--count", type=whole(1), help="synthetic clips")
    clips.add_argument("--cache", type=Path, help="where synthetic clips are kept")
    clips.add_argument(
        "--pairs", type=whole(0, PAIRS), default=2, help="pairs per clip whose flow is judged"
    )
    clips.add_argument(
        "--baseline-pairs", type=whole(0), default=60, help="pairs for the baselines"
    )
    clips.add_argument("--quiet", action="store_true", help="show no progress bar")
    clips.set_defaults(run=_clips)
    loso = commands.add_parser("loso", help="train and judge one network per subject")
    loso.add_argument("config", type=Path, help="configuration of a run")
    loso.add_argument("--out", type=Path, help="folder (default runs/NAME-loso)")
    loso.set_defaults(run=_loso)
    photos = commands.add_parser("photos", help="landmarks on annotated photographs")
    _add_model(photos)
    photos.add_argument("folder", type=Path, help="pictures with landmarks.json")
    photos.add_argument(
        "--repeats", type=whole(0), default=20, help="alignments with an error, a face"
    )
    photos.add_argument(
        "--jitter", type=number(above=0), default=0.04, help="that error by eye distance"
    )
    photos.set_defaults(run=_photos)
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="checkpoint, or folder of a bundle")
    parser.add_argument("--device", default="auto", help="cpu, cuda; openvino, onnxruntime, ...")
    parser.add_argument("--precision", default="fp32", help="which precision of a bundle")
    parser.add_argument(
        "--threads", type=whole(0, MOST_THREADS), default=0, help="0 takes the default"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/evaluation"), help="folder")


if __name__ == "__main__":
    sys.exit(main())
