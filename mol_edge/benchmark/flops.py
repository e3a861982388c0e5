"""Floating-point operations of the network, from its configuration alone (a multiply-add is two).

These are the useful ones, of convolutions and matrix products: what a rewrite of a graph adds or a
precision saves does not change them, so that times of different bundles can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping

from mol_edge.manifest_parts import ModelInfo

_PLACES = 16 * 16
_CHANNELS = 128
_DISPLACEMENTS = 15**2
"""Of the correlation's 21 × 21 those that stay within a map of 16 × 16; the rest are zero."""
_CONV_STACK = 2 * (63**2 * 8 * 4**2 + 31**2 * 32 * 8 * 3**2 + _PLACES * (64 * 32 * 4 + 128 * 64))
_FCC = 2 * 2 * _CHANNELS * _PLACES * 16
_PARTS = 2 * 8**2 * 32 * _CHANNELS * 2 * 2 * 2 * 5
_SUMS = 2 * 2 * 5 * 3 * 32 * 8**2
_LANDMARK_SIDE = 14


def graph_flops(model: ModelInfo) -> dict[str, int]:
    """FLOPs of one inference of each graph at batch 1; `clip` is the fused one.

    Args:
        model: configuration of the network.

    Example:
        >>> flops = graph_flops(ModelInfo(classes=5))
        >>> round(flops["features"] / 1e9, 3), round(flops["clip"] / 1e9, 1)
        (0.261, 27.9)
    """
    block, landmarks = _FCC + _ccc(model), _landmarks(model)
    encoder, conv1 = _encoder(model)
    flops = {
        "features": _CONV_STACK + 2 * block + landmarks + _PARTS,
        "encoder": encoder,
        "flow": _flow(model) + conv1,
        "head": _SUMS + 2 * 256 * (2560 + model.classes),
    }
    # Of the first frame no landmarks and one block, of the last one block; parts are of pairs, and
    # conv1 is kept.
    flops["clip"] = clip_flops(flops) - 2 * block - landmarks - _PARTS - 7 * conv1
    return flops


def clip_flops(graphs: Mapping[str, int]) -> int:
    """FLOPs of a clip of 8 frames that is composed of the small graphs."""
    return 8 * (graphs["features"] + graphs["encoder"]) + 7 * graphs["flow"] + graphs["head"]


def _ccc(model: ModelInfo) -> int:
    """Similarity of the nodes, one product for the node itself and those for its neighbours."""
    product = 2 * _PLACES * _PLACES * _CHANNELS
    if model.graph == "positions":
        return product * (2 + model.neighbours)
    return 2 * product + 2 * 2 * _CHANNELS * _CHANNELS * _PLACES


def _landmarks(model: ModelInfo) -> int:
    places = _LANDMARK_SIDE**2
    channels, hidden = model.landmark_channels, model.landmark_hidden
    return 2 * (places * channels * _CHANNELS * 9 + hidden * (channels * places + 136))


def _width(model: ModelInfo, full: int) -> int:
    return max(8, int(full * model.flow_width / 8 + 0.5) * 8)


def _encoder(model: ModelInfo) -> tuple[int, int]:
    """FLOPs of the encoder, and of its first convolution, which `flow` computes again."""
    a, b, c = (_width(model, full) for full in (64, 128, 256))
    conv1 = 2 * 64**2 * a * 36
    return conv1 + 2 * (32**2 * b * a * 16 + _PLACES * c * b * 4), conv1


def _flow(model: ModelInfo) -> int:
    """Correlation, the convolutions down to 2 × 2, and the decoder up to 128 × 128."""
    w = {full: _width(model, full) for full in (32, 64, 128, 256, 512, 1024)}
    flops = 2 * _PLACES * (w[256] * w[32] + _PLACES * w[256])
    joined = w[32] + _DISPLACEMENTS + 2 * _CHANNELS
    down = (
        (16, joined, w[256]), (8, w[256], w[512]), (8, w[512], w[512]), (4, w[512], w[512]),
        (4, w[512], w[512]), (2, w[512], w[1024]), (2, w[1024], w[1024]),
    )  # fmt: skip
    flops += sum(2 * side**2 * inputs * outputs * 9 for side, inputs, outputs in down)
    rises = (w[512], w[256], w[128], w[128], w[64], w[32])
    skips = (w[512], w[512], w[256], w[128], w[64], 1)
    inputs, side = w[1024], 2
    for rise, skip in zip(rises, skips):
        # A transposed convolution spends its 4 × 4 kernel on each input.
        flops += 2 * side**2 * (16 * inputs * rise + 9 * inputs * 2 + 16 * 2 * 2)
        inputs, side = skip + rise + 2, 2 * side
    return flops + 2 * side**2 * 9 * inputs * 2
