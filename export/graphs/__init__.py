"""The five graphs of a bundle, written node by node from a network's weights."""

from __future__ import annotations

from collections.abc import Callable

import onnx

from export.graphs.clip import clip_graph
from export.graphs.stream import (
    encoder_graph,
    features_graph,
    flow_graph,
    head_graph,
)
from training.model import Mol

GRAPHS: dict[str, Callable[[Mol, bool], onnx.ModelProto]] = {
    "features": features_graph,
    "encoder": encoder_graph,
    "flow": flow_graph,
    "head": head_graph,
    "clip": clip_graph,
}

__all__ = ["GRAPHS"]
