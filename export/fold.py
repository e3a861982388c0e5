"""Linear algebra that turns a network's weights into those of its inference graphs.

Everything is computed in float64 and rounded once, so that a folded graph agrees with the
unfolded network to float32 rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from training.model.config import CHANNELS, MAP
from training.model.f5c import HALF, Ccc, Fcc
from training.model.flow import DISPLACEMENTS, REACH, STRIDE
from training.model.heads import ConvStack, ExpressionHead

Array = NDArray[np.float64]


def array(parameter: object) -> Array:
    """A parameter or buffer as float64."""
    return np.asarray(parameter.detach().cpu().numpy(), dtype=np.float64)  # type: ignore[attr-defined]


def scale_and_shift(norm: nn.BatchNorm2d) -> tuple[Array, Array]:
    """A batch norm in eval mode as y = scale * x + shift, per channel."""
    scale = array(norm.weight) / np.sqrt(array(norm.running_var) + norm.eps)
    return scale, array(norm.bias) - scale * array(norm.running_mean)


def conv_with_norm(block: nn.Sequential) -> tuple[Array, Array]:
    """Weight and bias of a convolution with the batch norm that follows it."""
    convolution, norm = block[0], block[1]
    assert isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
    scale, shift = scale_and_shift(norm)
    return array(convolution.weight) * scale[:, None, None, None], shift


def last_two_of_stem(stem: ConvStack) -> tuple[Array, Array]:
    """The stem's third convolution with its 1x1 fourth: no activation lies between them."""
    third, fourth = stem.conv_stack[2], stem.conv_stack[3]
    assert isinstance(third, nn.Conv2d) and isinstance(fourth, nn.Conv2d)
    mix = array(fourth.weight)[:, :, 0, 0]
    weight = np.einsum("om,mihw->oihw", mix, array(third.weight))
    return weight, mix @ array(third.bias) + array(fourth.bias)


@dataclass(frozen=True)
class Affine:
    """FCC as y = left @ x @ right + constant + x, per channel.

    Attributes:
        left: circulant along height, [128, 16, 16].
        right: circulant along width, transposed, [128, 16, 16].
        constant: [128, 16, 16].
    """

    left: Array
    right: Array
    constant: Array


def _circulant(kernel: object) -> Array:
    taps = array(kernel).reshape(HALF, -1)[:, :MAP]
    steps = np.arange(MAP)
    return taps[:, (steps[None, :] - steps[:, None]) % MAP]


def fcc_affine(fcc: Fcc) -> Affine:
    """Fold an FCC block's norms, embeddings, circular convolutions and biases (Section 3.1)."""

    def embedding(step: int, axis: str) -> Array:
        full = array(getattr(fcc, f"meta_pe_{step}_{axis}"))[0]
        return full[:, :MAP] if axis == "H" else full[:, :, :MAP]

    def bias(step: int, axis: str) -> Array:
        return array(getattr(fcc, f"meta_{step}_{axis}_bias"))[:, None, None]

    parts = []
    for half, (norm, one, two) in enumerate(
        ((fcc.pre_Norm_1, "H", "W"), (fcc.pre_Norm_2, "W", "H"))
    ):
        scale, shift = scale_and_shift(norm)
        scale, shift = scale[:, None, None], shift[:, None, None]
        matrices = {
            one: _circulant(getattr(fcc, f"meta_kernel_1_{one}")),
            two: _circulant(getattr(fcc, f"meta_kernel_2_{two}")),
        }
        left, right = matrices["H"], matrices["W"].transpose(0, 2, 1)
        constant = np.broadcast_to(scale * embedding(1, one) + shift, (HALF, MAP, MAP))
        constant = left @ constant if half == 0 else constant @ right
        constant = constant + bias(1, one) + embedding(2, two)
        constant = constant @ right if half == 0 else left @ constant
        parts.append((scale * left, right, constant + bias(2, two)))
    left, right, constant = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Affine(left, right, constant)


def ccc_matrices(ccc: Ccc) -> tuple[Array, Array, Array]:
    """Own matrix, neighbours' matrix and bias of a CCC block (Section 3.2).

    On positions the neighbours' difference is taken twice, on channels once, hence the factor.
    """
    own, other = array(ccc.conv1.weight)[:, 0], array(ccc.conv2.weight)[:, 0]
    times = 2 if ccc.graph == "positions" else 1
    return own - times * other, other, array(ccc.conv1.bias) + array(ccc.conv2.bias)


def correlation_gather() -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """How a product of two maps becomes a correlation.

    Returns:
        The displacements (of 441) that can overlap a 16x16 map, [D]; for each of them and each
        position the place in the flattened [256, 256] product, [D * 256]; and a mask, 1 where
        the displaced position lies inside the map, [D, 16, 16].
    """
    side = 2 * REACH + 1
    reachable = [
        index
        for index in range(DISPLACEMENTS)
        if abs((index // side - REACH) * STRIDE) < MAP
        and abs((index % side - REACH) * STRIDE) < MAP
    ]
    rows, columns = np.mgrid[0:MAP, 0:MAP]
    places, inside = [], []
    for index in reachable:
        row = rows + (index // side - REACH) * STRIDE
        column = columns + (index % side - REACH) * STRIDE
        valid = (row >= 0) & (row < MAP) & (column >= 0) & (column < MAP)
        target = np.where(valid, row * MAP + column, 0)
        places.append((rows * MAP + columns) * MAP * MAP + target)
        inside.append(valid)
    return (
        np.array(reachable, np.int64),
        np.stack(places).reshape(-1).astype(np.int32),
        np.stack(inside).astype(np.float32),
    )


def interleaved_weight(weight: Array) -> Array:
    """A transposed convolution (kernel 4, stride 2, padding 1) as a plain one of kernel 2.

    The plain one, with padding 1, gives at position (i, j) the pixels (2i - 1 + a, 2j - 1 + b),
    a and b of 0 and 1, as channels (2a + b) * out + c: `DepthToSpace` interleaves them to a map
    with a rim of one pixel.

    Args:
        weight: [in, out, 4, 4], as PyTorch and ONNX keep a transposed convolution's.

    Returns:
        Weight [4 * out, in, 2, 2].
    """
    inputs, outputs = weight.shape[:2]
    plain = np.empty((2, 2, outputs, inputs, 2, 2))
    for a, b, t, u in np.ndindex(2, 2, 2, 2):
        plain[a, b, :, :, t, u] = weight[:, :, 2 + a - 2 * t, 2 + b - 2 * u].T
    return plain.reshape(4 * outputs, inputs, 2, 2)


def block_weight(weight: Array, block: tuple[int, int]) -> Array:
    """A convolution as one whose stride and output channels cover a block of pixels.

    Args:
        weight: [out, in, 3, 3], applied with padding 1.
        block: rows and columns of a block.

    Returns:
        Weight [out * rows * columns, in, rows + 2, columns + 2].
    """
    rows, columns = block
    outputs, inputs, height, width = weight.shape
    wide = np.zeros((outputs, rows, columns, inputs, rows + height - 1, columns + width - 1))
    for a, b in np.ndindex(rows, columns):
        wide[:, a, b, :, a : a + height, b : b + width] = weight
    return wide.reshape(outputs * rows * columns, *wide.shape[3:])


def apart_weight(weight: Array) -> Array:
    """A convolution of interleaved maps as one of the maps before `DepthToSpace`.

    Args:
        weight: [out, in, rows, columns], both even; its first pixel is the interleaved maps' first.

    Returns:
        Weight [out, 4 * in, rows / 2, columns / 2], of channels (2a + b) * in + c.
    """
    outputs, inputs, height, width = weight.shape
    parts = weight.reshape(outputs, inputs, height // 2, 2, width // 2, 2)
    return parts.transpose(0, 3, 5, 1, 2, 4).reshape(outputs, -1, height // 2, width // 2)


@dataclass(frozen=True)
class ColumnPlaces:
    """How the features that a pooled column reads are dealt out to units along time.

    A column reads the features of three pairs of samples: `first` of each pair's earlier sample,
    `second` of its later one. Its convolution along time has two steps.

    Attributes:
        lag: places by which the pair whose `second` a unit holds lies before that whose `first` it
            holds.
        parts: place in the column, and step, of each set of channels that a unit adds.
    """

    lag: int
    parts: tuple[tuple[int, int], ...]


OF_SAMPLES = ColumnPlaces(1, ((0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (3, 1)))
"""A unit is a sample, which ends one pair and begins the next."""
OF_PAIRS = ColumnPlaces(0, ((0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)))
"""A unit is a pair of samples."""


def column_parts(head: ExpressionHead, places: ColumnPlaces) -> tuple[Array, Array]:
    """The 3-d convolution of a pooled column, taken apart to 2-d ones of one unit each.

    Returns:
        Weight [6 * 32, 256, 2, 2] for the channels of `first` and then `second`, and bias, which
        each column gets once for each step, [6 * 32].
    """
    kernel = array(head.conv3d.weight)
    outputs, _, height, width, taps = kernel.shape
    weight = np.zeros((len(places.parts), outputs, 2, CHANNELS, height, width))
    for part, (place, step) in zip(weight, places.parts):
        for which, pair in ((0, place), (1, place - places.lag)):
            tap = 2 * pair + which - step
            if 0 <= tap < taps:
                part[:, which] = kernel[..., tap]
    bias = np.zeros((len(places.parts), outputs))
    bias[0] = bias[-1] = array(head.conv3d.bias)
    return weight.reshape(-1, 2 * CHANNELS, height, width), bias.reshape(-1)
