"""Adding precisions to a bundle in float32: convert, judge, and keep only what passes."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from export.graphs import GRAPHS
from export.precision.bench import Bench
from export.precision.build import Calibration, Form, Models, flavoured
from export.precision.check_clips import with_check_set
from export.precision.clips import SYNTHETIC, Clips, check_apart, open_calibration, open_judging
from export.precision.gate import Judgement, Limits
from export.precision.groups import GROUPS
from export.precision.half import halved
from export.precision.measure import Figures, outputs_of_network
from export.precision.quantize import AARCH64, OPENVINO, TENSORRT, X86
from export.precision.sensitivity import Trial, Tried, drop_worst, try_groups
from export.precision.write import write_precision
from mol_edge.bundle import measure
from mol_edge.errors import OptionError
from mol_edge.manifest import Manifest
from training.model import Mol

log = logging.getLogger(__name__)

PRECISIONS = ("fp32", "fp16", "int8")
FLAVOURS = (X86, OPENVINO, TENSORRT, AARCH64)
_ATTEMPTS = 6


@dataclass(frozen=True)
class PrecisionOptions:
    """Which precisions a bundle gets, and how they are made and judged.

    Attributes:
        precisions: of ``fp32`` (always there), ``fp16``, ``int8``.
        calibration: ``synthetic``, a folder of videos, or a folder of clips.
        calibration_clips: clips to calibrate with, at most.
        evaluation: ``synthetic``, or a folder of clips with their truth.
        evaluation_clips: clips to judge on.
        selection_clips: further clips on which groups of layers are tried; 0 tries none and
            takes those that are not sensitive, as is done where the weights are not trained.
        limits: the most that may be lost.
        threads: of one inference.

    Raises:
        OptionError: an unknown precision, or a count out of range.
    """

    precisions: tuple[str, ...] = ("fp32",)
    calibration: str = SYNTHETIC
    calibration_clips: int = 48
    evaluation: str = SYNTHETIC
    evaluation_clips: int = 200
    selection_clips: int = 48
    limits: Limits = Limits()
    threads: int = 1

    def __post_init__(self) -> None:
        for name in self.precisions:
            if name not in PRECISIONS:
                raise OptionError(
                    f"--precision must be some of {', '.join(PRECISIONS)}, got {name!r}."
                )
        counts = (("calibration_clips", 1), ("evaluation_clips", 1), ("selection_clips", 0))
        for name, least in counts:
            if getattr(self, name) < least:
                flag = f"--{name.replace('_', '-')}"
                raise OptionError(f"{flag} must be {least} or more, got {getattr(self, name)}.")

    @property
    def added(self) -> tuple[str, ...]:
        """Precisions beside float32."""
        return tuple(name for name in PRECISIONS[1:] if name in self.precisions)


@dataclass(frozen=True)
class Added:
    """What came of it.

    Attributes:
        manifest: of the bundle, with what passed.
        float32: accuracy of PyTorch in float32.
        judgements: of every precision.
        tried: groups of layers tried in eight bits.
    """

    manifest: Manifest
    float32: Figures
    judgements: tuple[Judgement, ...]
    tried: tuple[Tried, ...] = ()


def add_precisions(
    folder: Path, model: Mol, manifest: Manifest, options: PrecisionOptions, half_storage: bool
) -> Added:
    """Make the precisions asked for, judge them, and write those that pass.

    Args:
        folder: of the bundle, which holds its graphs in float32.
        model: the network.
        manifest: what the bundle says of itself so far.
        options: which, and how.
        half_storage: keep large float constants as float16.

    Raises:
        InputError: clips that cannot be used, or that calibration and evaluation share.
    """
    # Only int8 chooses, and weights that were never trained have no accuracy to choose by.
    chooses = manifest.trained and "int8" in options.added
    selecting = options.selection_clips if chooses else 0
    total = options.evaluation_clips + selecting
    rendered = options.evaluation == SYNTHETIC
    log.info("%s clips to judge on, %d.", "Rendering" if rendered else "Reading", total)
    everything = open_judging(options.evaluation, manifest.labels, total)
    selection, judging = _split(everything, selecting)
    models = {
        name: build(model, False)
        for name, build in GRAPHS.items()
        if name in manifest.graphs["fp32"]["onnx"]
    }
    constants, limits = manifest.normalisation, options.limits
    log.info("Running PyTorch on %d of them.", len(judging))
    reference = outputs_of_network(model, judging, constants)
    bench = Bench(judging, constants, reference, limits, manifest.trained, options.threads)
    log.info("Judging float32.")
    lenient = replace(bench, limits=limits.of_float32())
    judgements = [lenient.judge("fp32", {"onnx": Form(models), "openvino": Form(models)})]
    manifest = with_report(folder, manifest, judgements[0])
    manifest = _with_accuracy(manifest, judgements[0], options.evaluation)
    tried: list[Tried] = []
    for precision in options.added:
        log.info("Making %s.", precision)
        facts: dict[str, Any] = {}
        if precision == "fp16":
            half = Form({name: halved(graph) for name, graph in models.items()})
            forms = {"onnx": half}
            judged = bench.judge(precision, {"onnx": half, "openvino": half})
        else:
            log.info("Making clips to calibrate with, %d.", options.calibration_clips)
            calibration = open_calibration(
                options.calibration, manifest.labels, options.calibration_clips, manifest.alignment
            )
            check_apart(calibration, everything)
            forms, tried = _choose(model, models, calibration, selection, manifest, options)
            log.info("Judging %s.", precision)
            judged = bench.judge(precision, forms)
            facts = {
                "calibration": calibration.source,
                "sensitivity": [one.to_json() for one in tried],
            }
        judged = replace(judged, facts={**judged.facts, **facts})
        judgements.append(judged)
        manifest = with_report(folder, manifest, judged)
        if judged.passed:
            graphs_by_form = {name: form.models for name, form in forms.items()}
            written = write_precision(folder, precision, graphs_by_form, half_storage)
            graphs = {**manifest.graphs, precision: written}
            manifest = replace(manifest, graphs=graphs, files=_listed(folder, manifest, precision))
            manifest = _with_accuracy(manifest, judged, options.evaluation)
    manifest = with_check_set(folder, model, manifest, options.evaluation)
    return Added(manifest, bench.float32, tuple(judgements), tuple(tried))


def _choose(
    model: Mol,
    models: Models,
    calibration: Clips,
    selection: Clips | None,
    manifest: Manifest,
    options: PrecisionOptions,
) -> tuple[dict[str, Form], list[Tried]]:
    """Choose the groups that go to eight bits, and calibrate these."""
    constants = manifest.normalisation
    log.info("Calibrating on %d clips.", len(calibration))
    calibrates = Calibration(models, calibration.normalised(constants), options.threads)
    if selection is None:
        usual = [group.name for group in GROUPS if not group.sensitive]
        return flavoured(calibrates, usual, FLAVOURS), []
    reference = outputs_of_network(model, selection, constants)
    bench = Bench(selection, constants, reference, options.limits, threads=options.threads)
    trial = Trial(
        calibrates,
        models,
        selection,
        constants,
        reference,
        OPENVINO,
        "openvino",
        options.limits,
        threads=options.threads,
    )
    tried = try_groups(trial)
    for _ in range(_ATTEMPTS):
        log.info("Trying %d groups together.", sum(one.chosen for one in tried))
        chosen = flavoured(calibrates, [one.group for one in tried if one.chosen], FLAVOURS)
        judged = bench.judge("int8", chosen)
        failed = [drop for each in judged.verdicts for drop in each.drops if not drop.passed]
        if not failed or not manifest.trained:
            break
        tried = drop_worst(tried, failed)
    return chosen, tried


def _split(clips: Clips, first: int) -> tuple[Clips | None, Clips]:
    """The first clips, to choose with, and the rest, to judge on."""
    first = min(first, len(clips) // 2)
    return (clips.part(slice(0, first)) if first else None), clips.part(slice(first, None))


def with_report(folder: Path, manifest: Manifest, judged: Judgement) -> Manifest:
    """Write a judgement into a bundle and list it in its manifest."""
    path = f"reports/{judged.precision}.json"
    (folder / "reports").mkdir(exist_ok=True)
    text = json.dumps(judged.to_json(), indent=2, default=float)
    (folder / path).write_text(text + "\n", encoding="utf-8")
    files = {**manifest.files, path: measure(folder / path)}
    return replace(manifest, files=files, reports={**manifest.reports, judged.precision: path})


def _with_accuracy(manifest: Manifest, judged: Judgement, data: str) -> Manifest:
    """The manifest with the figures of the first runtime, in the form of `export.judge`'s."""
    verdict = judged.verdicts[0]
    came = verdict.figures
    found: dict[str, Any] = {
        "data": data,
        "device": f"{verdict.device} {judged.precision}",
        "clips": came.clips,
        "agreement": {each.device: each.figures.agreement for each in judged.verdicts},
    }
    if came.uf1 is not None:
        found["classes"] = {"clip": {"uf1": round(came.uf1, 5), "uar": round(came.uar or 0, 5)}}
    if came.epe is not None:
        found["flow"] = {"model": {"moving": round(came.epe, 5)}}
    if came.nme is not None:
        found["landmarks"] = {"nme": round(came.nme, 5)}
    return replace(manifest, accuracy={**manifest.accuracy, judged.precision: found})


def _listed(folder: Path, manifest: Manifest, precision: str) -> dict[str, Any]:
    written = sorted(path for path in (folder / precision).rglob("*") if path.is_file())
    return {
        **manifest.files,
        **{path.relative_to(folder).as_posix(): measure(path) for path in written},
    }
