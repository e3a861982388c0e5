"""Bring tensors that are joined to one range, so that one scale serves them all; exact in float."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx

from export.precision.graph import Graph, make
from export.precision.plan import HOMOGENEOUS, Plan
from export.precision.ranges import Histogram

MOTION = 0.2
"""Share of a joined range, on each side of 0, for flow beside features."""
_FEW = 0.1
"""Of a joined tensor's channels."""


def motions(found: Mapping[str, Histogram]) -> frozenset[str]:
    """Members of a joined tensor that are motion: negative as often as not, each of few channels.

    Args:
        found: values of each member.

    Example:
        >>> found = {"maps": Histogram(), "flow": Histogram()}
        >>> found["maps"].add(np.ones((1, 96, 1, 1), np.float32))
        >>> found["flow"].add(np.float32([[3, -2]]))
        >>> sorted(motions(found))
        ['flow']
    """
    few = _FEW * sum(histogram.channels for histogram in found.values())
    return frozenset(
        name
        for name, histogram in found.items()
        if histogram.whole.is_two_sided and histogram.channels < few
    )


def equalise(
    model: onnx.ModelProto, plan: Plan, found: Mapping[str, Histogram], states: Sequence[str] = ()
) -> onnx.ModelProto:
    """Scale the members of each joined tensor that is quantized to one range.

    Of features that are negative as often as not, what eight bits are best spent on is brought to
    that range: their largest values are rare, and a common step that held them would be coarse for
    all the rest. Of motion it is all that came.

    A member's scale goes into the weights that made it, or into a multiplication where these are
    out of reach; its inverse goes into the weights of the convolutions that read the joined
    tensor. Members that others read as integers too are left as they are, the rest adapts.

    Args:
        model: in float32.
        plan: what is going to be quantized.
        found: values of the members.
        states: inputs that other graphs make, whose range is theirs.

    Returns:
        A model that computes the same.
    """
    graph = Graph(model)
    for node in [each for each in graph.nodes if each.op_type == "Concat"]:
        users = graph.consumers().get(node.output[0], [])
        fits = all(user.op_type == "Conv" and user.input[1] in graph.constants for user in users)
        if node.name in plan.moves and fits:
            _equalise_members(graph, plan, node, users, found, states)
    return graph.model(graph.nodes, graph.constants)


def _equalise_members(
    graph: Graph,
    plan: Plan,
    node: onnx.NodeProto,
    users: list[onnx.NodeProto],
    found: Mapping[str, Histogram],
    states: Sequence[str],
) -> None:
    members, shapes = list(node.input), graph.shapes()
    factors = _factors(graph, plan, node, found, states)
    scales = [np.full(shapes[name][1], factors[name]) for name in members]
    inverse = 1 / np.concatenate(scales)[None, :, None, None]
    for user in users:
        weight = graph.constants[user.input[1]] * inverse
        graph.constants[user.input[1]] = weight.astype(np.float32)
    for at, name in enumerate(members):
        if factors[name] != 1:
            _scale_member(graph, node, at, factors[name])


def _factors(
    graph: Graph,
    plan: Plan,
    node: onnx.NodeProto,
    found: Mapping[str, Histogram],
    states: Sequence[str],
) -> dict[str, float]:
    """By how much each member is scaled."""
    members, readers = list(node.input), graph.consumers()
    fixed = [
        name
        for name in members
        if any(other.name in plan.layers | plan.moves for other in readers[name] if other != node)
        or name in states
    ]
    fixed = [name for name in fixed if name in plan.leader] or members[:1]
    ranges = {name: found[name].whole for name in members}
    moving = motions({name: found[name] for name in members})
    for name in members:
        if name not in moving and ranges[name].is_two_sided:
            ranges[name] = found[name].best(signed=True)
    high = max(ranges[name].high for name in fixed)
    factors = dict.fromkeys(members, 1.0)
    for name in members:
        own = ranges[name]
        if name in fixed or own.largest == 0 or high == 0:
            continue
        share = MOTION if name in moving else 1.0
        factors[name] = share * high / (own.largest if own.is_two_sided else own.high)
    return factors


def _scale_member(graph: Graph, join: onnx.NodeProto, at: int, factor: float) -> None:
    """Multiply one member by a factor, in the weights that made it where these can be reached."""
    readers, producers = graph.consumers(), graph.producers()
    tensor = join.input[at]
    made = producers.get(tensor)
    while made is not None and len(readers[tensor]) == 1 and made.op_type in HOMOGENEOUS:
        tensor = made.input[0]
        made = producers.get(tensor)
    reached = (
        made is not None
        and made.op_type in ("Conv", "ConvTranspose")
        and len(readers[tensor]) == 1
        and all(name in graph.constants for name in made.input[1:])
    )
    if reached and made is not None:
        for name in made.input[1:]:
            graph.constants[name] = (graph.constants[name] * factor).astype(np.float32)
        return
    scaled = f"{join.name}/member{at}"
    graph.constants[f"{scaled}/factor"] = np.array(factor, np.float32)
    multiply = make("Mul", [join.input[at], f"{scaled}/factor"], scaled)
    graph.nodes.insert(graph.nodes.index(join), multiply)
    join.input[at] = scaled
