"""Whether TensorRT 10.3 can parse a graph, told without TensorRT and without a GPU.

`python -m export.tensorrt_check BUNDLE` checks every ONNX graph of a bundle. A graph passes if each
node's operator, types and attributes are on the published list (`tensorrt_operators`), every shape
is known once the batch size is, as with a static profile, and Q/DQ pairs are symmetric and lie
where they fuse (`tensorrt_quantization`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import onnx
from onnx import helper, shape_inference

from export.tensorrt_operators import (
    ATTRIBUTES,
    CONSTANTS,
    INDICES,
    MOST_DIMENSIONS,
    MOST_TOP_K,
    OPERATORS,
    OPSETS,
    SPATIAL,
    VERSION,
)
from export.tensorrt_quantization import quantization_problems
from mol_edge.bundle import Bundle
from mol_edge.errors import MolEdgeError, OptionError

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Facts:
    """What is known of a graph's tensors at one batch size.

    Attributes:
        types: element type by tensor, as NumPy calls it.
        shapes: shape by tensor; one that is not known at build time is not in it.
        constants: names of stored tensors, and of what nodes make of stored tensors alone.
    """

    types: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    constants: set[str] = field(default_factory=set)


def check_graph(model: onnx.ModelProto, name: str = "graph", batch: int = 1) -> None:
    """Refuse a graph that TensorRT 10.3 would not parse as it is meant.

    Args:
        model: the graph, its constants inside or outside.
        name: how messages call it.
        batch: the batch size of the static profile.

    Raises:
        OptionError: it would not; the message names the first node and counts the others.

    Example:
        >>> node = helper.make_node("NonZero", ["x"], ["y"], name="where")
        >>> x, y = (helper.make_tensor_value_info(n, 1, s) for n, s in (("x", [1]), ("y", None)))
        >>> graph = helper.make_graph([node], "g", [x], [y])
        >>> check_graph(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
        Traceback (most recent call last):
        mol_edge.errors.OptionError: ...
    """
    found = graph_problems(model, batch)
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise OptionError(
            f"TensorRT {VERSION} must be able to parse {name}, and it cannot: {found[0]}{more}; "
            "export it without that."
        )


def graph_problems(model: onnx.ModelProto, batch: int = 1) -> list[str]:
    """What TensorRT 10.3 would stumble over, each naming its node; an empty list is good."""
    found = list(_model_problems(model))
    unknown = [node for node in model.graph.node if node.op_type not in OPERATORS]
    if unknown or found:
        found += [f"{_name(node)} has an operator that it does not support" for node in unknown]
        return found
    facts = _facts(model, batch)
    for value in model.graph.input:
        if value.name in facts.constants:
            continue
        if value.name not in facts.shapes:
            found.append(f"the input {value.name} has a dynamic axis other than the batch")
    if found:
        return found
    for node in model.graph.node:
        found += _node_problems(node, facts)
    return found + quantization_problems(model)


def _model_problems(model: onnx.ModelProto) -> Iterable[str]:
    for opset in model.opset_import:
        if opset.domain not in ("", "ai.onnx"):
            yield f"it uses operators of {opset.domain}, of which there is no list"
        elif opset.version not in OPSETS:
            yield f"its opset is {opset.version}, and {OPSETS[0]} to {OPSETS[-1]} are supported"
    if model.functions:
        yield "it holds functions, which a bundle's graphs do not"


def _facts(model: onnx.ModelProto, batch: int) -> Facts:
    """Types and shapes of all tensors with the batch axis fixed."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for value in (*fixed.graph.input, *fixed.graph.output):
        dims = value.type.tensor_type.shape.dim
        if len(dims) and dims[0].WhichOneof("value") != "dim_value":
            dims[0].dim_value = batch
    inferred = shape_inference.infer_shapes(fixed, data_prop=True).graph
    facts = Facts()
    for value in (*inferred.input, *inferred.output, *inferred.value_info):
        kind = value.type.tensor_type
        facts.types[value.name] = _type_name(kind.elem_type)
        sizes = [dim.dim_value for dim in kind.shape.dim if dim.HasField("dim_value")]
        if kind.HasField("shape") and len(sizes) == len(kind.shape.dim):
            facts.shapes[value.name] = tuple(sizes)
    for tensor in inferred.initializer:
        facts.types[tensor.name] = _type_name(tensor.data_type)
        facts.shapes[tensor.name] = tuple(tensor.dims)
        facts.constants.add(tensor.name)
    for node in inferred.node:
        if all(name in facts.constants for name in node.input if name):
            facts.constants.update(node.output)
    return facts


def _node_problems(node: onnx.NodeProto, facts: Facts) -> list[str]:
    checks = (_check_types, _check_shapes, _check_constants, _check_attributes, _check_special)
    return [f"{_name(node)} {problem}" for each in checks for problem in each(node, facts)]


def _check_types(node: onnx.NodeProto, facts: Facts) -> Iterable[str]:
    allowed, places = OPERATORS[node.op_type], INDICES.get(node.op_type, frozenset())
    for at, name in enumerate(node.input):
        kind = facts.types.get(name)
        if name and kind is None:
            yield f"takes {name}, whose type is not known"
        elif name and at not in places and kind not in allowed:
            yield f"takes {name} as {kind}, and {_words(allowed)} are supported"
    if node.op_type == "Cast":
        target = next(each.i for each in node.attribute if each.name == "to")
        if _type_name(target) not in allowed:
            yield f"casts to {_type_name(target)}, and {_words(allowed)} are supported"


def _check_shapes(node: onnx.NodeProto, facts: Facts) -> Iterable[str]:
    for name in (*node.input, *node.output):
        if name and name not in facts.shapes:
            yield f"has with {name} a shape that the batch size does not settle"
        elif name and len(facts.shapes[name]) > MOST_DIMENSIONS:
            yield f"has with {name} more than {MOST_DIMENSIONS} dimensions"
    ranks = SPATIAL.get(node.op_type)
    rank = len(facts.shapes.get(node.input[0], ())) if node.input else 0
    if ranks is not None and rank and rank not in ranks:
        yield f"works on {rank - 2} dimensions, and 2 or 3 are supported"


def _check_constants(node: onnx.NodeProto, facts: Facts) -> Iterable[str]:
    for at in sorted(CONSTANTS.get(node.op_type, ())):
        if at < len(node.input) and node.input[at] and node.input[at] not in facts.constants:
            yield f"takes {node.input[at]}, which must be stored in the graph"


def _check_attributes(node: onnx.NodeProto, facts: Facts) -> Iterable[str]:
    for attribute in node.attribute:
        allowed = ATTRIBUTES.get(node.op_type, {}).get(attribute.name)
        if allowed is None:
            continue
        value = helper.get_attribute_value(attribute)
        ones = "ones" in allowed and all(each == 1 for each in value)
        if not ones and value not in allowed:
            yield f"has the attribute {attribute.name} = {value!r}, which is not supported"


def _check_special(node: onnx.NodeProto, facts: Facts) -> Iterable[str]:
    """Restrictions that the list states in words."""
    outputs = [name for name in node.output if name]
    if node.op_type in ("MaxPool", "LayerNormalization") and len(outputs) > 1:
        yield "has a second output, which is not supported"
    if node.op_type == "TopK":
        values = facts.shapes.get(node.output[0], ())
        axis = next((each.i for each in node.attribute if each.name == "axis"), -1)
        if values and values[axis] > MOST_TOP_K:
            yield f"asks for the {values[axis]} largest, and {MOST_TOP_K} are supported"
    if node.op_type in ("Conv", "ConvTranspose") and node.input[1] not in facts.constants:
        yield "has weights that are not stored in the graph"


def _name(node: onnx.NodeProto) -> str:
    called = node.name or next((name for name in node.output if name), "without a name")
    return f"the node {called} ({node.op_type})"


def _words(types: Iterable[str]) -> str:
    return ", ".join(sorted(types))


def _type_name(number: int) -> str:
    try:
        return str(helper.tensor_dtype_to_np_dtype(number))
    except KeyError:
        return f"type {number}"


def check_bundle(bundle: Bundle) -> list[tuple[str, list[str]]]:
    """Each ONNX graph of a bundle, as ``precision/name``, with its problems."""
    rows = []
    for precision, forms in bundle.manifest.graphs.items():
        # The form that TensorRT takes: one of its own where there is one.
        form = "tensorrt" if "tensorrt" in forms else "onnx"
        for name in forms.get(form, {}):
            model = onnx.load_from_string(bundle.graph(name, precision, form).onnx())
            label = f"{precision}/{name}" if form == "onnx" else f"{precision}/{form}/{name}"
            rows.append((label, graph_problems(model)))
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a bundle; returns the exit code (0 all pass, 1 some do not, 2 bad input)."""
    parser = argparse.ArgumentParser(
        prog="python -m export.tensorrt_check",
        description=f"Tell whether TensorRT {VERSION} can parse a bundle's graphs, without it.",
    )
    parser.add_argument("bundle", help="folder of the bundle")
    given = parser.parse_args(arguments)
    try:
        rows = check_bundle(Bundle.open(given.bundle))
    except MolEdgeError as error:
        print(f"export: error: {error}", file=sys.stderr)
        return 2
    for name, found in rows:
        print(f"{name}: {'passes' if not found else f'{len(found)} problems'}")
        for problem in found:
            print(f"  {problem}")
    return 1 if any(found for _, found in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
