"""CCC's edge term as training on a CPU computes it: the same numbers in less than half the time.

`Ccc.edge` leaves its gradient to autograd, which copies the gathered maps three times over. Here
they are gathered once, row by row, in the layout that one matrix product takes, and the backward
pass sends the gradient of the maximum to the neighbour that won. Where the processor multiplies
bfloat16 natively, the products of the backward pass may use it; the forward pass, and with it the
similarity and the features, is float32 always.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from training.model.config import MAP, POSITIONS
from training.model.f5c import Ccc

_CHUNK = 16  # maps at a time, so that what is worked on stays in the caches


def has_fast_bfloat16() -> bool:
    """Whether this processor multiplies matrices of bfloat16 natively."""
    probe = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(probe and probe())


def fast_ccc(ccc: Ccc, maps: Tensor, half: bool) -> Tensor:
    """What `ccc(maps)` gives, [N, 128, 16, 16].

    Args:
        ccc: a block whose graph is of positions.
        maps: output of FCC.
        half: whether the backward pass multiplies in bfloat16.

    Example:
        >>> from training.model import MolConfig
        >>> ccc, maps = Ccc(MolConfig()), torch.randn(2, 128, 16, 16)
        >>> bool(torch.allclose(fast_ccc(ccc, maps, False), ccc(maps), atol=1e-5))
        True
    """
    own, other, bias = ccc._weights()
    by_position = maps.flatten(2).permute(2, 0, 1).contiguous()
    others = nearest_others(by_position, ccc.neighbours - 1)
    edge = _Edge.apply(by_position, others, own - 2 * other, other, bias, half)
    return (by_position + edge).permute(1, 2, 0).unflatten(2, (MAP, MAP))


@torch.no_grad()
def nearest_others(nodes: Tensor, count: int) -> Tensor:
    """Indices [256, N, count] of the positions most similar to each one of [256, N, 128].

    A position is its own nearest neighbour, so the search is for the others.
    """
    unit = F.normalize(nodes, dim=2).transpose(0, 1).contiguous()
    similarity = unit @ unit.mT
    similarity.diagonal(dim1=1, dim2=2).fill_(-2.0)
    return similarity.topk(count, dim=2, sorted=False).indices.transpose(0, 1)


class _Edge(torch.autograd.Function):
    """e = ReLU(own y + bias + max over neighbours of other y), y of shape [256, N, 128]."""

    @staticmethod
    def forward(
        ctx: Any, y: Tensor, index: Tensor, own: Tensor, other: Tensor, bias: Tensor, half: bool
    ) -> Tensor:
        out = torch.empty_like(y)
        winner = torch.empty(y.shape, dtype=torch.uint8)
        both = torch.cat([own, other])
        for start in range(0, y.shape[1], _CHUNK):
            part = slice(start, start + _CHUNK)
            mine = y[:, part].contiguous().view(POSITIONS, -1)
            base, best = (both @ mine).split(POSITIONS)
            won = torch.zeros(best.shape, dtype=torch.uint8)
            for rank, rows in enumerate(_rows(index[:, part]), 1):
                rival = other @ _gathered(mine, rows)
                # Ranks ascend, so the latest winner is the largest.
                torch.maximum(won, (rival > best).view(torch.uint8) * rank, out=won)
                torch.maximum(best, rival, out=best)
            chunk = out[:, part]
            chunk.copy_((base.add_(best).add_(bias[:, None])).relu_().view(chunk.shape))
            winner[:, part] = won.view(chunk.shape)
        ctx.save_for_backward(y, index, own, other, out, winner)
        ctx.half = half
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        y, index, own, other, out, winner = ctx.saved_tensors
        kind = torch.bfloat16 if ctx.half else y.dtype
        # Row blocks: through `own`, then through `other` for the node itself and each neighbour.
        down, across = own.T.contiguous().to(kind), other.T.contiguous().to(kind)
        d_own, d_other = torch.zeros_like(own), torch.zeros_like(other)
        d_y, d_bias = torch.empty_like(y), torch.zeros(POSITIONS)
        for start in range(0, y.shape[1], _CHUNK):
            part = slice(start, start + _CHUNK)
            shape = y[:, part].shape
            grad = torch.ops.aten.threshold_backward(grads[0][:, part], out[:, part], 0)
            grad = grad.reshape(POSITIONS, -1)
            d_bias += grad.sum(1)
            grad, won = grad.to(kind), winner[:, part].reshape(POSITIONS, -1)
            mine = y[:, part].to(kind).contiguous().view(POSITIONS, -1)
            to_self = grad * _mask(won, 0, kind)
            d_own += grad @ mine.T
            d_other += to_self @ mine.T
            total = (down @ grad + across @ to_self).float().view(-1, shape[2])
            for rank, rows in enumerate(_rows(index[:, part]), 1):
                sent = grad * _mask(won, rank, kind)
                d_other += sent @ _gathered(mine, rows).T
                total.index_add_(0, rows, (across @ sent).float().view(-1, shape[2]))
            d_y[:, part] = total.view(shape)
        return d_y, None, d_own, d_other, d_bias, None


def _rows(index: Tensor) -> list[Tensor]:
    """For each rank, the rows of [256 * n, 128] that a chunk's neighbours [256, n, k] lie in."""
    maps = index.shape[1]
    rows = index * maps + torch.arange(maps)[None, :, None]
    return [rows[:, :, rank].flatten() for rank in range(index.shape[2])]


def _mask(won: Tensor, rank: int, kind: torch.dtype) -> Tensor:
    # Conversion from bool is ten times slower than from bytes.
    return (won == rank).view(torch.uint8).to(kind)


def _gathered(mine: Tensor, rows: Tensor) -> Tensor:
    """Rows of a chunk [256, n * 128], taken map by map."""
    width = mine.numel() // len(rows)
    return mine.view(-1, width).index_select(0, rows).view(mine.shape)
