"""The four small graphs: what is computed once per frame, pair or window."""

from __future__ import annotations

import onnx

from export.builder import GraphBuilder
from export.fold import OF_SAMPLES
from export.graphs import expression, features, flow
from training.model import Mol
from training.model.config import CHANNELS, CROP, FRAMES, MAP, POINTS

FRAME = (1, CROP, CROP)
FEATURES = (CHANNELS, MAP, MAP)


def features_graph(model: Mol, half_storage: bool) -> onnx.ModelProto:
    """`frames` to `first`, `second`, `parts` and `landmarks`."""
    g = GraphBuilder("features", half_storage)
    maps = features.stem(g, model, g.input("frames", *FRAME))
    first, second = features.f5c(g, model, maps, ("first", "second"))
    parts = expression.parts(g, model, first, second, OF_SAMPLES)
    landmarks = features.landmark_head(g, model, second)
    g.output(first, "first", *FEATURES)
    g.output(second, "second", *FEATURES)
    g.output(parts, "parts", *expression.PARTS)
    g.output(landmarks, "landmarks", 2 * POINTS)
    return g.model()


def _encoder_shapes(model: Mol) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    width = model.config.flow_channels
    return (width(128), 2 * MAP, 2 * MAP), (width(256), MAP, MAP)


def encoder_graph(model: Mol, half_storage: bool) -> onnx.ModelProto:
    """`frames` to `enc2` and `enc3`."""
    g = GraphBuilder("encoder", half_storage)
    _, conv2, conv3 = flow.encoder(g, model, g.input("frames", *FRAME))
    shape2, shape3 = _encoder_shapes(model)
    g.output(conv2, "enc2", *shape2)
    g.output(conv3, "enc3", *shape3)
    return g.model()


def flow_graph(model: Mol, half_storage: bool) -> onnx.ModelProto:
    """Two frames' encoder maps and features to `flow`.

    The first encoder map of the first frame is computed anew: cheaper than carrying 1 MB.
    """
    g = GraphBuilder("flow", half_storage)
    shape2, shape3 = _encoder_shapes(model)
    frame = g.input("frames", *FRAME)
    maps = (g.input("enc2", *shape2), g.input("enc3", *shape3))
    next_conv3 = g.input("enc3_next", *shape3)
    first = g.input("first", *FEATURES)
    second = g.input("second_next", *FEATURES)
    conv1 = flow.conv_block(g, model, frame, "conv1")
    out = flow.flow_head(g, model, frame, (conv1, *maps), next_conv3, first, second)
    g.output(out, "flow", 2, CROP, CROP)
    return g.model()


def head_graph(model: Mol, half_storage: bool) -> onnx.ModelProto:
    """Parts of a window's eight samples to `logits`."""
    g = GraphBuilder("head", half_storage)
    parts = g.input("parts", FRAMES, *expression.PARTS)
    g.output(expression.logits(g, model, parts, OF_SAMPLES), "logits", model.config.classes)
    return g.model()
