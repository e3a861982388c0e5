"""Does a bundle compute what the network computes? Per runtime, output and way of running it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from export.probe import probe_clips
from export.verification import Difference
from export.verification import Verification as Verification
from mol_edge.backends import open_backend
from mol_edge.backends.base import Backend, BackendOptions
from mol_edge.bundle import Bundle
from training.model import Mol
from training.model.config import FRAMES, PAIRS

Arrays = dict[str, NDArray[Any]]

RUNTIMES = ("onnxruntime:cpu", "openvino:CPU", "native:cpu")
"""The CPU runtimes that a bundle is verified on, where they compute the model."""

NATIVE_NEIGHBOURS = 8
NATIVE_CHANNELS = 16
"""The most that the C++ core looks for."""


def left_out_of(model: Mol) -> dict[str, str]:
    """The CPU runtimes that do not compute a model, and why.

    The C++ core takes graphs of positions alone, and landmark maps that fill its vectors.
    """
    config = model.config
    reasons = []
    if config.graph != "positions":
        reasons.append(f"graphs of positions, and this one is of {config.graph}")
    if config.neighbours > NATIVE_NEIGHBOURS:
        reasons.append(f"at most {NATIVE_NEIGHBOURS} neighbours, and there are {config.neighbours}")
    if config.landmark_channels % NATIVE_CHANNELS:
        reasons.append(
            f"landmark maps of {NATIVE_CHANNELS} channels or a multiple, and these have "
            f"{config.landmark_channels}"
        )
    return {"native:cpu": f"it computes {'; '.join(reasons)}"} if reasons else {}


def devices_for(model: Mol) -> tuple[str, ...]:
    """The CPU runtimes that compute a model."""
    without = left_out_of(model)
    return tuple(device for device in RUNTIMES if device not in without)


def verify(
    bundle: Bundle,
    model: Mol,
    devices: tuple[str, ...] | None = None,
    tolerance: float = 1e-3,
    threads: int = 2,
) -> Verification:
    """Compare a bundle's graphs with PyTorch on clips that are not near a tie.

    Args:
        bundle: the graphs.
        model: what they were exported from.
        devices: what runs them; every runtime for CPUs that computes the model by default.
        tolerance: largest difference allowed of outputs up to 100; of larger ones in proportion.
        threads: of each runtime.

    Raises:
        DeviceError: a runtime is not installed or does not work.
    """
    clips, gap = probe_clips(model)
    with torch.no_grad():
        outputs = (out.numpy() for out in model(torch.from_numpy(clips)))
        wanted = dict(zip(("logits", "flow", "landmarks"), outputs, strict=True))
    found: list[Difference] = []
    for device in devices or devices_for(model):
        backend = open_backend(bundle, device, BackendOptions(threads=threads))
        try:
            for mode, came in _runs(bundle, backend, clips):
                found += [
                    Difference(
                        device,
                        mode,
                        name,
                        _largest(came[name], wanted[name]),
                        float(np.abs(wanted[name]).max()),
                    )
                    for name in wanted
                ]
        finally:
            backend.close()
    without = {} if devices else left_out_of(model)
    return Verification(tolerance, tuple(found), gap, clips=len(clips), left_out=without)


def _largest(came: NDArray[Any], wanted: NDArray[Any]) -> float:
    if came.shape != wanted.shape:
        return float("inf")
    difference = np.abs(came.astype(np.float64) - wanted).max()
    return float(difference) if np.isfinite(difference) else float("inf")


def _runs(
    bundle: Bundle, backend: Backend, clips: NDArray[np.float32]
) -> Iterator[tuple[str, Arrays]]:
    if bundle.has("clip"):
        yield "clip", dict(backend.run("clip", {"clip": clips}))
    streams = [stream(backend, clip[0]) for clip in clips]
    yield "stream", {name: np.concatenate([s[name] for s in streams]) for name in streams[0]}


def stream(backend: Backend, frames: NDArray[np.float32]) -> Arrays:
    """Outputs of the clip [8, 128, 128] put together from the small graphs, frame by frame."""
    features: list[Mapping[str, NDArray[Any]]] = []
    encoded: list[Mapping[str, NDArray[Any]]] = []
    flows = []
    for index in range(FRAMES):
        frame = {"frames": np.ascontiguousarray(frames[index][None, None])}
        features.append(backend.run("features", frame))
        encoded.append(backend.run("encoder", frame))
        if index == 0:
            continue
        pair = {
            "frames": np.ascontiguousarray(frames[index - 1][None, None]),
            "enc2": encoded[-2]["enc2"],
            "enc3": encoded[-2]["enc3"],
            "enc3_next": encoded[-1]["enc3"],
            "first": features[-2]["first"],
            "second_next": features[-1]["second"],
        }
        flows.append(backend.run("flow", pair)["flow"])
    parts = np.concatenate([each["parts"] for each in features])[np.newaxis]
    logits = backend.run("head", {"parts": parts})["logits"]
    landmarks = [features[i]["landmarks"] for i in range(1, PAIRS + 1)]
    return {
        "logits": logits,
        "flow": np.stack(flows, axis=-1),
        "landmarks": np.stack(landmarks, axis=-1),
    }
