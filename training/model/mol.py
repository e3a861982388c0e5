"""MOL as one module, with the parameter names of the official checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mol_edge.errors import ArrayError, OptionError
from training.model.config import CROP, FRAMES, PAIRS, MolConfig
from training.model.f5c import Ccc, Fcc
from training.model.flow import EncoderMaps, FlowHead
from training.model.heads import ConvStack, ExpressionHead, LandmarkHead


class Mol(nn.Module):
    """Micro-expression class, optical flow and landmarks of 8 gray face frames.

    Shao et al., "MOL: Joint Estimation of Micro-Expression, Optical Flow, and Landmark via
    Transformer-Graph-Style Convolution", IEEE TPAMI 2025. Every frame goes once through the
    stem, the F5C blocks and the flow encoder, whatever pairs it belongs to.

    Example:
        >>> model = Mol(MolConfig(classes=3)).eval()
        >>> logits, flow, landmarks = model(torch.zeros(1, 1, 8, 128, 128))
        >>> tuple(flow.shape)
        (1, 2, 128, 128, 7)
    """

    def __init__(self, config: MolConfig | None = None) -> None:
        super().__init__()
        self.config = config or MolConfig()
        self.conv_stack = ConvStack()
        self.FCC_1 = Fcc()
        self.FCC_2 = Fcc()
        self.CCC_1 = Ccc(self.config)
        self.CCC_2 = Ccc(self.config)
        self.flownet = FlowHead(self.config)
        self.mer_3dcnn = ExpressionHead(self.config)
        self.ldm_predictor = LandmarkHead(self.config)

    def first_features(self, maps: Tensor) -> Tensor:
        """F5C features of frames as the first of a pair, [N, 128, 16, 16]."""
        features: Tensor = self.CCC_1(self.FCC_1(maps))
        return features

    def second_features(self, maps: Tensor) -> Tensor:
        """F5C features of frames as the second of a pair, [N, 128, 16, 16]."""
        features: Tensor = self.CCC_2(self.FCC_2(maps))
        return features

    def forward(
        self, clip: Tensor, flow_pairs: Sequence[int] | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Logits, flow and landmarks of clips.

        Args:
            clip: normalised gray frames, float [B, 1, 8, 128, 128].
            flow_pairs: the pairs (0 to 6) whose flow is wanted; all by default, none if empty.

        Returns:
            Logits [B, classes]; flow [B, 2, 128, 128, pairs] in crop pixels, channel 0 = x;
            landmarks [B, 136, 7], x0 y0 x1 y1 ... in crop pixels of the frames 1 to 7.

        Raises:
            ArrayError: the clip has another shape.
        """
        if clip.dim() != 5 or tuple(clip.shape[1:]) != (1, FRAMES, CROP, CROP):
            raise ArrayError(
                f"clip must be of shape [B, 1, {FRAMES}, {CROP}, {CROP}], got {tuple(clip.shape)}."
            )
        batch = clip.shape[0]
        frames = clip.transpose(1, 2)
        maps = self.conv_stack(frames.flatten(0, 1)).unflatten(0, (batch, FRAMES))
        first = self.first_features(maps[:, :-1].flatten(0, 1)).unflatten(0, (batch, PAIRS))
        second = self.second_features(maps[:, 1:].flatten(0, 1)).unflatten(0, (batch, PAIRS))
        logits = self.mer_3dcnn(torch.stack([first, second], 2).flatten(1, 2).movedim(1, -1))
        landmarks = self.ldm_predictor(second.flatten(0, 1)).unflatten(0, (batch, PAIRS)).mT
        pairs = range(PAIRS) if flow_pairs is None else flow_pairs
        return logits, self._flow(frames, first, second, pairs), landmarks

    def _flow(self, frames: Tensor, first: Tensor, second: Tensor, pairs: Sequence[int]) -> Tensor:
        if any(not 0 <= pair < PAIRS for pair in pairs):
            raise OptionError(f"flow_pairs must lie within 0 to {PAIRS - 1}, got {list(pairs)}.")
        batch = frames.shape[0]
        if not pairs:
            return frames.new_zeros(batch, 2, CROP, CROP, 0)
        wanted = sorted({frame for pair in pairs for frame in (pair, pair + 1)})
        maps = self.flownet.encode(frames[:, wanted].flatten(0, 1))
        by_frame = [m.unflatten(0, (batch, len(wanted))) for m in maps]
        starts = [wanted.index(pair) for pair in pairs]
        ends = [wanted.index(pair + 1) for pair in pairs]
        chosen = list(pairs)
        flow = self.flownet(
            frames[:, chosen].flatten(0, 1),
            EncoderMaps(*(m[:, starts].flatten(0, 1) for m in by_frame)),
            by_frame[2][:, ends].flatten(0, 1),
            first[:, chosen].flatten(0, 1),
            second[:, chosen].flatten(0, 1),
        )
        return flow.unflatten(0, (batch, len(chosen))).movedim(1, -1)
