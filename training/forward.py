"""The network's forward pass as training needs it: pairs of each clip's own, and single stills."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn

from training.fast_edge import fast_ccc
from training.model import Mol
from training.model.config import FRAMES, PAIRS
from training.model.f5c import Ccc, Fcc
from training.model.flow import EncoderMaps
from training.options import Precision

_COARSE = (1, 2, 3, 4)
_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Outputs(NamedTuple):
    """What a batch gives; None where it was not asked for.

    Attributes:
        logits: [B, classes].
        flow: [B, P, 2, 128, 128], crop pixels, channel 0 = x.
        landmarks: [B, F, 68, 2], crop pixels, of the frames in `seen`.
        seen: int64 [B, F], the frames whose landmarks were computed: 1 to 7 with logits, the
            second frame of each pair without.
        stills: [S, 68, 2], crop pixels.
        coarse: the flow head's coarser predictions [B, P, 2, s, s], s = 64, 32, 16 and 8, in
            pixels of the crop too; empty where they were not asked for.
    """

    logits: Tensor | None = None
    flow: Tensor | None = None
    landmarks: Tensor | None = None
    seen: Tensor | None = None
    stills: Tensor | None = None
    coarse: tuple[Tensor, ...] = ()


def forward(
    model: Mol,
    clip: Tensor | None,
    pairs: Tensor | None = None,
    stills: Tensor | None = None,
    *,
    classify: bool = True,
    coarse: bool = False,
    precision: Precision = "fp32",
) -> Outputs:
    """Logits, flow of chosen pairs and landmarks of clips, and landmarks of single frames.

    Unlike `Mol.forward`, each clip has pairs of its own, only frames that are needed are computed
    (two per pair where no logits are wanted: an eighth of the features' cost), and stills go with
    the clips' second frames through one pass of the stem, F5C set 2 and the landmark head.

    Args:
        model: the network.
        clip: normalised frames [B, 8, 128, 128], or None.
        pairs: int64 [B, P], the pairs (0 to 6) whose flow is wanted; None or P = 0 for none.
        stills: normalised frames [S, 128, 128], or None.
        classify: whether logits are wanted.
        coarse: whether the flow head's coarser predictions are wanted too.
        precision: ``bf16`` or ``fp16`` run the flow and expression heads on a GPU under autocast;
            on a CPU ``bf16`` is for the backward pass of CCC. The features, which the graph's
            similarity depends on, are float32 always, and so are landmarks: between 64 and 128
            pixels bf16 knows only halves.

    Example:
        >>> out = forward(Mol(), torch.zeros(2, 8, 128, 128), torch.tensor([[3], [5]]))
        >>> tuple(out.flow.shape)
        (2, 1, 2, 128, 128)
    """
    if clip is None:
        return Outputs(stills=_of_stills(model, stills, precision))
    starts = _first_frames(clip, pairs, classify)
    batch, count = starts.shape
    rows = torch.arange(batch, device=clip.device)[:, None]
    if classify:
        maps = model.conv_stack(clip.flatten(0, 1)[:, None]).unflatten(0, (batch, FRAMES))
        firsts, seconds = maps[rows, starts].flatten(0, 1), maps[rows, starts + 1].flatten(0, 1)
    else:
        frames = torch.cat([clip[rows, starts], clip[rows, starts + 1]]).flatten(0, 1)
        firsts, seconds = model.conv_stack(frames[:, None]).chunk(2)
    if stills is not None:
        seconds = torch.cat([seconds, model.conv_stack(stills[:, None])])
    second = features(model.FCC_2, model.CCC_2, seconds, precision)
    first = features(model.FCC_1, model.CCC_1, firsts, precision).unflatten(0, (batch, count))
    used = batch * count
    by_clip = second[:used].unflatten(0, (batch, count))
    logits = flow = None
    levels: tuple[Tensor, ...] = ()
    points = model.ldm_predictor(second).unflatten(1, (-1, 2))
    with _heads(clip.device, precision):
        if classify:
            stack = torch.stack([first, by_clip], 2).flatten(1, 2).movedim(1, -1)
            logits = model.mer_3dcnn(stack)
        if pairs is not None and pairs.shape[1]:
            at = pairs if classify else torch.arange(count, device=clip.device)[None]
            with _coarse_levels(model, coarse) as caught:
                flow = _flow(model, clip, pairs, first[rows, at], by_clip[rows, at])
            levels = tuple(level.unflatten(0, tuple(pairs.shape)) for level in caught)
    landmarks = points[:used].unflatten(0, (batch, count))
    of_stills = None if stills is None else points[used:]
    return Outputs(logits, flow, landmarks, starts + 1, of_stills, levels)


def features(fcc: Fcc, ccc: Ccc, maps: Tensor, precision: Precision) -> Tensor:
    """F5C features of maps [N, 128, 16, 16]."""
    mixed = fcc(maps)
    if mixed.device.type == "cpu" and ccc.graph == "positions" and ccc.neighbours > 1:
        return fast_ccc(ccc, mixed, half=precision == "bf16")
    result: Tensor = ccc(mixed)
    return result


def _first_frames(clip: Tensor, pairs: Tensor | None, classify: bool) -> Tensor:
    """The first frames of the pairs whose features are needed, [B, F]."""
    if classify or pairs is None or not pairs.shape[1]:
        return torch.arange(PAIRS, device=clip.device).expand(len(clip), -1)
    return pairs


def _heads(device: torch.device, precision: Precision) -> torch.autocast:
    kind = _TYPES.get(precision)
    return torch.autocast(device.type, kind, enabled=kind is not None and device.type != "cpu")


def _of_stills(model: Mol, stills: Tensor | None, precision: Precision) -> Tensor | None:
    if stills is None:
        return None
    maps = features(model.FCC_2, model.CCC_2, model.conv_stack(stills[:, None]), precision)
    points: Tensor = model.ldm_predictor(maps).unflatten(1, (-1, 2))
    return points


@contextmanager
def _coarse_levels(model: Mol, wanted: bool) -> Iterator[list[Tensor]]:
    """Collects what the flow head predicts at its coarser levels, which its output leaves out."""
    caught: list[Tensor] = []

    def keep(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
        caught.insert(0, output)

    predictors = [model.flownet.get_submodule(f"predict_flow{level}") for level in _COARSE]
    handles = [part.register_forward_hook(keep) for part in predictors if wanted]
    try:
        yield caught
    finally:
        for handle in handles:
            handle.remove()


def _flow(model: Mol, clip: Tensor, pairs: Tensor, first: Tensor, second: Tensor) -> Tensor:
    rows = torch.arange(len(clip), device=clip.device)[:, None]
    starts, ends = clip[rows, pairs].flatten(0, 1), clip[rows, pairs + 1].flatten(0, 1)
    # One pass for both frames of the pairs, so that batch norm sees them together.
    encoded = model.flownet.encode(torch.cat([starts, ends])[:, None])
    half = len(starts)
    flow: Tensor = model.flownet(
        starts[:, None],
        EncoderMaps(*(level[:half] for level in encoded)),
        encoded.conv3[half:],
        first.flatten(0, 1),
        second.flatten(0, 1),
    )
    return flow.unflatten(0, tuple(pairs.shape))
