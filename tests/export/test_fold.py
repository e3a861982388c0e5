"""Rewrites of single layers, each against the layer it replaces."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from export.fold import apart_weight, block_weight, fcc_affine, interleaved_weight
from training.model.f5c import Fcc


def interleaved(x: torch.Tensor) -> torch.Tensor:
    """ONNX's `DepthToSpace` of block 2 in its mode DCR."""
    count, channels, height, width = x.shape
    parts = x.reshape(count, 2, 2, channels // 4, height, width).permute(0, 3, 4, 1, 5, 2)
    return parts.reshape(count, channels // 4, 2 * height, 2 * width)


def test_a_transposed_convolution_as_a_plain_one() -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(2, 5, 6, 7).double(), torch.randn(5, 3, 4, 4).double()
    wanted = F.conv_transpose2d(x, weight, stride=2, padding=1)
    plain = torch.from_numpy(interleaved_weight(weight.numpy()))
    came = interleaved(F.conv2d(x, plain, padding=1))[..., 1:-1, 1:-1]
    np.testing.assert_allclose(came.numpy(), wanted.numpy(), atol=1e-12)


def test_a_convolution_block_by_block() -> None:
    torch.manual_seed(1)
    x, weight = torch.randn(2, 5, 8, 12).double(), torch.randn(2, 5, 3, 3).double()
    wanted = F.conv2d(x, weight, padding=1)
    wide = torch.from_numpy(block_weight(weight.numpy(), (2, 4)))
    blocks = F.conv2d(x, wide, stride=(2, 4), padding=1).unflatten(1, (2, 2, 4))
    came = blocks.permute(0, 1, 4, 2, 5, 3).reshape(2, 2, 8, 12)
    np.testing.assert_allclose(came.numpy(), wanted.numpy(), atol=1e-12)


def test_a_convolution_of_maps_before_they_are_interleaved() -> None:
    torch.manual_seed(3)
    x, weight = torch.randn(2, 12, 5, 9).double(), torch.randn(6, 3, 4, 6).double()
    wanted = F.conv2d(interleaved(x), weight, stride=(2, 4))
    apart = torch.from_numpy(apart_weight(weight.numpy()))
    assert apart.shape == (6, 12, 2, 3)
    came = F.conv2d(x, apart, stride=(1, 2))
    np.testing.assert_allclose(came.numpy(), wanted.numpy(), atol=1e-12)


def test_fcc_as_two_matrices_and_a_constant() -> None:
    torch.manual_seed(2)
    fcc = Fcc().double().eval()
    with torch.no_grad():
        for name, value in [*fcc.named_parameters(), *fcc.named_buffers()]:
            if value.is_floating_point():
                value.copy_(torch.rand_like(value) + (0.5 if "var" in name else -0.5))
        x = torch.randn(2, 128, 16, 16).double()
        wanted = fcc(x).numpy()
    affine = fcc_affine(fcc)
    came = affine.left @ x.numpy() @ affine.right + affine.constant + x.numpy()
    np.testing.assert_allclose(came, wanted, atol=1e-9)
