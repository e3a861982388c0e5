"""Nodes of the flow head: encoder, correlation, decoder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import nn

from export.builder import GraphBuilder
from export.fold import (
    Array,
    apart_weight,
    array,
    block_weight,
    conv_with_norm,
    correlation_gather,
    interleaved_weight,
)
from training.model import Mol
from training.model.config import CHANNELS, CROP, MAP, POSITIONS
from training.model.flow import DISPLACEMENTS, SLOPE

BLOCK = (2, 4)
BLOCKS_FROM = 32


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
    redir = conv_block(g, model, maps[2], "conv_redir")
    channels = model.config.flow_channels(256)
    matched = correlation(g, channels, maps[2], next_conv3)
    joined = g.node("Concat", [redir, matched, first, second], "flow.joined", axis=1)
    level3 = conv_block(g, model, joined, "conv3_1", _inputs_of_conv3_1(model))
    level4 = conv_block(g, model, conv_block(g, model, level3, "conv4"), "conv4_1")
    level5 = conv_block(g, model, conv_block(g, model, level4, "conv5"), "conv5_1")
    concat = conv_block(g, model, conv_block(g, model, level5, "conv6"), "conv6_1")
    skips = (frame, maps[0], maps[1], level3, level4, level5)
    for level in range(5, 0, -1):
        concat = _rise(g, model, concat, skips[level], level)
    return _finest(g, model, concat, frame)


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

    def weight(name: str) -> Array:
        return array(head.get_parameter(f"{name}.weight"))

    side = CROP >> level
    rise = _raised(g, concat, f"flow.deconv{level}", weight(f"deconv{level}.0"), side)
    flow = _predicted(g, concat, f"flow.predict_flow{level + 1}", weight, side // 2)
    upsample = f"upsampled_flow{level + 1}_to_{level}"
    raised = g.conv(flow, f"flow.{upsample}", interleaved_weight(weight(upsample)), pad=1)
    raised = _interleaved(g, raised, f"flow.{upsample}", side)
    return g.node("Concat", [skip, rise, raised], f"flow.concat{level}", axis=1)


def _finest(g: GraphBuilder, model: Mol, concat: str, frame: str) -> str:
    """The last step of the decoder and its flow, [N, 2, 128, 128].

    Only the prediction reads what this step raises, so nothing is interleaved: a block of pixels
    with its neighbours is a few positions of the 2x2 convolution's output, whose rim, which lies
    outside of the picture, is set to 0.
    """

    def weight(name: str) -> Array:
        return array(model.flownet.get_parameter(f"{name}.weight"))

    rise = g.conv(concat, "flow.deconv0", interleaved_weight(weight("deconv0.0")), pad=1)
    rise = g.node("LeakyRelu", [rise], "flow.deconv0.relu", alpha=SLOPE)
    rise = _without_rim(g, rise, "flow.deconv0.inner", weight("deconv0.0").shape[1])
    flow = _predicted(g, concat, "flow.predict_flow1", weight, CROP // 2)
    up = weight("upsampled_flow1_to_0")
    raised = g.conv(flow, "flow.upsampled_flow1_to_0", interleaved_weight(up), pad=1)
    raised = _without_rim(g, raised, "flow.upsampled_flow1_to_0.inner", 2)
    kernel = block_weight(weight("predict_flow0"), BLOCK)
    features = kernel.shape[1] - 3
    part = g.conv(frame, "flow.frame_to_flow0", kernel[:, :1], stride=BLOCK, pad=1)
    stride = (BLOCK[0] // 2, BLOCK[1] // 2)
    for x, name, taken in (
        (raised, "flow.raise_to_flow0", kernel[:, 1 + features :]),
        (rise, "flow.predict_flow0", kernel[:, 1 : 1 + features]),
    ):
        made = g.conv(x, name, apart_weight(taken), stride=stride)
        part = g.node("Add", [made, part], f"{name}.sum")
    return _placed(g, part, "flow.predict_flow0", CROP)


def _without_rim(g: GraphBuilder, x: str, name: str, channels: int) -> str:
    """Set to 0 what would be cut off after interleaving, of maps [N, 4 * channels, 65, 65]."""
    side = CROP // 2 + 1
    inside = np.ones((4, 1, side, side), np.float32)
    inside[:2, :, 0] = inside[2:, :, -1] = 0
    inside[::2, :, :, 0] = inside[1::2, :, :, -1] = 0
    of_channels = np.broadcast_to(inside, (4, channels, side, side)).reshape(-1, side, side)
    return g.node("Mul", [x, g.constant(f"{name}.picture", of_channels)], name)


def _raised(g: GraphBuilder, x: str, name: str, weight: Array, side: int) -> str:
    """Transposed convolution to maps of `side`, and LeakyReLU.

    As a 2x2 convolution to four times the channels, which every runtime computes faster, and
    which can be quantized; its outputs interleave to a map with a rim of one pixel, cut off.
    """
    x = g.conv(x, name, interleaved_weight(weight), pad=1)
    x = g.node("LeakyRelu", [x], f"{name}.relu", alpha=SLOPE)
    return _interleaved(g, x, name, side)


def _interleaved(g: GraphBuilder, x: str, name: str, side: int) -> str:
    """Four phases [N, 4 * channels, ...] as maps of `side`, without the rim."""
    x = g.node("DepthToSpace", [x], f"{name}.rise", blocksize=2, mode="DCR")
    return g.crop(x, f"{name}.inner", side)


def _predicted(
    g: GraphBuilder, x: str, name: str, weight: Callable[[str], Array], side: int
) -> str:
    """Flow [N, 2, side, side] of features of that size.

    Two output channels fill a fraction of a vector register, so on large maps a block of 2x4
    pixels is computed as 16 channels of a strided convolution and put in its place.
    """
    kernel = weight(name.removeprefix("flow."))
    if side < BLOCKS_FROM:
        return g.conv(x, name, kernel, pad=1)
    return _placed(g, g.conv(x, name, block_weight(kernel, BLOCK), stride=BLOCK, pad=1), name, side)


def _placed(g: GraphBuilder, x: str, name: str, side: int) -> str:
    """Flow [N, 2, side, side] of blocks [N, 16, side / 2, side / 4]."""
    rows, columns = BLOCK
    x = g.reshape(x, f"{name}.blocks", -1, 2, rows, columns, side // rows, side // columns)
    x = g.transpose(x, f"{name}.places", 0, 1, 4, 2, 5, 3)
    return g.reshape(x, f"{name}.flow", -1, 2, side, side)
