"""The F5C block: fully-connected convolution (FCC), then channel correspondence (CCC)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.model.config import CHANNELS, MAP, POSITIONS, MolConfig

HALF = CHANNELS // 2
META = 32  # length of a stored kernel; a 16x16 map uses its first 16 entries


def circulant(kernel: Tensor) -> Tensor:
    """Matrices C [channels, 16, 16] with (C x)[h] = sum_i kernel[i] * x[(h + i) mod 16].

    Args:
        kernel: [channels, 16].
    """
    steps = torch.arange(MAP, device=kernel.device)
    return kernel[:, (steps[None, :] - steps[:, None]) % MAP]


class Fcc(nn.Module):
    """Global depthwise circular convolutions along one axis, then along the other (Section 3.1).

    The first half of the channels goes along height first, the second along width first.
    `ffn` belongs to the checkpoint format and takes no part in the computation.
    """

    def __init__(self) -> None:
        super().__init__()
        self.meta_kernel_1_H = nn.Parameter(torch.empty(HALF, 1, META, 1))
        self.meta_kernel_1_W = nn.Parameter(torch.empty(HALF, 1, 1, META))
        self.meta_kernel_2_H = nn.Parameter(torch.empty(HALF, 1, META, 1))
        self.meta_kernel_2_W = nn.Parameter(torch.empty(HALF, 1, 1, META))
        for step in (1, 2):
            for axis in "HW":
                nn.init.uniform_(getattr(self, f"meta_kernel_{step}_{axis}"), -0.25, 0.25)
                self.register_parameter(f"meta_{step}_{axis}_bias", nn.Parameter(torch.zeros(HALF)))
                shape = (1, HALF, META, 1) if axis == "H" else (1, HALF, 1, META)
                self.register_parameter(
                    f"meta_pe_{step}_{axis}", nn.Parameter(0.02 * torch.randn(shape))
                )
        self.pre_Norm_1 = nn.BatchNorm2d(HALF)
        self.pre_Norm_2 = nn.BatchNorm2d(HALF)
        unused = nn.Identity()
        self.ffn = nn.Sequential(
            nn.BatchNorm2d(CHANNELS),
            nn.Conv2d(CHANNELS, 2, 1),
            unused,
            unused,
            nn.Conv2d(2, CHANNELS, 1),
            unused,
        )
        self.ffn.requires_grad_(False)

    def _circular(self, x: Tensor, step: int, axis: str) -> Tensor:
        kernel = getattr(self, f"meta_kernel_{step}_{axis}").flatten(1)[:, :MAP]
        bias = getattr(self, f"meta_{step}_{axis}_bias")[None, :, None, None]
        matrix = circulant(kernel)
        mixed = matrix @ x if axis == "H" else x @ matrix.mT
        return mixed + bias

    def _embedding(self, step: int, axis: str) -> Tensor:
        embedding: Tensor = getattr(self, f"meta_pe_{step}_{axis}")
        return embedding[:, :, :MAP] if axis == "H" else embedding[..., :MAP]

    def forward(self, x: Tensor) -> Tensor:
        """Maps [N, 128, 16, 16] to maps of the same shape."""
        u, v = x.split(HALF, dim=1)
        u = self.pre_Norm_1(u + self._embedding(1, "H"))
        v = self.pre_Norm_2(v + self._embedding(1, "W"))
        u = self._circular(u, 1, "H") + self._embedding(2, "W")
        v = self._circular(v, 1, "W") + self._embedding(2, "H")
        u = self._circular(u, 2, "W")
        v = self._circular(v, 2, "H")
        return torch.cat([u, v], dim=1) + x


class Ccc(nn.Module):
    """Graph convolution over the k nearest nodes by cosine similarity (Section 3.2).

    The similarity is computed in float32 under any autocast: one flipped neighbour
    moves logits by up to 1e-2.
    """

    def __init__(self, config: MolConfig) -> None:
        super().__init__()
        self.neighbours = config.neighbours
        self.graph = config.graph
        self.conv1 = nn.Conv1d(1, POSITIONS, POSITIONS)
        self.conv2 = nn.Conv1d(1, POSITIONS, POSITIONS)
        if self.graph == "channels":
            self.mix = nn.Conv2d(CHANNELS, CHANNELS, 1)

    def nearest(self, nodes: Tensor) -> Tensor:
        """Indices [N, nodes, k] of the k most similar nodes of [N, nodes, features]."""
        with torch.no_grad(), torch.autocast(nodes.device.type, enabled=False):
            unit = F.normalize(nodes.float(), dim=2)
            return (unit @ unit.mT).topk(self.neighbours, dim=2).indices

    def edge(self, y: Tensor) -> Tensor:
        """The term e [N, 128, 16, 16] that the block adds to its input y."""
        by_position = y.flatten(2).mT
        if self.graph == "positions":
            return self._edge_of_positions(by_position).mT.unflatten(2, (MAP, MAP))
        return self.mix(self._edge_of_channels(by_position.mT).unflatten(2, (MAP, MAP)))

    def _weights(self) -> tuple[Tensor, Tensor, Tensor]:
        bias = self.conv1.bias + self.conv2.bias  # type: ignore[operator]
        return self.conv1.weight[:, 0], self.conv2.weight[:, 0], bias

    def _edge_of_positions(self, y: Tensor) -> Tensor:
        """e = ReLU((W1 - 2 W2) y + b1 + b2 + max_j W2 y[neighbour j]), y [N, 256, 128]."""
        own, other, bias = self._weights()
        index = self.nearest(y).mT.flatten(1)[:, :, None].expand(-1, -1, CHANNELS)
        gathered = y.gather(1, index).unflatten(1, (self.neighbours, POSITIONS))
        strongest = (other @ gathered).amax(dim=1)
        return F.relu((own - 2 * other) @ y + bias[:, None] + strongest)

    def _edge_of_channels(self, y: Tensor) -> Tensor:
        """e_c = max_j ReLU(W1 y_c + b1 + W2 (y_j - y_c) + b2), y [N, 128, 256]."""
        own, other, bias = self._weights()
        index = self.nearest(y).flatten(1)[:, :, None].expand(-1, -1, POSITIONS)
        gathered = (y @ other.mT).gather(1, index)
        strongest = gathered.unflatten(1, (CHANNELS, self.neighbours)).amax(dim=2)
        return F.relu(y @ (own - other).mT + bias + strongest)

    def forward(self, y: Tensor) -> Tensor:
        """Maps [N, 128, 16, 16] to maps of the same shape."""
        return y + self.edge(y)
