"""Convolutions written anew for OpenVINO on CPUs, before a model is compiled.

Both forms give the same numbers but for rounding, and are slower on GPUs: so they are not in the
bundle. What does not match is left as it is, such as layers in eight bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core

Array = NDArray[Any]

_TILED_SIDES = (16, 32)
_TILED_CHANNELS = 128
_PHASED_CHANNELS = 256
_SEVEN_BITS = 64

# F(2 x 2, 3 x 3) of Lavin and Gray, "Fast algorithms for convolutional neural networks" (2016).
_OF_INPUT = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]], float)
_OF_KERNEL = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
_OF_OUTPUT = np.array([[1, 1, 1, 0], [0, 1, -1, -1]], float)


def suit_cpu(model: Any) -> int:
    """Replace those convolutions of an `openvino.Model` that have a faster form on CPUs.

    Returns:
        How many were replaced.
    """
    count = 0
    for node in model.get_ordered_ops():
        if node.get_type_name() == "Convolution":
            count += _tile(node)
        elif node.get_type_name() == "DepthToSpace":
            count += _part(node)
    return count


def keep_sums_exact(model: Any) -> None:
    """Spare a bit of eight-bit weights where this processor's sums of bytes would saturate."""
    if not _core._adds_bytes_exactly():
        spare_a_bit(model)


def spare_a_bit(model: Any) -> int:
    """Keep the eight-bit weights of an `openvino.Model` to seven bits, at twice the scale.

    CPUs without VNNI add two products of bytes in 16 bits: 2 x 255 x 127 saturates there, and
    results are off by tens of percents; 2 x 255 x 64 does not.

    Returns:
        How many weights were changed.
    """
    import openvino
    import openvino.opset13 as op

    count = 0
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Constant" or node.get_element_type() != openvino.Type.i8:
            continue
        scaled = _only_reader(node)
        while scaled is not None and scaled.get_type_name() in ("Convert", "Subtract"):
            scaled = _only_reader(scaled)
        if len(node.shape) < 2 or scaled is None or scaled.get_type_name() != "Multiply":
            continue
        port = scaled.input(1)
        while port.get_source_output().get_node().get_type_name() in ("Reshape", "Unsqueeze"):
            port = port.get_source_output().get_node().input(0)
        scale = port.get_source_output().get_node()
        if scale.get_type_name() != "Constant":
            continue
        port.replace_source_output(_constant(2 * np.asarray(scale.data)).output(0))
        halved = np.rint(np.asarray(node.data) / np.float32(2))
        _replace(node, op.constant(halved.clip(-_SEVEN_BITS, _SEVEN_BITS - 1).astype(np.int8)))
        count += 1
    return count


def _tile(node: Any) -> bool:
    """A large 3 x 3 convolution by Winograd's way: 16 products instead of 36 for 2 x 2 pixels."""
    weight = _weight(node)
    if weight is None or weight.shape[2:] != (3, 3) or min(weight.shape[:2]) < _TILED_CHANNELS:
        return False
    side = _side(node.input_value(0))
    if not _is_plain(node, pad=1) or side not in _TILED_SIDES:
        return False
    _replace(node, _tiled(node.input_value(0), weight, side))
    return True


def _tiled(x: Any, weight: Array, side: int) -> Any:
    import openvino.opset13 as op

    outputs, inputs = weight.shape[:2]
    size, tiles = len(_OF_INPUT), side // 2
    # One tile's rows, which overlap their neighbours', for each of the tiles; 0 beyond the rim.
    rows = np.zeros((size, tiles, side + 2))
    for tile in range(tiles):
        rows[:, tile, 2 * tile : 2 * tile + size] = _OF_INPUT
    rows = rows[..., 1:-1]
    kernels = np.einsum("ai,bj,ocij->abco", _OF_KERNEL, _OF_KERNEL, weight, optimize=True)
    back = np.einsum("ia,jb->ijab", _OF_OUTPUT, _OF_OUTPUT).reshape(4, size**2)
    x = op.transpose(x, [0, 2, 3, 1])
    x = op.reshape(x, [0, side, side * inputs], True)
    x = op.matmul(_constant(rows.reshape(size * tiles, side)), x, False, False)
    x = op.reshape(x, [0, size, 1, tiles, side, inputs], True)
    x = op.matmul(_constant(rows.reshape(1, size, 1, tiles, side)), x, False, False)
    x = op.reshape(x, [0, size**2, tiles**2, inputs], True)
    x = op.matmul(x, _constant(kernels.reshape(size**2, inputs, outputs)), False, False)
    x = op.reshape(x, [0, size**2, tiles**2 * outputs], True)
    x = op.matmul(_constant(back), x, False, False)
    x = op.reshape(x, [0, 2, 2, tiles, tiles, outputs], True)
    x = op.transpose(x, [0, 5, 3, 1, 4, 2])
    return op.reshape(x, [0, outputs, side, side], True)


def _part(node: Any) -> bool:
    """A transposed convolution's four phases apart, without the rim that is cut off after it.

    In the bundle it is one 2 x 2 convolution with a rim, an activation, `DepthToSpace` and a cut.
    """
    import openvino.opset13 as op

    if node.get_attributes() != {"block_size": 2, "mode": "blocks_first"}:
        return False
    cut, activation = _only_reader(node), node.input_value(0).get_node()
    if activation.get_type_name() != "PRelu" or _only_reader(activation) is None:
        return False
    conv = activation.input_value(0).get_node()
    weight = _weight(conv) if conv.get_type_name() == "Convolution" else None
    if weight is None or weight.shape[2:] != (2, 2) or min(weight.shape[:2]) < _PHASED_CHANNELS:
        return False
    side = _side(conv.input_value(0))
    if side is None or not _is_plain(conv, pad=1) or not _cuts_rim(cut, 2 * side):
        return False
    slope = activation.input_value(1)
    phases = []
    for (a, b), part in zip(np.ndindex(2, 2), np.split(weight, 4)):
        # Pixel 2i - 1 + a of the map is row i of this phase: without the first row, or the last.
        begin, end = [a, b], [1 - a, 1 - b]
        phase = op.convolution(conv.input_value(0), _constant(part), [1, 1], begin, end, [1, 1])
        phases.append(op.prelu(phase, slope))
    # A phase that lost its first row begins with the map's second pixel.
    joined = op.concat(phases[::-1], 1)
    _replace(cut, op.depth_to_space(joined, "blocks_first", 2))
    return True


def _constant(values: Array) -> Any:
    import openvino.opset13 as op

    return op.constant(np.ascontiguousarray(values, np.float32))


def _weight(convolution: Any) -> Array | None:
    """The stored float32 weight of a convolution, or None."""
    source = convolution.input_value(1).get_node()
    if source.get_type_name() != "Constant" or source.get_element_type().get_type_name() != "f32":
        return None
    return np.asarray(source.data)


def _is_plain(convolution: Any, pad: int) -> bool:
    given = convolution.get_attributes()
    wanted = {"strides": 1, "dilations": 1, "pads_begin": pad, "pads_end": pad}
    return all(list(given[name]) == [value, value] for name, value in wanted.items())


def _side(output: Any) -> int | None:
    """Height of square maps [N, C, side, side] of known size, else None."""
    shape = output.get_partial_shape()
    sizes = list(shape)[2:] if shape.rank.is_static else []
    if len(sizes) != 2 or any(size.is_dynamic for size in sizes):
        return None
    height, width = (int(size.get_length()) for size in sizes)
    return height if height == width else None


def _only_reader(node: Any) -> Any:
    """The one node that reads a node's only output, or None."""
    readers = [port.get_node() for port in node.output(0).get_target_inputs()]
    return readers[0] if len(readers) == 1 else None


def _cuts_rim(node: Any, side: int) -> bool:
    """Whether a node cuts `side` rows and columns out of maps, from the second of each on."""
    if node is None or node.get_type_name() != "Slice" or _side(node.output(0)) != side:
        return False
    given = {at: node.input_value(at).get_node() for at in range(1, len(node.inputs()))}
    return all(
        at in given
        and given[at].get_type_name() == "Constant"
        and np.asarray(given[at].data).tolist() == wanted
        for at, wanted in ((1, [1, 1]), (4, [2, 3]))
    )


def _replace(node: Any, other: Any) -> None:
    """Let whatever reads one node read another, which takes its name."""
    other.set_friendly_name(node.get_friendly_name())
    for port in node.output(0).get_target_inputs():
        port.replace_source_output(other.output(0))
