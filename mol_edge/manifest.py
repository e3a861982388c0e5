"""What a bundle says about itself: the content of `manifest.json`, validated on creation.

`mol_edge/schema/manifest.schema.json` states the same form for other programs. Beyond the schema,
a manifest's labels are as many as its model's classes and every file a graph names is listed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mol_edge._fields import (
    PATH_RULE,
    FieldError,
    as_tuple,
    build,
    build_each,
    check,
    is_mapping_of,
    is_number,
    is_safe_path,
)
from mol_edge.errors import BundleError
from mol_edge.graph_info import GRAPH_TENSORS, GraphInfo, TensorInfo
from mol_edge.manifest_parts import Alignment, FileInfo, ModelInfo, Normalisation

__all__ = [
    "Alignment",
    "FileInfo",
    "GraphInfo",
    "Graphs",
    "Manifest",
    "ModelInfo",
    "Normalisation",
    "TensorInfo",
]

FORMAT = "mol-edge-bundle"
VERSION = 2

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*")
_BETTER_THAN_GUESSING = 1.5


Graphs = Mapping[str, Mapping[str, Mapping[str, GraphInfo]]]
"""Graphs by precision, form (``onnx``, ``openvino``) and name."""


@dataclass(frozen=True)
class Manifest:
    """A bundle's description.

    Attributes:
        name: name of the model.
        trained: False for seeded weights, whose classes and landmarks mean nothing.
        labels: class names, in the order of the logits.
        model: configuration of the network.
        normalisation: constants of the training set.
        window_ms: time from the first to the last of a window's 8 samples.
        alignment: how faces were aligned in training.
        files: every file of the bundle but the manifest, by path.
        graphs: graphs by precision, form and name.
        verification: what the export measured, free in form but for `passed`: see `Bundle.open`.
        accuracy: what an evaluation measured, by precision: an object with ``data`` (what it was
            measured on) and, where known, ``classes``, ``coarser``, ``flow`` and ``landmarks``, as
            `training.evaluate` writes them.
        reports: path of what was measured when a precision was made, by precision; a precision that
            failed has a report and no graphs.
        check_set: path of the clips with which a device can measure its own accuracy (see
            `mol_edge.check_set`), or None.
        provenance: where the weights come from, free in form.
        intended_use: for what the model may be used, and for what not.

    Raises:
        BundleError: a field is not what the format asks for; the message names it.

    Example:
        >>> from mol_edge.manifest import Normalisation
        >>> Normalisation(mean=128.0, scale=0.0)
        Traceback (most recent call last):
            ...
        mol_edge._fields.FieldError: The manifest's field scale must be a number above 0, ...
    """

    name: str
    trained: bool
    labels: tuple[str, ...]
    model: ModelInfo
    normalisation: Normalisation
    window_ms: float
    alignment: Alignment
    files: Mapping[str, FileInfo]
    graphs: Graphs
    verification: Mapping[str, Any] = field(default_factory=dict)
    accuracy: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reports: Mapping[str, str] = field(default_factory=dict)
    check_set: str | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    intended_use: str = ""

    def __post_init__(self) -> None:
        check("name", isinstance(self.name, str) and self.name != "", "a name", self.name)
        check("trained", isinstance(self.trained, bool), "true or false", self.trained)
        for name, kind in _PARTS.items():
            check(name, isinstance(getattr(self, name), kind), kind.__name__, getattr(self, name))
        self._check_labels()
        fits = is_number(self.window_ms) and self.window_ms > 0
        check("window_ms", fits, "a number of milliseconds above 0", self.window_ms)
        check("files", is_mapping_of(self.files, FileInfo), "files by path", self.files)
        for path in self.files:
            check(f'files["{path}"]', is_safe_path(path), PATH_RULE, path)
        check("graphs", is_mapping_of(self.graphs, Mapping), "an object", self.graphs)
        self._check_graphs()
        for name in ("verification", "provenance"):
            value = getattr(self, name)
            check(name, isinstance(value, Mapping), "an object", value)
        fits = is_mapping_of(self.accuracy, Mapping) and set(self.accuracy) <= set(self.graphs)
        check("accuracy", fits, "an object for some of the bundle's precisions", self.accuracy)
        fits = is_mapping_of(self.reports, str) and set(self.reports.values()) <= set(self.files)
        check("reports", fits, "paths listed in files, by precision", self.reports)
        fits = self.check_set is None or self.check_set in self.files
        check("check_set", fits, "one of the paths listed in files, or null", self.check_set)
        check("intended_use", isinstance(self.intended_use, str), "text", self.intended_use)

    def _check_labels(self) -> None:
        fits = isinstance(self.labels, tuple) and all(
            isinstance(label, str) and label != "" for label in self.labels
        )
        check("labels", fits, "a list of class names", self.labels)
        check("labels", len(set(self.labels)) == len(self.labels), "without repeats", self.labels)
        expected = f"{self.model.classes} names, one for each class of the model"
        check("labels", len(self.labels) == self.model.classes, expected, self.labels)

    def _check_graphs(self) -> None:
        check("graphs", len(self.graphs) > 0, "given for at least one precision", "none")
        for precision, forms in self.graphs.items():
            place = f'graphs["{precision}"]'
            check(place, _KEY.fullmatch(precision) is not None, "named in lower case", precision)
            check(place, isinstance(forms, Mapping) and len(forms) > 0, "a form or more", forms)
            for form, graphs in forms.items():
                below = f'{place}["{form}"]'
                check(below, _KEY.fullmatch(str(form)) is not None, "named in lower case", form)
                check(below, is_mapping_of(graphs, GraphInfo), "graphs by name", graphs)
                self._check_set(below, graphs)

    def _check_set(self, place: str, graphs: Mapping[str, GraphInfo]) -> None:
        for name in GRAPH_TENSORS:
            if name not in graphs and name != "clip":
                raise FieldError(f'{place}["{name}"]', "given", "nothing")
        for name, graph in graphs.items():
            below = f'{place}["{name}"]'
            check(below, name in GRAPH_TENSORS, f"one of {', '.join(GRAPH_TENSORS)}", name)
            for side, wanted in zip(("inputs", "outputs"), GRAPH_TENSORS[name]):
                came = sorted(getattr(graph, side))
                check(f"{below}.{side}", set(came) == wanted, f"named {sorted(wanted)}", came)
            for key, path in (("file", graph.file), ("weights", graph.weights)):
                fits = path is None or path in self.files
                check(f"{below}.{key}", fits, "one of the paths listed in files", path)

    def landmark_nme(self, precision: str = "fp32") -> float | None:
        """The worst mean error of the landmarks by pupil distance that was measured, or None.

        That on photographs counts where there is one: rendered faces are easier. A precision that
        was not measured on photographs takes float32's figure.
        """
        figures = self.accuracy.get(precision, {})
        if "photographs" not in figures and figures:
            usual = self.accuracy.get("fp32", {})
            figures = {**figures, "photographs": usual.get("photographs")}
        errors = [_number_at(figures, name, "nme") for name in ("landmarks", "photographs")]
        return max((error for error in errors if error is not None), default=None)

    @property
    def knows_classes(self) -> bool:
        """Whether the classes mean something: trained, and not measured to be mere guesses.

        A measured UF1 below 1.5 times that of guessing (one over the number of classes) says that
        the network has not learned to tell its classes apart, whatever else it has learned.
        """
        if not self.trained:
            return False
        scores = [
            _number_at(figures, "classes", "clip", "uf1") for figures in self.accuracy.values()
        ]
        known = [score for score in scores if score is not None]
        return not known or max(known) >= _BETTER_THAN_GUESSING / len(self.labels)

    @classmethod
    def from_json(cls, value: object) -> Manifest:
        """Read what `json.load` gave; raises BundleError that names the field."""
        version = value.get("version") if isinstance(value, Mapping) else None
        if isinstance(version, int) and version > VERSION:
            raise BundleError(
                f"A bundle must be of version {VERSION} for this mol-edge, and is of version "
                f"{version}, which a newer one wrote: update mol-edge, or export the bundle again."
            )
        readers = {
            "labels": as_tuple,
            "model": lambda item: build(ModelInfo, item, "model"),
            "normalisation": lambda item: build(Normalisation, item, "normalisation"),
            "alignment": lambda item: build(Alignment, item, "alignment"),
            "files": lambda item: build_each(
                item, "files", lambda info, place: build(FileInfo, info, place)
            ),
            "graphs": _graphs,
        }
        return build(cls, value, "", readers, {"format": FORMAT, "version": VERSION})

    def to_json(self) -> dict[str, Any]:
        """The object to write as JSON; `from_json` reads it back to an equal manifest."""
        content = {"format": FORMAT, "version": VERSION, **asdict(self)}
        plain: dict[str, Any] = json.loads(json.dumps(content, allow_nan=False))
        return plain


def _number_at(figures: Mapping[str, Any], *path: str) -> float | None:
    """The number at a path of nested objects, or None where there is none."""
    value: Any = figures
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return float(value) if is_number(value) else None


_PARTS: Mapping[str, type] = {
    "model": ModelInfo,
    "normalisation": Normalisation,
    "alignment": Alignment,
}


def _graphs(value: object) -> Graphs:
    def form(item: object, place: str) -> dict[str, GraphInfo]:
        return build_each(item, place, GraphInfo.from_json)

    def precision(item: object, place: str) -> dict[str, dict[str, GraphInfo]]:
        return build_each(item, place, form)

    return build_each(value, "graphs", precision)
