"""The graphs of a bundle: which there are, their tensors, and where each one lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mol_edge._fields import (
    PATH_RULE,
    as_tuple,
    build,
    build_each,
    check,
    is_integer,
    is_mapping_of,
    is_safe_path,
)

TENSOR_TYPES = ("float32", "float16", "uint8", "int8", "int32", "int64")

GRAPH_TENSORS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "features": (frozenset({"frames"}), frozenset({"first", "second", "parts", "landmarks"})),
    "encoder": (frozenset({"frames"}), frozenset({"enc2", "enc3"})),
    "flow": (
        frozenset({"frames", "enc2", "enc3", "enc3_next", "first", "second_next"}),
        frozenset({"flow"}),
    ),
    "head": (frozenset({"parts"}), frozenset({"logits"})),
    "clip": (frozenset({"clip"}), frozenset({"logits", "flow", "landmarks"})),
}
"""Names of the inputs and outputs of each graph; `clip` is the one a bundle may lack."""


@dataclass(frozen=True)
class TensorInfo:
    """Element type and shape of a graph's input or output; ``"N"`` is the batch size."""

    type: str
    shape: tuple[int | Literal["N"], ...]

    def __post_init__(self) -> None:
        check("type", self.type in TENSOR_TYPES, f"one of {', '.join(TENSOR_TYPES)}", self.type)
        fits = (
            isinstance(self.shape, tuple)
            and len(self.shape) > 0
            and all(size == "N" or is_integer(size, 1) for size in self.shape)
        )
        check("shape", fits, 'a list of integers from 1 and "N"', self.shape)


@dataclass(frozen=True)
class GraphInfo:
    """One graph on disk.

    Attributes:
        file: path of the graph in the bundle.
        weights: path of the file that holds its large constants, or None: all are inside.
        inputs: name to type and shape.
        outputs: name to type and shape.
    """

    file: str
    weights: str | None
    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]

    def __post_init__(self) -> None:
        check("file", is_safe_path(self.file), PATH_RULE, self.file)
        fits = self.weights is None or is_safe_path(self.weights)
        check("weights", fits, f"null or {PATH_RULE}", self.weights)
        for name in ("inputs", "outputs"):
            check(name, is_mapping_of(getattr(self, name), TensorInfo), "tensors by name", name)

    @classmethod
    def from_json(cls, value: object, place: str = "graph") -> GraphInfo:
        """Read from a JSON object; raises BundleError that names the field."""
        readers = {"inputs": _tensors("inputs"), "outputs": _tensors("outputs")}
        return build(cls, value, place, readers)


def _tensors(side: str) -> Any:
    def read(value: object) -> dict[str, TensorInfo]:
        return build_each(
            value, side, lambda item, place: build(TensorInfo, item, place, {"shape": as_tuple})
        )

    return read
