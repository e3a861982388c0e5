"""Does a bundle compute what the network computes? Per runtime, output and way of running it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from export.probe import probe_clips
from mol_edge.backends import open_backend
from mol_edge.backends.base import Backend, BackendOptions
from mol_edge.bundle import Bundle
from training.model import Mol
from training.model.config import FRAMES, PAIRS

Arrays = dict[str, NDArray[Any]]

NATIVE_NEIGHBOURS = 8
NATIVE_CHANNELS = 16
"""The most that the C++ core looks for."""

HINT = "float32 (OpenVINO: INFERENCE_PRECISION_HINT f32, stated, since its default may be bf16)"


@dataclass(frozen=True)
class Difference:
    """The largest difference of one output from PyTorch's.

    Attributes:
        device: the runtime that was compared.
        mode: ``clip`` for the fused graph, ``stream`` for the small graphs frame by frame.
        output: ``logits``, ``flow`` or ``landmarks``.
        largest: largest absolute difference.
        magnitude: largest absolute value of PyTorch's output, for scale.
    """

    device: str
    mode: str
    output: str
    largest: float
    magnitude: float


@dataclass(frozen=True)
class Verification:
    """All differences of a bundle from PyTorch, and what was allowed."""

    tolerance: float
    differences: tuple[Difference, ...]
    smallest_gap: float
    precision: str = HINT
    clips: int = field(default=2)

    @property
    def passed(self) -> bool:
        """Whether every difference is within the tolerance (one that is not a number is not)."""
        return all(d.largest <= self.tolerance for d in self.differences)

    def to_json(self) -> dict[str, Any]:
        """Plain values for the manifest; a difference that is not finite becomes text."""
        content = {**asdict(self), "passed": self.passed}
        for entry in content["differences"]:
            if not np.isfinite(entry["largest"]):
                entry["largest"] = str(entry["largest"])
        content["differences"] = list(content["differences"])
        if not np.isfinite(self.smallest_gap):
            content["smallest_gap"] = str(self.smallest_gap)
        return content

    def table(self) -> str:
        """The differences as a text table."""
        lines = [f"{'device':<18} {'mode':<7} {'output':<10} {'largest difference':>19}  of"]
        for d in self.differences:
            mark = "" if d.largest <= self.tolerance else f"  beyond {self.tolerance:g}"
            lines.append(
                f"{d.device:<18} {d.mode:<7} {d.output:<10} {d.largest:>19.2e}  "
                f"{d.magnitude:.2f}{mark}"
            )
        return "\n".join(lines)


def devices_for(model: Mol) -> tuple[str, ...]:
    """The CPU runtimes that compute a model.

    The C++ core takes graphs of positions alone, and landmark maps that fill its vectors.
    """
    config = model.config
    native = (
        config.graph == "positions"
        and config.neighbours <= NATIVE_NEIGHBOURS
        and config.landmark_channels % NATIVE_CHANNELS == 0
    )
    return ("onnxruntime:cpu", "openvino:CPU", *(("native:cpu",) if native else ()))


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
        tolerance: largest difference allowed.
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
    return Verification(tolerance, tuple(found), gap, clips=len(clips))


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
