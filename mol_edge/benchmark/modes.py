"""What can be measured: modes, paces, and what each of them means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from mol_edge.benchmark.flops import clip_flops, graph_flops
from mol_edge.manifest_parts import ModelInfo

Mode = Literal[
    "clip", "clip_fused", "stream_flow", "stream", "preprocess", "postprocess", "pipeline"
]
Pace = Literal["back_to_back", "camera"]

MODES: tuple[Mode, ...] = get_args(Mode)
PACES: tuple[Pace, ...] = get_args(Pace)

MEANING: Mapping[Mode, str] = {
    "clip": "8 crops through the small graphs, as Pipeline.classify runs them",
    "clip_fused": "8 crops through the fused graph `clip`",
    "stream_flow": "one more frame of a stream, class window and optical flow",
    "stream": "one more frame of a stream, class window without optical flow",
    "preprocess": "five points and a picture of 1280 x 720 to the normalised crop",
    "postprocess": "outputs to picture coordinates and probabilities, motion, spotting",
    "pipeline": "one more frame of a video: face, crop, network with flow, result",
}

PACED: tuple[Mode, ...] = ("stream_flow", "stream", "pipeline")
"""Modes that a camera can pace; of the others only back to back means something."""

AROUND: tuple[Mode, ...] = ("preprocess", "postprocess")
"""Modes without the network, which the device and the precision do not change."""


def cells_of(
    modes: tuple[Mode, ...], paces: tuple[Pace, ...], around: bool = True
) -> tuple[tuple[Mode, Pace], ...]:
    """Every mode with every pace that means something for it.

    Args:
        modes: those asked for.
        paces: those asked for.
        around: whether the modes without the network are among them.

    Example:
        >>> cells_of(("clip", "stream"), ("back_to_back", "camera"))
        (('clip', 'back_to_back'), ('stream', 'back_to_back'), ('stream', 'camera'))
    """
    return tuple(
        (mode, pace)
        for mode in MODES
        if mode in modes and (around or mode not in AROUND)
        for pace in PACES
        if pace in paces and (pace == "back_to_back" or mode in PACED)
    )


def mode_flops(model: ModelInfo, mode: Mode) -> int | None:
    """Useful FLOPs of one query, or None where the network is not all of it."""
    graphs = graph_flops(model)
    if mode == "clip":
        return clip_flops(graphs)
    if mode == "clip_fused":
        return graphs["clip"]
    stream = graphs["features"] + graphs["head"]
    if mode == "stream":
        return stream
    if mode == "stream_flow":
        return stream + graphs["encoder"] + graphs["flow"]
    return None
