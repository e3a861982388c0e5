"""Spotting against truth: recall and precision on generated long videos, and a still face.

    python -m benchmarks.spotting [--videos 20] [--seconds 45] [--seed 7000] [--jobs 1]
    python -m benchmarks.spotting --signal flow --bundle BUNDLE
    python -m benchmarks.spotting --signal pipeline --bundle BUNDLE
    python -m benchmarks.spotting --still-minutes 10

Videos are of `training.synthetic`: micro- and macro-expressions, blinks, steps of brightness, a
head that drifts, a noisy camera. A spot hits a micro-expression where their intersection over union
is 0.5 or more. `motion` aligns by true points with the errors of a detector and gives the landmarks
the errors of a network; `flow` takes a model's flow instead; `pipeline` is the whole SDK, detector
and all. Asked for are micro-expressions of 120 to 450 ms, from 200 ms below 45 frames a second; a
spot of another one is neither hit nor fault.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.spotting_runs import Emitted, aligned, by_flow, by_motion, by_pipeline
from benchmarks.spotting_score import Score
from benchmarks.spotting_still import spots_of_still_face
from mol_edge import Bundle
from mol_edge.commands.values import number, whole
from training.synthetic.long_video import Video, VideoOptions
from training.synthetic.options import SyntheticOptions
from training.synthetic.workers import in_order

# Faces that nothing was trained on; the rest as `training.synthetic` has it for long videos.
CLIPS = SyntheticOptions(scale=(1.6, 2.4), pose_degrees=10.0, drift=0.7, split="eval")
# Rates in turn, as often as cameras have them.
RATES = (30.0, 60.0, 30.0, 100.0, 30.0, 60.0, 30.0, 200.0, 45.0, 30.0)
AMPLITUDES = (0.0, 0.75, 1.0, 1.5, 2.0, 9.0)

Result = tuple[int, float, Score]


def main() -> None:
    """Measure and print."""
    given = _parser().parse_args()
    if given.still_minutes:
        _still(given)
        return
    if given.signal != "motion" and given.bundle is None:
        sys.exit(f"--signal {given.signal} needs --bundle.")
    work = partial(_one, given=given)
    seeds = range(given.seed, given.seed + given.videos)
    results = list(in_order(work, seeds, given.videos, given.jobs, "videos"))
    if given.notes:
        for seed, fps, score in results:
            for note in score.notes:
                print(f"{seed} at {fps:.0f} fps: {note}")
    _table(results)


def _one(seed: int, given: argparse.Namespace) -> Result:
    """One video, rendered, spotted and scored."""
    fps = RATES[(seed - given.seed) % len(RATES)]
    video = Video(seed, VideoOptions(fps=(fps, fps), seconds=given.seconds, clip=CLIPS))
    emitted = _run(given)(video, seed)
    score = Score()
    score.add([each.spot for each in emitted], video.happenings, fps)
    score.latency_ms += [each.latency_ms for each in emitted]
    return seed, fps, score


def _run(given: argparse.Namespace) -> Callable[[Video, int], list[Emitted]]:
    if given.signal == "motion":
        return lambda video, seed: by_motion(aligned(video, seed, given.codec))
    bundle = Bundle.open(given.bundle)
    if given.signal == "flow":
        return lambda video, seed: by_flow(aligned(video, seed, given.codec), bundle, given.device)
    return lambda video, _: by_pipeline(video, given.codec, bundle, given.device)


def _table(results: list[Result]) -> None:
    print(f"{'':16}{'micro':>6}{'hits':>6}{'false':>7}{'recall':>8}{'precision':>11}{'F1':>7}")
    for fps in sorted({fps for _, fps, _ in results}):
        _row(f"{fps:.0f} fps", Score().merge(score for _, rate, score in results if rate == fps))
    everything = Score().merge(score for _, _, score in results)
    _row("all", everything)
    print(f"mean IoU of the hits {everything.iou_sum / max(1, everything.hits):.2f}; ", end="")
    print(f"macro-expressions {everything.macro_hits} of {everything.macro_truths}; ", end="")
    late = everything.latency_ms or [0.0]
    print(f"told after the offset: median {np.median(late):.0f} ms, largest {max(late):.0f} ms")
    for low, high in zip(AMPLITUDES, AMPLITUDES[1:]):
        hits = [hit for size, hit in everything.by_amplitude if low <= size < high]
        if hits:
            print(f"{low:.2f} to {high:.2f} px: recall {np.mean(hits):.2f} of {len(hits)}")


def _row(name: str, score: Score) -> None:
    print(
        f"{name:16}{score.truths:6}{score.hits:6}{score.false:7}{score.recall:8.2f}"
        f"{score.precision:11.2f}{score.f1:7.2f}"
    )


def _still(given: argparse.Namespace) -> None:
    for fps in (30.0, 100.0):
        spots = spots_of_still_face(given.seed, fps, 60 * given.still_minutes)
        print(f"{given.still_minutes:g} minutes of a still, noisy face at {fps:.0f} fps: ", end="")
        print(f"{len(spots)} events")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--videos", type=whole(1), default=20)
    parser.add_argument("--seconds", type=float, default=45.0)
    parser.add_argument("--seed", type=whole(0), default=7000)
    parser.add_argument("--jobs", type=whole(1), default=1)
    parser.add_argument("--signal", choices=("motion", "flow", "pipeline"), default="motion")
    parser.add_argument("--codec", choices=("raw", "mjpg", "mp4v"), default="raw")
    parser.add_argument("--bundle")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--notes", action="store_true", help="print each miss and each invention")
    parser.add_argument("--still-minutes", type=number(above=0), default=0.0)
    return parser


if __name__ == "__main__":
    main()
