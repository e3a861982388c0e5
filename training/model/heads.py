"""The stem that all frames share, and the landmark and expression heads."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from training.model.config import CHANNELS, MAP, POINTS, MolConfig


class ConvStack(nn.Module):
    """Four convolutions without activation: frames [N, 1, 128, 128] to maps [N, 128, 16, 16]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_stack = nn.Sequential(
            nn.Conv2d(1, 8, 4, 2),
            nn.Conv2d(8, 32, 3, 2),
            nn.Conv2d(32, 64, 2, 2, 1),
            nn.Conv2d(64, CHANNELS, 1),
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Maps of normalised gray frames."""
        maps: Tensor = self.conv_stack(frames)
        return maps


class LandmarkHead(nn.Module):
    """68 landmarks of a frame from its F5C features (set 2) (Section 3.4)."""

    def __init__(self, config: MolConfig) -> None:
        super().__init__()
        side = MAP - 2
        self.convldm = nn.Conv2d(CHANNELS, config.landmark_channels, 3)
        self.fc1 = nn.Linear(config.landmark_channels * side * side, config.landmark_hidden)
        self.fc2 = nn.Linear(config.landmark_hidden, 2 * POINTS)

    def forward(self, maps: Tensor) -> Tensor:
        """Landmarks [N, 136] as x0 y0 x1 y1 ... in crop pixels."""
        hidden = F.relu(self.fc1(F.relu(self.convldm(maps)).flatten(1)))
        landmarks: Tensor = self.fc2(hidden)
        return landmarks


class ExpressionHead(nn.Module):
    """Class of a clip from the 14 F5C maps of its 7 pairs along time (Section 3.2)."""

    def __init__(self, config: MolConfig) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(CHANNELS, 32, (2, 2, 5), stride=(2, 2, 1))
        self.pool = nn.MaxPool3d(2, 2)
        self.fc1 = nn.Linear(2560, 256)
        self.fc2 = nn.Linear(256, config.classes)
        self.dropout = nn.Dropout(0.5)

    def forward(self, maps: Tensor) -> Tensor:
        """Logits [N, classes] of maps [N, 128, 16, 16, 14], time last."""
        pooled = self.dropout(self.pool(self.conv3d(maps)).flatten(1))
        logits: Tensor = self.fc2(self.dropout(F.relu(self.fc1(pooled))))
        return logits
