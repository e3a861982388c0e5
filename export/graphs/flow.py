"""Nodes of the flow head: encoder, correlation, decoder."""

from __future__ import annotations

import numpy as np
from torch import nn

from export.builder import GraphBuilder
from export.fold import array, conv_with_norm, correlation_gather
from training.model import Mol
from training.model.config import CHANNELS, MAP, POSITIONS
from training.model.flow import DISPLACEMENTS, SLOPE


def conv_block(
    g: GraphBuilder,
    model: Mol,
    x: str,
    name: str,
    keep_inputs: np.ndarray | None = None,
    prefix: str = "",
) -> str:
    """A convolution of the flow head with its norm folded in, and LeakyReLU.

    Args:
        keep_inputs: indices of the input channels that `x` has; all of them by default.
        prefix: told apart where a block is used twice.
    """
    block = model.flownet.get_submodule(name)
    assert isinstance(block, nn.Sequential) and isinstance(block[0], nn.Conv2d)
    weight, bias = conv_with_norm(block)
    if keep_inputs is not None:
        weight = weight[:, keep_inputs]
    pad, stride = int(block[0].padding[0]), block[0].stride[0]
    x = g.conv(x, f"{prefix}flow.{name}", weight, bias, stride=stride, pad=pad)
    return g.node("LeakyRelu", [x], f"{prefix}flow.{name}.relu", alpha=SLOPE)


def encoder(g: GraphBuilder, model: Mol, frames: str, prefix: str = "") -> tuple[str, str, str]:
    """The encoder's three maps of frames [N, 1, 128, 128]."""
    conv1 = conv_block(g, model, frames, "conv1", prefix=prefix)
    conv2 = conv_block(g, model, conv1, "conv2", prefix=prefix)
    return conv1, conv2, conv_block(g, model, conv2, "conv3", prefix=prefix)


def correlation(g: GraphBuilder, channels: int, first: str, second: str) -> str:
    """Correlation of two maps [N, C, 16, 16]: one matrix product and a gather, [N, 225, 16, 16].

    The 216 displacements that never overlap the map are left out: they are always zero.
    """
    _, places, inside = correlation_gather()
    a = g.reshape(first, "flow.corr.first", -1, channels, POSITIONS)
    b = g.reshape(second, "flow.corr.second", -1, channels, POSITIONS)
    a = g.transpose(a, "flow.corr.first.t", 0, 2, 1)
    product = g.node("MatMul", [a, b], "flow.corr.product")
    product = g.reshape(product, "flow.corr.flat", -1, POSITIONS * POSITIONS)
    index = g.constant("flow.corr.places", places)
    gathered = g.node("Gather", [product, index], "flow.corr.gather", axis=1)
    gathered = g.reshape(gathered, "flow.corr.map", -1, len(inside), MAP, MAP)
    weights = g.constant("flow.corr.weights", inside / channels, exact=True)
    gathered = g.node("Mul", [gathered, weights], "flow.corr.mean")
    return g.node("LeakyRelu", [gathered], "flow.corr.relu", alpha=SLOPE)


def flow_head(
    g: GraphBuilder,
    model: Mol,
    frame: str,
    maps: tuple[str, str, str],
    next_conv3: str,
    first: str,
    second: str,
) -> str:
    """Flow [N, 2, 128, 128] of pairs; arguments as in `training.model.flow.FlowHead.forward`."""
    head = model.flownet
    redir = conv_block(g, model, maps[2], "conv_redir")
    channels = model.config.flow_channels(256)
    matched = correlation(g, channels, maps[2], next_conv3)
    joined = g.node("Concat", [redir, matched, first, second], "flow.joined", axis=1)
    level3 = conv_block(g, model, joined, "conv3_1", _inputs_of_conv3_1(model))
    level4 = conv_block(g, model, conv_block(g, model, level3, "conv4"), "conv4_1")
    level5 = conv_block(g, model, conv_block(g, model, level4, "conv5"), "conv5_1")
    concat = conv_block(g, model, conv_block(g, model, level5, "conv6"), "conv6_1")
    skips = (frame, maps[0], maps[1], level3, level4, level5)
    for level in range(5, -1, -1):
        concat = _rise(g, model, concat, skips[level], level)
    return g.conv(concat, "flow.predict_flow0", array(head.predict_flow0.weight), pad=1)


def _inputs_of_conv3_1(model: Mol) -> np.ndarray:
    """Channels of conv3_1's input that are left once unreachable displacements are dropped."""
    reachable, _, _ = correlation_gather()
    redir = model.config.flow_channels(32)
    total = redir + DISPLACEMENTS + 2 * CHANNELS
    return np.concatenate(
        [np.arange(redir), redir + reachable, np.arange(redir + DISPLACEMENTS, total)]
    )


def _rise(g: GraphBuilder, model: Mol, concat: str, skip: str, level: int) -> str:
    """One step of the decoder: features and flow to twice the size, joined with the skip."""
    head = model.flownet

    def weight(name: str) -> np.ndarray:
        return array(head.get_parameter(f"{name}.weight"))

    rise = g.transposed_conv(concat, f"flow.deconv{level}", weight(f"deconv{level}.0"))
    rise = g.node("LeakyRelu", [rise], f"flow.deconv{level}.relu", alpha=SLOPE)
    predict = f"predict_flow{level + 1}"
    flow = g.conv(concat, f"flow.{predict}", weight(predict), pad=1)
    upsample = f"upsampled_flow{level + 1}_to_{level}"
    raised = g.transposed_conv(flow, f"flow.{upsample}", weight(upsample))
    return g.node("Concat", [skip, rise, raised], f"flow.concat{level}", axis=1)
