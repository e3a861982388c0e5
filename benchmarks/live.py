"""Whether a live run keeps up with a camera: a video played at its own rate through a pipeline.

    python -m benchmarks.live [--bundle DIR] [--device auto] [--fps 30] [--seconds 20] [--flow …]

The demo video is written anew at the rate asked for and played as a camera would give it, in a
process of its own. Printed are the pictures that were dropped because a newer one had come, how old
results are when they are handed over, and what the two processes computed.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np

from mol_edge import FrameResult, Health, HealthState, Pipeline, PipelineOptions
from mol_edge.backends import BackendOptions
from mol_edge.backends.base import MOST_THREADS
from mol_edge.commands.values import number, whole
from mol_edge.faces import open_detector

DEMO = Path(__file__).parents[1] / "examples" / "data" / "demo.mp4"
WARM_UP = 30


def main() -> None:
    """Measure and print."""
    given = _parser().parse_args()
    options = PipelineOptions(backend=BackendOptions(threads=given.threads))
    detector = open_detector(given.detector)
    results: list[FrameResult] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Pipeline(given.bundle, given.device, detector, options) as pipe,
    ):
        video = _write_video(Path(folder) / "paced.avi", given.fps, given.seconds)
        # Graphs and detector are loaded and tuned before the camera starts.
        list(islice(pipe.run(DEMO, given.flow), WARM_UP))
        began, computed = time.perf_counter(), _cpu_seconds()
        with pipe.live(video, given.flow, on_result=results.append) as run:
            health = run.wait()
        wall, computed = time.perf_counter() - began, _cpu_seconds() - computed
        print(f"{pipe.bundle.manifest.name} on {pipe.device}, flow {given.flow}, {detector.name}")
    _report(results, health, wall, computed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--bundle")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--detector")
    parser.add_argument("--threads", type=whole(0, MOST_THREADS), default=2)
    parser.add_argument("--fps", type=number(above=0, most=1000), default=30)
    parser.add_argument("--seconds", type=number(above=0, most=3600), default=20)
    parser.add_argument("--flow", default="never", choices=("never", "on_motion", "always"))
    return parser


def _write_video(path: Path, fps: float, seconds: float) -> Path:
    """The demo's frames, over and over, at another rate."""
    capture = cv2.VideoCapture(str(DEMO))
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (width, height))
    for frame in islice(cycle(frames), round(fps * seconds)):
        writer.write(frame)
    writer.release()
    return path


def _report(results: list[FrameResult], health: Health, wall: float, computed: float) -> None:
    assert health.state is HealthState.ENDED
    ages = np.array([result.age_ms for result in results], np.float64)
    stages: dict[str, list[float]] = {}
    for result in results:
        for stage, value in result.timings_ms.items():
            stages.setdefault(stage, []).append(value)
    print(
        f"{health.frames} pictures in {wall:.1f} s, {health.results} results, "
        f"{health.dropped} dropped ({health.dropped / health.frames:.1%})"
    )
    middle, most = np.percentile(ages, (50, 99))
    print(f"age of a result: median {middle:.1f} ms, 99% {most:.1f} ms, most {ages.max():.1f} ms")
    print("ms per frame: " + ", ".join(f"{k} {np.mean(v):.1f}" for k, v in stages.items()))
    print(f"{computed / wall:.2f} cores of {os.cpu_count()}, reading the video included")


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main()
