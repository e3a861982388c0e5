"""First weights of the flow head: it begins as a coarse gradient-based flow, and learns from there.

Drawn at random, the head sits for thousands of steps at zero flow before it finds out that motion
is the product of what changes and of the slope it changes on. Here its first layer starts with
such products. A unit with input u·f + λ w·(s - f), where u is a derivative filter on the first
frame's features f and w a smoothing filter on the change to the second frame's, less its twin
with -λ gives, through the LeakyReLU, the change times a gate on the slope's sign: what Lucas and
Kanade sum up. All filters are fitted to the features by least squares, the coarse flow to them on
training frames moved by known amounts, and each finer level begins by passing that flow on.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.forward import features
from training.model import Mol
from training.model.config import CHANNELS, MAP

_STRIDE, _FIRST_CENTRE = 8, 1.5  # pixels between positions of the map, and where the first lies
_BLUR = 1.5  # pixels, of the filters
_LAMBDA = 1.5
_KIND = 4  # units of one gated product: either sign of slope and of change
_RIDGE = 1e-3
_MOVES = 0.15  # pixels, of the known moves
_GRAIN = 0.02  # of a camera, in normalised luma
_SMALL = 0.1


@torch.no_grad()
def start_flow(model: Mol, frames: Tensor, generator: torch.Generator) -> None:
    """Set the first weights of the flow head.

    Args:
        model: a network in training mode whose stem and F5C have their first weights, set 2 of
            F5C equal to set 1.
        frames: normalised training frames [N, 128, 128], N of 32 or more.
        generator: chance.
    """
    kept = {name: buffer.clone() for name, buffer in model.named_buffers()}
    _start_products(model, frames)
    _start_coarse_flow(model, frames, generator)
    _pass_on(model)
    for name, buffer in model.named_buffers():
        buffer.copy_(kept[name])


def _features(model: Mol, frames: Tensor) -> Tensor:
    """F5C features [N, 128, 16, 16]."""
    return features(model.FCC_1, model.CCC_1, model.conv_stack(frames[:, None]), "fp32")


def _start_products(model: Mol, frames: Tensor) -> None:
    conv, _, _ = model.flownet.conv3_1
    assert isinstance(conv, nn.Conv2d)
    units = conv.out_channels // _KIND // 2  # each place takes one product along x, one along y
    places = _places(units)
    found = _neighbourhoods(_features(model, frames))
    wanted = torch.cat([_responses(frames, kind, places) for kind in ("x", "y", "smooth")], dim=1)
    filters = _fit(found, wanted).T.unflatten(1, (CHANNELS, 3, 3))
    along_x, along_y, smooth = filters.split(len(places))
    conv.weight.mul_(_SMALL)
    first, second = slice(-2 * CHANNELS, -CHANNELS), slice(-CHANNELS, None)
    unit = 0
    for slopes in (along_x, along_y):
        for slope, change in zip(slopes, smooth):
            for sign, way in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                conv.weight[unit] *= 0
                conv.weight[unit, first] = sign * slope - way * _LAMBDA * change
                conv.weight[unit, second] = way * _LAMBDA * change
                unit += 1


def _places(count: int) -> list[tuple[float, float]]:
    """`count` places (x, y) in pixels about a position's centre, spread over its 8 x 8 pixels."""
    columns = max(1, math.ceil(math.sqrt(count)))
    rows = max(1, math.ceil(count / columns))
    grid = [
        ((i + 0.5) / columns * _STRIDE - _STRIDE / 2, (j + 0.5) / rows * _STRIDE - _STRIDE / 2)
        for j in range(rows)
        for i in range(columns)
    ]
    return grid[:count]


def _responses(frames: Tensor, kind: str, places: list[tuple[float, float]]) -> Tensor:
    """What smoothing or derivative filters give at places about the inner positions: [rows, n]."""
    import cv2

    order = {"x": (1, 0), "y": (0, 1), "smooth": (0, 0)}[kind]
    centres = _FIRST_CENTRE + _STRIDE * np.arange(1, MAP - 1)
    x, y = np.meshgrid(centres, centres)
    columns = []
    for dx, dy in places:
        at = (x + dx).astype(np.float32), (y + dy).astype(np.float32)
        values = []
        for frame in frames.numpy():
            smooth = cv2.GaussianBlur(frame, (0, 0), _BLUR)
            if kind != "smooth":
                smooth = cv2.Sobel(smooth, cv2.CV_32F, *order, ksize=3, scale=1 / 8)
            values.append(cv2.remap(smooth, *at, cv2.INTER_LINEAR))
        columns.append(np.stack(values).reshape(-1))
    return torch.from_numpy(np.stack(columns, axis=1))


def _neighbourhoods(maps: Tensor) -> Tensor:
    """The 3 x 3 positions about each inner one, [rows, channels * 9]."""
    return F.unfold(maps, 3).mT.flatten(0, 1)


def _fit(found: Tensor, wanted: Tensor) -> Tensor:
    """Ridge regression: weights [inputs, outputs]."""
    found, wanted = found.double(), wanted.double()
    square = found.T @ found
    square.diagonal().add_(_RIDGE * square.diagonal().mean())
    return torch.linalg.solve(square, found.T @ wanted).float()


def _start_coarse_flow(model: Mol, frames: Tensor, generator: torch.Generator) -> None:
    moves = _MOVES * torch.randn(len(frames), 2, generator=generator)
    moved = _shifted(frames, moves)
    noisy = [f + _GRAIN * torch.randn(f.shape, generator=generator) for f in (frames, moved)]
    first, second = (_features(model, f) for f in noisy)
    nothing = torch.zeros(len(frames), _others(model), MAP, MAP)
    level = model.flownet.conv3_1(torch.cat([nothing, first, second], dim=1))
    found = _neighbourhoods(level)
    wanted = moves[:, None].expand(-1, (MAP - 2) ** 2, -1).flatten(0, 1)
    weights = _fit(found, wanted).T.unflatten(1, (level.shape[1], 3, 3))
    predict = model.flownet.predict_flow3
    assert isinstance(predict, nn.Conv2d)
    predict.weight.mul_(_SMALL)
    predict.weight[:, : level.shape[1]] = weights


def _others(model: Mol) -> int:
    """Channels that the head's first layer takes besides the features of the two frames."""
    conv = model.flownet.conv3_1[0]
    assert isinstance(conv, nn.Conv2d)
    return conv.in_channels - 2 * CHANNELS


def _shifted(frames: Tensor, moves: Tensor) -> Tensor:
    """Frames whose content has moved by (x, y) pixels each."""
    import cv2

    pictures = []
    for frame, (dx, dy) in zip(frames.numpy(), moves.tolist()):
        matrix = np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])
        size = frame.shape[::-1]
        pictures.append(
            cv2.warpAffine(
                frame, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
            )
        )
    return torch.from_numpy(np.stack(pictures))


def _pass_on(model: Mol) -> None:
    """Let each finer level begin with the flow of the coarser one, and coarser ones with zero."""
    tent = torch.tensor([0.25, 0.75, 0.75, 0.25])
    for level in range(6):
        raise_flow = model.flownet.get_submodule(f"upsampled_flow{level + 1}_to_{level}")
        assert isinstance(raise_flow, nn.ConvTranspose2d)
        raise_flow.weight.zero_()
        for component in (0, 1):
            raise_flow.weight[component, component] = tent[:, None] * tent[None, :]
    for level in (0, 1, 2, 4, 5, 6):
        predict = model.flownet.get_submodule(f"predict_flow{level}")
        assert isinstance(predict, nn.Conv2d)
        predict.weight.mul_(_SMALL)
        if level <= 2:
            for component in (0, 1):
                predict.weight[component, component - 2] = 0
                predict.weight[component, component - 2, 1, 1] = 1
