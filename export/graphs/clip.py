"""The fused graph: a whole clip in, logits, flow and landmarks out."""

from __future__ import annotations

import onnx

from export.builder import GraphBuilder
from export.fold import OF_PAIRS
from export.graphs import expression, features, flow
from training.model import Mol
from training.model.config import CHANNELS, CROP, FRAMES, MAP, PAIRS, POINTS


def clip_graph(model: Mol, half_storage: bool) -> onnx.ModelProto:
    """`clip` [N, 1, 8, 128, 128] to `logits`, `flow` and `landmarks` as the network gives them."""
    g = GraphBuilder("clip", half_storage)
    clip = g.input("clip", 1, FRAMES, CROP, CROP)
    frames = g.reshape(clip, "frames", -1, 1, CROP, CROP)
    maps = features.stem(g, model, frames)
    earlier = _part(g, maps, "maps.first", range(PAIRS), CHANNELS, MAP)
    later = _part(g, maps, "maps.second", range(1, FRAMES), CHANNELS, MAP)
    (first,) = features.f5c(g, model, earlier, ("first",))
    (second,) = features.f5c(g, model, later, ("second",))
    _add_logits(g, model, first, second)
    _add_flow(g, model, frames, first, second)
    landmarks = features.landmark_head(g, model, second)
    landmarks = g.reshape(landmarks, "landmarks.pairs", -1, PAIRS, 2 * POINTS)
    landmarks = g.transpose(landmarks, "landmarks.last", 0, 2, 1)
    g.output(landmarks, "landmarks", 2 * POINTS, PAIRS)
    return g.model()


def _part(g: GraphBuilder, x: str, name: str, members: range, channels: int, side: int) -> str:
    """The `members` of each clip's eight maps [N * 8, channels, side, side]."""
    x = g.reshape(x, f"{name}.clips", -1, FRAMES, channels, side, side)
    x = g.slice(x, f"{name}.part", 1, members.start, members.stop)
    return g.reshape(x, name, -1, channels, side, side)


def _add_logits(g: GraphBuilder, model: Mol, first: str, second: str) -> None:
    parts = expression.parts(g, model, first, second, OF_PAIRS)
    parts = g.reshape(parts, "column.parts.pairs", -1, PAIRS, *expression.PARTS)
    g.output(expression.logits(g, model, parts, OF_PAIRS), "logits", model.config.classes)


def _add_flow(g: GraphBuilder, model: Mol, frames: str, first: str, second: str) -> None:
    frame = _part(g, frames, "frames.first", range(PAIRS), 1, CROP)
    maps = flow.encoder(g, model, frame)
    following = _following(g, model, frames, maps[2])
    out = flow.flow_head(g, model, frame, maps, following, first, second)
    out = g.reshape(out, "flow.pairs", -1, PAIRS, 2, CROP, CROP)
    out = g.transpose(out, "flow.last", 0, 2, 3, 4, 1)
    g.output(out, "flow", 2, CROP, CROP, PAIRS)


def _following(g: GraphBuilder, model: Mol, frames: str, conv3: str) -> str:
    """Last encoder maps of each pair's second frame, given those of its first.

    The eighth frame is encoded apart, since cutting seven of eight frames out of the two large
    maps costs more than a small second pass.
    """
    channels = model.config.flow_channels(256)
    last = _part(g, frames, "frames.last", range(PAIRS, FRAMES), 1, CROP)
    _, _, last = flow.encoder(g, model, last, "last.")
    last = g.reshape(last, "enc3.last", -1, 1, channels, MAP, MAP)
    inner = g.reshape(conv3, "enc3.pairs", -1, PAIRS, channels, MAP, MAP)
    inner = g.slice(inner, "enc3.inner", 1, 1, PAIRS)
    joined = g.node("Concat", [inner, last], "enc3.joined", axis=1)
    return g.reshape(joined, "enc3.second", -1, channels, MAP, MAP)
