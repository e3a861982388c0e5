"""What an ONNX file computes and with which constants, read with NumPy alone.

Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import BundleError
from mol_edge.onnx_file import BYTES, VARINT, damaged, fields, varint

_GRAPH = 7
_NODE, _INITIALIZER = 1, 5
_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _NODE_OPERATOR, _NODE_ATTRIBUTE = 1, 2, 3, 4, 5
_DIMS, _TYPE, _NAME, _RAW_DATA = 1, 2, 8, 9
_FLOATS: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 10: np.dtype("<f2")}
_INTEGERS: dict[int, np.dtype[Any]] = {
    2: np.dtype("u1"),
    3: np.dtype("i1"),
    6: np.dtype("<i4"),
}

_LONGEST_NAME = 77

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Node:
    """A node of a graph.

    Attributes:
        operator: what it computes.
        name: its name.
        inputs: names of its inputs, in order.
        outputs: names of its outputs, in order.
        attributes: its attributes as they are stored, in order.
    """

    operator: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: tuple[bytes, ...]


def nodes(model: bytes) -> list[Node]:
    """The nodes of the main graph, in order.

    Args:
        model: a serialised `ModelProto`.

    Raises:
        BundleError: it is damaged.

    Example:
        >>> nodes(b"")
        []
    """
    return [_node(message) for message in _in_graph(model, _NODE)]


def _node(message: memoryview) -> Node:
    found: dict[int, list[bytes]] = {}
    for number, wire, _, content in fields(message):
        if wire == BYTES:
            found.setdefault(number, []).append(bytes(content))

    def texts(field: int) -> tuple[str, ...]:
        return tuple([text.decode("utf-8", "replace") for text in found.get(field, ())])

    return Node(
        "".join(texts(_NODE_OPERATOR)[-1:]),
        "".join(texts(_NODE_NAME)[-1:]),
        texts(_NODE_INPUT),
        texts(_NODE_OUTPUT),
        tuple(found.get(_NODE_ATTRIBUTE, ())),
    )


def float_tensors(model: bytes) -> dict[str, Floats]:
    """The constants of float32 and float16 of the main graph by name, as float32.

    Args:
        model: a serialised `ModelProto` with its constants inside (see `onnx_file.inline`).

    Raises:
        BundleError: it is damaged.

    Example:
        >>> float_tensors(b"")
        {}
    """
    return {name: values.astype(np.float32) for name, values in _constants(model, _FLOATS)}


def integer_tensors(model: bytes) -> dict[str, NDArray[Any]]:
    """The constants of uint8, int8 and int32 of the main graph by name.

    Args:
        model: a serialised `ModelProto` with its constants inside (see `onnx_file.inline`).

    Raises:
        BundleError: it is damaged.

    Example:
        >>> integer_tensors(b"")
        {}
    """
    # Copies, as those of floats are: a file does not align its numbers.
    return {name: values.copy() for name, values in _constants(model, _INTEGERS)}


def _constants(
    model: bytes, types: Mapping[int, np.dtype[Any]]
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Constants of some types, as they lie in the file."""
    for tensor in _in_graph(model, _INITIALIZER):
        name, kind, shape, raw = _tensor(tensor)
        if kind not in types:
            continue
        size = math.prod(shape) * types[kind].itemsize
        if raw is None or len(raw) != size:
            raise BundleError(
                f"The constant {shortened(name)} of an ONNX file must have {size} bytes of raw "
                f"data, got {0 if raw is None else len(raw)}: export the bundle again."
            )
        yield name, np.frombuffer(raw, types[kind]).reshape(shape)


def shortened(name: str) -> str:
    """A name from a file, fit to be shown.

    Example:
        >>> shortened("flow.conv1.weight"), len(shortened("x" * 1000))
        ("'flow.conv1.weight'", 82)
    """
    return repr(name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME] + "...")


def _in_graph(model: bytes, field: int) -> Iterator[memoryview]:
    for number, wire, _, graph in fields(memoryview(model)):
        if number == _GRAPH and wire == BYTES:
            for inner, kind, _, content in fields(graph):
                if inner == field and kind == BYTES:
                    yield content


def _tensor(message: memoryview) -> tuple[str, int, tuple[int, ...], memoryview | None]:
    """Name, type, shape and raw data of a `TensorProto`."""
    name, kind, raw = "", 0, None
    shape: list[int] = []
    for number, wire, _, content in fields(message):
        if number == _DIMS:
            shape += _dims(content)
        elif number == _TYPE and wire == VARINT:
            kind = varint(content, 0)[0]
        elif number == _NAME and wire == BYTES:
            name = bytes(content).decode("utf-8", "replace")
        elif number == _RAW_DATA and wire == BYTES:
            raw = content
    return name, kind, tuple(shape), raw


def _dims(content: memoryview) -> Iterator[int]:
    """Numbers of a repeated field, which is packed or comes one by one."""
    at = 0
    while at < len(content):
        value, at = varint(content, at)
        if value >= 1 << 31:
            raise damaged()
        yield value
