"""What a frame costs around the network, for one face in 1280 × 720, against the `features` graph.

    python -m benchmarks.around BUNDLE [--threads 2] [--frames 240] [--device onnxruntime]
    python -m benchmarks.around mol_edge/data/demo --features-of FULL

The demo video, whose face is 210 pixels wide, goes through a pipeline from memory, as a part of
1280 × 720 or (`--large`) enlarged to it, which makes the face 450 wide. Told are the medians of
the frames on which the detector did not look, by stage, and of those on which it did; what is left
of a frame beside its stages is the pipeline's own. `features` is timed between the frames, so that
both meet the same machine. Faces are found by YuNet where it is there, else by the cascades.

A face is followed by the model's landmarks where these were measured to be good, else by texture,
which costs more: an untrained full model shows the dear way, and `--features-of` holds the way of a
trained one against the full model's `features`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import numpy as np

from mol_edge import Bundle, Frame, FrameResult, Pipeline, PipelineOptions
from mol_edge.backends import BackendOptions, open_backend
from mol_edge.backends.base import MOST_THREADS, Backend
from mol_edge.commands.values import whole
from mol_edge.motion import Motion
from mol_edge.sources import open_source
from mol_edge.spot import Spot
from mol_edge.spotting import Spotter

VIDEO = Path(__file__).parents[1] / "examples" / "data" / "demo.mp4"
PERIOD_NS = 33_333_333
AROUND = ("track", "align", "own")
MOST_AROUND, MOST_MOTION = 0.25, 0.08


def main() -> None:
    """Measure and print."""
    given = _parser().parse_args()
    options = PipelineOptions(backend=BackendOptions(threads=given.threads))
    with Pipeline(Bundle.open(given.bundle), given.device, options=options) as pipe:
        yardstick = pipe.backend
        if given.features_of is not None:
            yardstick = open_backend(Bundle.open(given.features_of), given.device, options.backend)
        rows = list(_rows(pipe, yardstick, given.frames, given.large))
    plain = [row for row in rows if "detect" not in row]
    looked = [row["detect"] for row in rows if "detect" in row]
    features = float(np.median([row["features"] for row in rows]))
    print(f"{len(plain)} frames of 1280 x 720 without a look of the detector, ms (median)")
    stages = [name for name in plain[0] if name not in ("decode", "features", "classify")]
    for name in [*stages, "features"]:
        print(f"  {name:<10} {np.median([row[name] for row in plain]):7.3f}")
    around = float(np.median([sum(row[name] for name in AROUND) for row in plain]))
    motion = float(np.median([row["motion"] for row in plain]))
    print(_judged("around the network", around, features, MOST_AROUND))
    print(_judged("motion", motion, features, MOST_MOTION))
    print(f"the detector ({pipe.detector.name}) looked {len(looked)} times in {len(rows)} frames")
    if looked:
        print(f"  {np.median(looked):.1f} ms a look, {sum(looked) / len(rows):.2f} ms a frame")


def _rows(
    pipe: Pipeline, yardstick: Backend, count: int, large: bool
) -> Iterator[dict[str, float]]:
    """Milliseconds by stage of each frame after the first windows."""
    inputs = {"frames": np.zeros((1, 1, 128, 128), np.float32)}
    outputs = yardstick.run("features", inputs)
    run = pipe.run(_frames(count + 40, large), flow="never")
    spotting = _SpottingTime()
    for at in range(count + 40):
        start = time.perf_counter()
        result: FrameResult = next(run)
        total = (time.perf_counter() - start) * 1e3
        row = dict(result.timings_ms)
        row["own"] = total - sum(row.values())
        row["spotting"] = spotting.take_ms()
        row["motion"] -= row["spotting"]
        start = time.perf_counter()
        yardstick.run_into("features", inputs, outputs)
        row["features"] = (time.perf_counter() - start) * 1e3
        if at >= 40:
            yield row
    run.close()


class _SpottingTime:
    """Time that spotters have taken, which results count as motion."""

    def __init__(self) -> None:
        self._seconds = 0.0
        push = Spotter.push

        def timed(
            spotter: Spotter, timestamp_ns: int, index: int, motion: Motion | None
        ) -> list[Spot]:
            start = time.perf_counter()
            try:
                return push(spotter, timestamp_ns, index, motion)
            finally:
                self._seconds += time.perf_counter() - start

        patch.object(Spotter, "push", timed).start()

    def take_ms(self) -> float:
        """Milliseconds since this was last asked for."""
        taken, self._seconds = self._seconds * 1e3, 0.0
        return taken


def _frames(count: int, large: bool) -> Iterator[Frame]:
    """The demo video in 1280 × 720, there and back, at 30 frames per second.

    Each picture is copied as it is asked for, so that it lies in the cache as after decoding.
    """
    import cv2

    with open_source(VIDEO) as source:
        small = [frame.image for frame in source][::2]
    if large:
        images = [cv2.resize(image, (1280, 960))[120:840] for image in small]
    else:
        pad = ((120, 120), (320, 320), (0, 0))
        images = [np.pad(image, pad, mode="edge") for image in small]
    there_and_back = [*images, *images[-2:0:-1]]
    buffers = [np.empty(images[0].shape, np.uint8) for _ in range(2)]
    for at in range(count):
        image = buffers[at % 2]
        np.copyto(image, there_and_back[at % len(there_and_back)])
        yield Frame(image, at * PERIOD_NS, at)


def _judged(name: str, value: float, features: float, most: float) -> str:
    verdict = "met" if value <= most * features else "MISSED"
    part = value / features
    return f"{name}: {value:.3f} ms, {part:.1%} of features; at most {most:.0%}: {verdict}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.around", description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--threads", type=whole(0, MOST_THREADS), default=2)
    parser.add_argument("--frames", type=whole(1), default=240)
    parser.add_argument("--large", action="store_true", help="a face 450 pixels wide")
    parser.add_argument("--device", default="onnxruntime")
    parser.add_argument("--features-of", type=Path, help="bundle whose `features` is the measure")
    return parser


if __name__ == "__main__":
    main()
