"""What an ONNX file computes and with which constants, read with NumPy alone.

Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import BundleError
from mol_edge.onnx_file import BYTES, VARINT, damaged, fields, varint

_GRAPH = 7
_NODE, _INITIALIZER = 1, 5
_NODE_NAME, _NODE_OPERATOR = 3, 4
_DIMS, _TYPE, _NAME, _RAW_DATA = 1, 2, 8, 9
_FLOATS: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 10: np.dtype("<f2")}

Floats = NDArray[np.float32]


def nodes(model: bytes) -> list[tuple[str, str]]:
    """Operator and name of each node of the main graph, in order.

    Args:
        model: a serialised `ModelProto`.

    Raises:
        BundleError: it is damaged.

    Example:
        >>> nodes(b"")
        []
    """
    found = []
    for node in _in_graph(model, _NODE):
        texts = {_NODE_NAME: "", _NODE_OPERATOR: ""}
        for number, wire, _, content in fields(node):
            if number in texts and wire == BYTES:
                texts[number] = bytes(content).decode("utf-8", "replace")
        found.append((texts[_NODE_OPERATOR], texts[_NODE_NAME]))
    return found


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
    found = {}
    for tensor in _in_graph(model, _INITIALIZER):
        name, kind, shape, raw = _tensor(tensor)
        if kind not in _FLOATS:
            continue
        size = int(np.prod(shape)) * _FLOATS[kind].itemsize
        if raw is None or len(raw) != size:
            raise BundleError(
                f"The constant {name} of an ONNX file must have {size} bytes of raw data, got "
                f"{0 if raw is None else len(raw)}: export the bundle again."
            )
        values = np.frombuffer(raw, _FLOATS[kind]).reshape(shape)
        # A copy, since a file does not align its numbers.
        found[name] = np.array(values, np.float32)
    return found


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
