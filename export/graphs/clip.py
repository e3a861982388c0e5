"""The fused graph: a whole clip in, logits, flow and landmarks out."""

from __future__ import annotations

import onnx

from export.builder import GraphBuilder
from export.fold import column_members
from export.graphs import expression, features, flow
from training.model import Mol
from training.model.config import CHANNELS, CROP, FRAMES, MAP, PAIRS, POINTS


def clip_graph(model: Mol, half_storage: bool) -> onnx.ModelProto:
    """`clip` [N, 1, 8, 128, 128] to `logits`, `flow` and `landmarks` as the network gives them."""
    g = GraphBuilder("clip", half_storage)
    clip = g.input("clip", 1, FRAMES, CROP, CROP)
    frames = g.reshape(clip, "frames", -1, 1, CROP, CROP)
    maps = features.stem(g, model, frames)
    first = features.f5c(g, model, _part(g, maps, "maps.first", 0, CHANNELS, MAP), "first")
    second = features.f5c(g, model, _part(g, maps, "maps.second", 1, CHANNELS, MAP), "second")
    _add_logits(g, model, first, second)
    _add_flow(g, model, frames, first, second)
    landmarks = features.landmark_head(g, model, second)
    landmarks = g.reshape(landmarks, "landmarks.pairs", -1, PAIRS, 2 * POINTS)
    landmarks = g.transpose(landmarks, "landmarks.last", 0, 2, 1)
    g.output(landmarks, "landmarks", 2 * POINTS, PAIRS)
    return g.model()


def _part(g: GraphBuilder, x: str, name: str, start: int, channels: int, side: int) -> str:
    """Seven of each clip's eight frames: those from `start` on."""
    x = g.reshape(x, f"{name}.clips", -1, FRAMES, channels, side, side)
    x = g.slice(x, f"{name}.part", 1, start, start + PAIRS)
    return g.reshape(x, name, -1, channels, side, side)


def _add_logits(g: GraphBuilder, model: Mol, first: str, second: str) -> None:
    members = g.constant("column.members", column_members())
    sides = []
    for name, maps in (("first", first), ("second", second)):
        pairs = g.reshape(maps, f"column.{name}.pairs", -1, PAIRS, CHANNELS, MAP, MAP)
        sides.append(g.node("Gather", [pairs, members], f"column.{name}.members", axis=1))
    columns = expression.column(g, model, *sides)
    side = expression.COLUMN_SIDE
    columns = g.reshape(
        columns, "columns", -1, expression.COLUMNS, expression.COLUMN_CHANNELS, side, side
    )
    columns = g.transpose(columns, "columns.last", 0, 2, 3, 4, 1)
    g.output(expression.head(g, model, columns), "logits", model.config.classes)


def _add_flow(g: GraphBuilder, model: Mol, frames: str, first: str, second: str) -> None:
    width = model.config.flow_channels
    conv1, conv2, conv3 = flow.encoder(g, model, frames)
    maps = (
        _part(g, conv1, "enc1.first", 0, width(64), 4 * MAP),
        _part(g, conv2, "enc2.first", 0, width(128), 2 * MAP),
        _part(g, conv3, "enc3.first", 0, width(256), MAP),
    )
    following = _part(g, conv3, "enc3.second", 1, width(256), MAP)
    frame = _part(g, frames, "frames.first", 0, 1, CROP)
    out = flow.flow_head(g, model, frame, maps, following, first, second)
    out = g.reshape(out, "flow.pairs", -1, PAIRS, 2, CROP, CROP)
    out = g.transpose(out, "flow.last", 0, 2, 3, 4, 1)
    g.output(out, "flow", 2, CROP, CROP, PAIRS)
