"""The SDK against what one would use instead: PyTorch eager, and OpenCV's calls.

    python -m benchmarks.side_by_side BUNDLE CHECKPOINT [--threads 2] [--rounds 15]

All tasks take turns in one process, so that what slows the machine down slows all of them; a ratio
is the median over rounds of the other's time divided by the SDK's in the same round. PyTorch runs
the checkpoint that the bundle was exported from, and its outputs are held against the SDK's first,
so that nobody is faster by computing something else. As a stream it runs the whole window anew for
each frame, which is what a module of 8 frames offers (``window anew``), and, as a second opinion,
the parts of the module with the state of earlier frames kept by hand (``kept by hand``).
"""

from __future__ import annotations

import argparse
import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.preprocess import MEAN, SCALE, opencv_crop, picture, transform_of
from benchmarks.timing import interleave
from export.checkpoint import load_checkpoint
from mol_edge import Bundle, _core
from mol_edge.backends import BackendOptions, open_backend
from mol_edge.backends.base import MOST_THREADS
from mol_edge.backends.device import installed_runtimes
from mol_edge.backends.session import SessionBackend
from mol_edge.backends.targets import computes
from mol_edge.benchmark.tasks import clip_crops
from mol_edge.commands.values import whole
from mol_edge.engine import Engine
from mol_edge.engine_output import EngineOptions, FlowMode
from mol_edge.errors import InputError
from mol_edge.face_shape import MEAN_SHAPE
from mol_edge.network import run_clip
from training.model import Mol
from training.model.flow import EncoderMaps

SETTLE_S = 0.05
PERIOD_NS = 50_000_000
MOST_APART = 0.05
"""Largest difference of a logit that still counts as the same checkpoint; int8 may be further."""

Task = Callable[[], object]
Crops = NDArray[np.float32]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    given = _parser().parse_args(arguments)
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(given.threads)
    bundle = Bundle.open(given.bundle)
    model = load_checkpoint(given.checkpoint).model.eval()
    crops = clip_crops(bundle)
    backends = {
        f"SDK {runtime} {precision}": open_backend(
            bundle, runtime, BackendOptions(threads=given.threads, precision=precision)
        )
        for runtime in installed_runtimes()
        if runtime in ("onnxruntime", "openvino", "native")
        for precision in bundle.manifest.graphs
        if computes(runtime, precision)
    }
    _check_same(backends, model, crops)
    print(f"{bundle.manifest.name}, {given.threads} threads, {given.rounds} rounds in turn")
    for title, tasks in _groups(backends, model, crops).items():
        print(f"\n{title}")
        times = interleave(tasks, given.rounds, settle_s=SETTLE_S, bursts=dict.fromkeys(tasks, 2))
        print(format_ratios(times))


def format_ratios(times: Mapping[str, Sequence[float]]) -> str:
    """A line for each task, with how many times as long each other one took.

    Args:
        times: seconds of each task; those whose name begins with ``SDK`` are held against.
    """
    own = [name for name in times if name.startswith("SDK")]
    lines = []
    for name, seconds in times.items():
        line = f"  {name:<34} {1e3 * float(np.median(seconds)):9.3f} ms"
        if name not in own:
            ratios = [
                f"{float(np.median(np.array(seconds) / np.array(times[each]))):.2f} x {each}"
                for each in own
            ]
            line += f"   {', '.join(ratios)}"
        lines.append(line)
    return "\n".join(lines)


def _groups(
    backends: Mapping[str, SessionBackend], model: Mol, crops: Crops
) -> dict[str, dict[str, Task]]:
    clips: dict[str, Task] = {
        name: lambda backend=backend: run_clip(backend, crops[:, None])  # type: ignore[misc]
        for name, backend in backends.items()
    }
    clips["PyTorch eager"] = _window_anew(model, crops, None)
    streams: dict[str, dict[str, Task]] = {}
    for flow in ("always", "never"):
        mode: FlowMode = "always" if flow == "always" else "never"
        streams[flow] = {name: _stream(each, crops, mode) for name, each in backends.items()}
        streams[flow]["PyTorch eager, window anew"] = _window_anew(
            model, crops, (6,) if flow == "always" else ()
        )
        streams[flow]["PyTorch eager, kept by hand"] = _kept_by_hand(model, crops, mode)
    return {
        "a clip of 8 frames: class, 7 flows, landmarks": clips,
        "a new frame of a stream: class, landmarks, flow": streams["always"],
        "a new frame of a stream: class, landmarks": streams["never"],
        "a face of 1280 x 720 to the network's input": _crop_tasks(),
        "flow as a picture": _picture_tasks(),
        "how the face moved between two crops (another method, for scale)": _motion_tasks(crops),
    }


def _check_same(backends: Mapping[str, SessionBackend], model: Mol, crops: Crops) -> None:
    """Refuse a checkpoint that the bundle was not exported from."""
    with torch.inference_mode():
        logits, _, landmarks = model(torch.from_numpy(crops)[None, None])
    for name, backend in backends.items():
        output = run_clip(backend, crops[:, None])
        apart = float(np.abs(output.logits - logits[0].numpy()).max())
        points = np.abs(output.landmarks.reshape(7, 136) - landmarks[0].mT.numpy()).max()
        print(f"{name}: logits {apart:.1e}, landmarks {points:.1e} px from PyTorch's")
        if name.endswith("fp32") and apart > MOST_APART:
            raise InputError(
                f"The checkpoint must be the one that the bundle was exported from, and logits "
                f"differ by {apart:.2g}: name that one."
            )


def _window_anew(model: Mol, crops: Crops, pairs: Sequence[int] | None) -> Task:
    clip = torch.from_numpy(crops)[None, None]

    def run() -> object:
        with torch.inference_mode():
            return model(clip, pairs)

    return run


def _stream(backend: SessionBackend, crops: Crops, flow: FlowMode) -> Task:
    engine, index = Engine(backend, EngineOptions(flow=flow), PERIOD_NS), itertools.count()

    def push() -> None:
        at = next(index)
        engine.push(crops[at % len(crops)][None], [0], at * PERIOD_NS, at)

    for _ in range(20):
        push()
    return push


def _kept_by_hand(model: Mol, crops: Crops, flow: FlowMode) -> Task:
    """One more frame with the module's parts, what earlier frames gave being kept."""
    frames, index = torch.from_numpy(crops)[:, None, None], itertools.count()
    firsts: deque[torch.Tensor] = deque(maxlen=8)
    seconds: deque[torch.Tensor] = deque(maxlen=8)
    encoded: deque[tuple[torch.Tensor, EncoderMaps]] = deque(maxlen=2)

    def push() -> None:
        frame = frames[next(index) % len(frames)]
        with torch.inference_mode():
            maps = model.conv_stack(frame)
            firsts.append(model.first_features(maps))
            seconds.append(model.second_features(maps))
            model.ldm_predictor(seconds[-1])
            if len(firsts) == 8:
                pairs = [m for i in range(7) for m in (firsts[i], seconds[i + 1])]
                model.mer_3dcnn(torch.stack(pairs, dim=-1))
            if flow == "never":
                return
            encoded.append((frame, model.flownet.encode(frame)))
            if len(encoded) == 2:
                (earlier, before), (_, after) = encoded
                model.flownet(earlier, before, after.conv3, firsts[-2], seconds[-1])

    for _ in range(10):
        push()
    return push


def _crop_tasks() -> dict[str, Task]:
    image, transform = picture(), transform_of(640, 360, 300)
    return {
        "SDK core": lambda: _core.crop_float(image, transform, MEAN, SCALE, "bgr", True),
        "OpenCV warpAffine, cvtColor": lambda: opencv_crop(image, transform, "bgr"),
    }


def _picture_tasks() -> dict[str, Task]:
    flow = np.random.default_rng(0).standard_normal((2, 128, 128)).astype(np.float32)

    def opencv() -> object:
        magnitude, angle = cv2.cartToPolar(flow[0], flow[1], angleInDegrees=True)
        colours = np.full((128, 128, 3), 255, np.uint8)
        colours[..., 0] = angle / 2
        colours[..., 1] = np.clip(magnitude * (255 / magnitude.max()), 0, 255)
        return cv2.cvtColor(colours, cv2.COLOR_HSV2BGR)

    return {
        "SDK core": lambda: _core.flow_to_color(flow),
        "OpenCV cartToPolar, cvtColor": opencv,
    }


def _motion_tasks(crops: Crops) -> dict[str, Task]:
    from mol_edge.motion import MotionOptions
    from mol_edge.motion_meter import MotionMeter

    meter = MotionMeter(MotionOptions())
    points = (MEAN_SHAPE + _core.CROP_SIZE / 2).astype(np.float32)
    low, high = float(crops.min()), float(crops.max())
    gray = [np.rint(255 * (crop - low) / (high - low)).astype(np.uint8) for crop in crops[:2]]
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)  # type: ignore[attr-defined]
    flow = np.empty((128, 128, 2), np.float32)
    return {
        "SDK motion of 68 points": lambda: meter.between(crops[0], crops[1], points, None),
        "OpenCV pyramidal Lucas-Kanade": lambda: cv2.calcOpticalFlowPyrLK(
            gray[0],
            gray[1],
            points[:, None],
            None,  # type: ignore[call-overload]
        ),
        "OpenCV Farnebäck, dense": lambda: cv2.calcOpticalFlowFarneback(
            gray[0], gray[1], flow, 0.5, 3, 15, 3, 5, 1.2, 0
        ),
        "OpenCV DIS, dense": lambda: dis.calc(gray[0], gray[1], flow),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.side_by_side", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--threads", type=whole(1, MOST_THREADS), default=2)
    parser.add_argument("--rounds", type=whole(1), default=15)
    return parser


if __name__ == "__main__":
    main()
