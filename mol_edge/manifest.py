"""What a bundle says about itself: the content of `manifest.json`, validated on creation.

`mol_edge/schema/manifest.schema.json` states the same form for other programs. Beyond the schema,
a manifest's labels are as many as its model's classes and every file a graph names is listed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from mol_edge._fields import (
    PATH_RULE,
    FieldError,
    as_tuple,
    build,
    build_each,
    check,
    is_integer,
    is_mapping_of,
    is_number,
    is_safe_path,
)
from mol_edge.graph_info import GRAPH_TENSORS, GraphInfo, TensorInfo

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
VERSION = 1

ALIGNED_SIZE, CROP_SIZE, CROP_OFFSET = 144, 128, 8

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*")
_BETTER_THAN_GUESSING = 1.5
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ModelInfo:
    """Configuration of the network (see `training.model.MolConfig`).

    Attributes:
        classes: number of classes.
        neighbours: k of the nearest neighbours in a CCC block.
        graph: what the nodes of CCC's graph are.
        flow_width: width of the flow head relative to the paper's.
        landmark_channels: channels of the landmark head's convolution.
        landmark_hidden: width of the landmark head's hidden layer.
    """

    classes: int
    neighbours: int = 4
    graph: Literal["positions", "channels"] = "positions"
    flow_width: float = 1.0
    landmark_channels: int = 32
    landmark_hidden: int = 512

    def __post_init__(self) -> None:
        check("classes", is_integer(self.classes, 2), "an integer from 2", self.classes)
        for name in ("neighbours", "landmark_channels", "landmark_hidden"):
            value = getattr(self, name)
            check(name, is_integer(value, 1), "an integer from 1", value)
        fits = self.graph in ("positions", "channels")
        check("graph", fits, "'positions' or 'channels'", self.graph)
        fits = is_number(self.flow_width) and self.flow_width > 0
        check("flow_width", fits, "a number above 0", self.flow_width)


@dataclass(frozen=True)
class Normalisation:
    """Constants of the training set: a crop is (luma - mean) / scale, luma in 0 to 255."""

    mean: float
    scale: float

    def __post_init__(self) -> None:
        check("mean", is_number(self.mean), "a number", self.mean)
        fits = is_number(self.scale) and self.scale > 0
        check("scale", fits, "a number above 0", self.scale)


@dataclass(frozen=True)
class Alignment:
    """How faces were aligned in training.

    Attributes:
        mode: ``per_frame``, one transform per frame from its own points; ``anchored``, one
            transform from points averaged over several frames.
        size: side of the aligned face, pixels.
        crop: side of the crop that the network sees, pixels.
        offset: left and top of the crop in the aligned face, pixels.
    """

    mode: Literal["per_frame", "anchored"] = "per_frame"
    size: int = ALIGNED_SIZE
    crop: int = CROP_SIZE
    offset: int = CROP_OFFSET

    def __post_init__(self) -> None:
        fits = self.mode in ("per_frame", "anchored")
        check("mode", fits, "'per_frame' or 'anchored'", self.mode)
        for name, wanted in (("size", ALIGNED_SIZE), ("crop", CROP_SIZE), ("offset", CROP_OFFSET)):
            value = getattr(self, name)
            check(name, is_integer(value, 0) and value == wanted, str(wanted), value)


@dataclass(frozen=True)
class FileInfo:
    """Size in bytes and SHA-256 (64 hexadecimal digits, lower case) of a file."""

    bytes: int
    sha256: str

    def __post_init__(self) -> None:
        check("bytes", is_integer(self.bytes, 0), "an integer from 0", self.bytes)
        fits = isinstance(self.sha256, str) and _SHA256.fullmatch(self.sha256) is not None
        check("sha256", fits, "64 lower-case hexadecimal digits", self.sha256)


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
        verification: what the export measured, free in form.
        accuracy: what an evaluation measured, by precision: an object with ``data`` (what it was
            measured on) and, where known, ``classes``, ``coarser``, ``flow`` and ``landmarks``, as
            `training.evaluate` writes them.
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
        """Mean error of the landmarks by pupil distance, as it was measured, or None."""
        landmarks = self.accuracy.get(precision, {}).get("landmarks", {})
        nme = landmarks.get("nme") if isinstance(landmarks, Mapping) else None
        return float(nme) if isinstance(nme, (int, float)) else None

    @property
    def knows_classes(self) -> bool:
        """Whether the classes mean something: trained, and not measured to be mere guesses.

        A measured UF1 below 1.5 times that of guessing (one over the number of classes) says that
        the network has not learned to tell its classes apart, whatever else it has learned.
        """
        if not self.trained:
            return False
        scores = [_clip_uf1(figures) for figures in self.accuracy.values()]
        known = [score for score in scores if score is not None]
        return not known or max(known) >= _BETTER_THAN_GUESSING / len(self.labels)

    @classmethod
    def from_json(cls, value: object) -> Manifest:
        """Read what `json.load` gave; raises BundleError that names the field."""
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


def _clip_uf1(figures: Mapping[str, Any]) -> float | None:
    score: Any = figures
    for key in ("classes", "clip", "uf1"):
        score = score.get(key) if isinstance(score, Mapping) else None
    return float(score) if is_number(score) else None


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
