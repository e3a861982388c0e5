"""Checkpoint to bundle: load, check, build, save, verify."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import onnx

from export.checkpoint import Checkpoint, load_checkpoint
from export.graphs import GRAPHS
from export.intermediate import to_openvino
from export.options import ExportOptions, completed
from export.outputs import look_at_outputs
from export.place import check_target, drafting, naming_full_disk, place_of_failed
from export.precision.add import Added, add_precisions
from export.precision.clips import check_sources
from export.store import WeightStore
from export.verify import Verification, verify
from mol_edge.benchmark.report import check_writable
from mol_edge.bundle import Bundle, measure, write_manifest
from mol_edge.errors import MissingExtraError
from mol_edge.manifest import Alignment, GraphInfo, Manifest, ModelInfo, Normalisation, TensorInfo

PRECISION = "fp32"
WEIGHTS = f"{PRECISION}/weights.bin"


@dataclass(frozen=True)
class Converted:
    """What came of an export.

    Attributes:
        verification: of float32 against PyTorch, which the manifest holds too.
        added: the other precisions and how they were judged, or None.
        folder: where the bundle is: as was asked for, or beside it if it does not agree with
            PyTorch, so that nobody takes it for one that does.
    """

    verification: Verification
    added: Added | None
    folder: Path

    @property
    def passed(self) -> bool:
        """Whether float32 computes what PyTorch does, and every other precision passed."""
        judged = () if self.added is None else self.added.judgements
        return self.verification.passed and all(each.passed for each in judged)


def convert(checkpoint: Path, folder: Path, options: ExportOptions) -> Verification:
    """As `convert_all`, for float32; returns its verification."""
    return convert_all(checkpoint, folder, options).verification


def convert_all(checkpoint: Path, folder: Path, options: ExportOptions) -> Converted:
    """Export the checkpoint at `checkpoint` as a bundle in `folder` and verify it.

    The bundle appears whole: it is made beside `folder` and moved there once its files are
    written; an older bundle there is replaced. One that does not agree with PyTorch goes to
    `folder` with ``-failed`` behind its name instead, and only an older one that failed gives way.

    Returns:
        The verification, which may have failed, and how other precisions were judged; one that
        fails is not in the bundle, its report is.

    Raises:
        InputError: the checkpoint or the clips cannot be used, or `folder` holds something else.
        OptionError: a label, mean or scale is missing or does not fit.
        OutputError: `folder` cannot be written, or another process exports to it now.
    """
    # A folder without a name, as `.` is, has nothing beside it.
    folder = folder if folder.name else folder.absolute()
    check_target(folder)
    loaded = load_checkpoint(checkpoint, options.neighbours)
    options = completed(checkpoint, loaded, options)
    _look_ahead(folder, options)
    look_at_outputs(checkpoint, loaded.model, options.trained)
    with naming_full_disk(folder.parent), drafting(folder) as draft:
        made = draft.bundle
        forms = _write_graphs(made, loaded, options)
        manifest = _manifest(made, checkpoint, loaded, options, forms)
        write_manifest(made, manifest)
        verification = verify(Bundle.open(made), loaded.model, tolerance=options.allowed)
        manifest = replace(manifest, verification=verification.to_json())
        added = None
        if options.precision.added and verification.passed:
            added = add_precisions(
                made, loaded.model, manifest, options.precision, options.half_storage
            )
            manifest = added.manifest
        write_manifest(made, manifest)
        if not verification.passed:
            folder = place_of_failed(folder)
        draft.put(folder)
    return Converted(verification, added, folder)


def _look_ahead(folder: Path, options: ExportOptions) -> None:
    """Find out now what would else end minutes of work."""
    for package in ("onnxruntime", "openvino"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "export", "Verifying an export")
    assert options.labels is not None
    wanted = options.precision
    if wanted.added:
        calibration = wanted.calibration if "int8" in wanted.added else None
        check_sources(calibration, wanted.evaluation, options.labels)
    check_writable(folder.absolute().parent)


def _write_graphs(
    folder: Path, loaded: Checkpoint, options: ExportOptions
) -> dict[str, dict[str, GraphInfo]]:
    """Write every graph, in each form, and say what each one takes and gives."""
    forms: dict[str, dict[str, GraphInfo]] = {"onnx": {}}
    (folder / PRECISION).mkdir()
    with WeightStore(folder / WEIGHTS) as store:
        for name, build in GRAPHS.items():
            if name == "clip" and not options.fused:
                continue
            model = build(loaded.model, options.half_storage)
            info = GraphInfo(
                f"{PRECISION}/{name}.onnx",
                WEIGHTS,
                _tensors(model.graph.input),
                _tensors(model.graph.output),
            )
            if options.openvino:
                xml = f"{PRECISION}/{name}.xml"
                (folder / xml).write_bytes(store.externalise_ir(*to_openvino(model)))
                forms.setdefault("openvino", {})[name] = replace(info, file=xml)
            (folder / info.file).write_bytes(store.externalise(model).SerializeToString())
            forms["onnx"][name] = info
    return forms


def _tensors(values: Iterable[onnx.ValueInfoProto]) -> dict[str, TensorInfo]:
    return {
        value.name: TensorInfo(
            "float32",
            tuple(d.dim_value or "N" for d in value.type.tensor_type.shape.dim),
        )
        for value in values
    }


def _manifest(
    folder: Path,
    path: Path,
    loaded: Checkpoint,
    options: ExportOptions,
    forms: Mapping[str, Mapping[str, GraphInfo]],
) -> Manifest:
    assert options.labels and options.name and options.window_ms and options.alignment
    assert options.mean is not None and options.scale is not None
    written = sorted(file for file in (folder / PRECISION).iterdir())
    # Behind what the checkpoint tells, since `judge` knows the checkpoint by its digest.
    provenance: dict[str, Any] = {
        **loaded.facts.get("provenance", {}),
        "checkpoint": path.name,
        "checkpoint_sha256": measure(path).sha256,
        "parameters": sum(p.numel() for p in loaded.model.parameters()),
        "storage": "float16" if options.half_storage else "float32",
    }
    return Manifest(
        name=options.name,
        trained=options.trained,
        labels=options.labels,
        model=ModelInfo(**loaded.model.config.to_dict()),
        normalisation=Normalisation(float(options.mean), float(options.scale)),
        window_ms=float(options.window_ms),
        alignment=Alignment(options.alignment),
        files={f"{PRECISION}/{file.name}": measure(file) for file in written},
        graphs={PRECISION: forms},
        provenance=provenance,
        intended_use=options.intended_use,
    )
