"""The flow head: an encoder per frame, a correlation per pair, a decoder (FlowNetC-like)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.model.config import CHANNELS, MolConfig

REACH = 10  # displacements on each side of the correlation
STRIDE = 2  # map positions between two displacements
DISPLACEMENTS = (2 * REACH + 1) ** 2
SLOPE = 0.1


class EncoderMaps(NamedTuple):
    """What the encoder keeps of one frame, finest first."""

    conv1: Tensor
    conv2: Tensor
    conv3: Tensor


def conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution, batch norm, LeakyReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.LeakyReLU(SLOPE),
    )


def deconv(inputs: int, outputs: int) -> nn.Sequential:
    """Transposed convolution to twice the size, LeakyReLU."""
    return nn.Sequential(
        nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False), nn.LeakyReLU(SLOPE)
    )


def correlation(first: Tensor, second: Tensor) -> Tensor:
    """Similarity of each position with 21x21 displaced ones: [N, C, H, W] twice to [N, 441, H, W].

    Channel i * 21 + j holds the displacement (dy, dx) = (2 (i - 10), 2 (j - 10)): the sum over
    channels divided by 256 at width 1 (by the number of channels), LeakyReLU 0.1; zero outside.
    """
    batch, channels, height, width = first.shape
    product = first.flatten(2).mT @ second.flatten(2) / channels
    product = F.pad(product, (0, 1))  # column H * W stands for everything outside the map
    offsets = STRIDE * torch.arange(-REACH, REACH + 1, device=first.device)
    rows = torch.arange(height, device=first.device)[None, :] + offsets[:, None]
    columns = torch.arange(width, device=first.device)[None, :] + offsets[:, None]
    inside = ((rows >= 0) & (rows < height))[:, None, :, None] & (
        (columns >= 0) & (columns < width)
    )[None, :, None, :]
    target = torch.where(
        inside, rows[:, None, :, None] * width + columns[None, :, None, :], height * width
    )
    index = target.reshape(DISPLACEMENTS, height * width).mT
    gathered = product.gather(2, index.expand(batch, -1, -1))
    return F.leaky_relu(gathered.mT.unflatten(2, (height, width)), SLOPE)


class FlowHead(nn.Module):
    """Optical flow of a pair from two encoded frames and their F5C features (Section 3.3)."""

    def __init__(self, config: MolConfig) -> None:
        super().__init__()
        width = config.flow_channels
        self.conv1 = conv(1, width(64), 6, 2)
        self.conv2 = conv(width(64), width(128), 4, 2)
        self.conv3 = conv(width(128), width(256), 2, 2)
        self.conv_redir = conv(width(256), width(32), 1)
        self.conv3_1 = conv(width(32) + DISPLACEMENTS + 2 * CHANNELS, width(256))
        self.conv4 = conv(width(256), width(512), stride=2)
        self.conv4_1 = conv(width(512), width(512))
        self.conv5 = conv(width(512), width(512), stride=2)
        self.conv5_1 = conv(width(512), width(512))
        self.conv6 = conv(width(512), width(1024), stride=2)
        self.conv6_1 = conv(width(1024), width(1024))
        skips = (1, width(64), width(128), width(256), width(512), width(512))
        rises = (width(32), width(64), width(128), width(128), width(256), width(512))
        inputs = width(1024)
        for level in range(5, -1, -1):
            self.add_module(f"deconv{level}", deconv(inputs, rises[level]))
            self.add_module(f"predict_flow{level + 1}", nn.Conv2d(inputs, 2, 3, 1, 1, bias=False))
            self.add_module(
                f"upsampled_flow{level + 1}_to_{level}",
                nn.ConvTranspose2d(2, 2, 4, 2, 1, bias=False),
            )
            inputs = skips[level] + rises[level] + 2
        self.predict_flow0 = nn.Conv2d(inputs, 2, 3, 1, 1, bias=False)

    def encode(self, frames: Tensor) -> EncoderMaps:
        """Maps of gray frames [N, 1, 128, 128]."""
        conv1 = self.conv1(frames)
        conv2 = self.conv2(conv1)
        return EncoderMaps(conv1, conv2, self.conv3(conv2))

    def forward(
        self, frame: Tensor, maps: EncoderMaps, next_conv3: Tensor, first: Tensor, second: Tensor
    ) -> Tensor:
        """Flow [N, 2, 128, 128] in crop pixels from each pair's first frame to its second.

        Args:
            frame: first frame of each pair, [N, 1, 128, 128].
            maps: its encoder maps.
            next_conv3: the second frame's last encoder map.
            first: F5C features of the first frame (set 1), [N, 128, 16, 16].
            second: F5C features of the second frame (set 2).
        """
        joined = torch.cat(
            [self.conv_redir(maps.conv3), correlation(maps.conv3, next_conv3), first, second], dim=1
        )
        level3 = self.conv3_1(joined)
        level4 = self.conv4_1(self.conv4(level3))
        level5 = self.conv5_1(self.conv5(level4))
        concat = self.conv6_1(self.conv6(level5))
        skips = (frame, maps.conv1, maps.conv2, level3, level4, level5)
        for level in range(5, -1, -1):
            rise = self.get_submodule(f"deconv{level}")(concat)
            flow = self.get_submodule(f"predict_flow{level + 1}")(concat)
            raised = self.get_submodule(f"upsampled_flow{level + 1}_to_{level}")(flow)
            concat = torch.cat([skips[level], rise, raised], dim=1)
        flow0: Tensor = self.predict_flow0(concat)
        return flow0
