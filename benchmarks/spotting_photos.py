"""Spotting on videos of warped photographs, compressed by FFmpeg, by the whole SDK as it comes.

    python -m benchmarks.spotting_photos ../shared/data/faces [--videos 20] [--seconds 30]
        [--seed 100] [--jobs 1] [--yunet FILE] [--notes]

The videos are those of `benchmarks.warped_video`, by which neither network nor spotter was made;
H.264 and MJPEG of several qualities in turn. Counted as in `benchmarks.spotting`: IoU of 0.5 or
more, micro-expressions of 120 to 450 ms, from 200 ms below 45 frames a second. Seeds 100 to 199
are for development, others for figures.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2

from benchmarks.photos import read_photos
from benchmarks.spotting_causes import INVENTED, MISSED, invented, outcomes
from benchmarks.spotting_score import Score
from benchmarks.warped_face import HEIGHT, WIDTH
from benchmarks.warped_video import WarpedVideo
from mol_edge import Pipeline
from mol_edge.commands.values import whole
from mol_edge.errors import InputError, MolEdgeError
from mol_edge.faces import open_detector
from mol_edge.spot import Spot
from training.synthetic.workers import in_order

RATES = (30.0, 60.0, 30.0, 100.0, 25.0, 30.0, 60.0, 30.0, 200.0, 30.0)
_H264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-crf")
_MJPEG = ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v")
CODECS = ((*_H264, "18"), (*_MJPEG, "3"), (*_H264, "21"), (*_H264, "23"), (*_MJPEG, "5"))
AMPLITUDES = (0.0, 0.75, 1.0, 1.5, 9.0)


@dataclass(frozen=True)
class Result:
    """One video.

    Attributes:
        fps: its rate.
        score: its counts.
        missed: amplitude of each micro-expression and what became of it.
        invented: what happened where one was invented.
    """

    fps: float
    score: Score
    missed: list[tuple[float, str]]
    invented: Counter[str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    given = _parser().parse_args(arguments)
    seeds = range(given.seed, given.seed + given.videos)
    try:
        work = partial(_one, given=given)
        results = list(in_order(work, seeds, given.videos, given.jobs, "videos"))
    except MolEdgeError as error:
        print(error, file=sys.stderr)
        return 2
    for seed, result in zip(seeds, results):
        for note in result.score.notes if given.notes else ():
            print(f"{seed} at {result.fps:.0f} fps: {note}")
    print(table(results))
    return 0


def _one(seed: int, given: argparse.Namespace) -> Result:
    """One video, made, compressed, spotted and scored."""
    fps = RATES[seed % len(RATES)]
    video = WarpedVideo(read_photos(given.photos), seed, fps, given.seconds)
    codec = CODECS[seed // 2 % len(CODECS)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("video.avi" if "mjpeg" in codec else "video.mp4")
        compress(video, codec, path)
        spots = _spots(path, given.yunet)
    score = Score()
    score.add(spots, video.happenings, fps)
    missed = [(each.amplitude, cause) for each, cause in outcomes(spots, video.happenings, fps)]
    return Result(fps, score, missed, invented(spots, video.happenings))


def compress(video: WarpedVideo, codec: Sequence[str], path: Path) -> None:
    """Write a video to a file by FFmpeg's options.

    Raises:
        InputError: there is no FFmpeg, or it refuses.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise InputError("Videos are compressed by ffmpeg, which is not on PATH; install it.")
    source = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{WIDTH}x{HEIGHT}"]
    command = [program, "-v", "error", *source, "-r", f"{video.fps:g}", "-i", "-", *codec]
    process = subprocess.Popen([*command, "-threads", "1", str(path)], stdin=subprocess.PIPE)
    assert process.stdin is not None
    try:
        for frame in video.frames():
            process.stdin.write(frame.tobytes())
        process.stdin.close()
    except BrokenPipeError:
        pass  # its exit status tells
    finally:
        status = process.wait()
    if status:
        raise InputError(f"ffmpeg must take {' '.join(codec)} and ended with status {status}.")


def _spots(path: Path, yunet: Path | None) -> list[Spot]:
    cv2.setNumThreads(1)
    spots = []
    with Pipeline(detector=open_detector(yunet)) as pipe:
        for result in pipe.run(path, flow=False):
            for event in result.events:
                times = event.onset_ns, event.apex_ns, event.offset_ns
                frames = event.onset, event.apex, event.offset
                spots.append(Spot(*times, *frames, event.kind, event.peak_px))
    return spots


def table(results: Sequence[Result]) -> str:
    """Counts by rate and amplitude, with what became of each micro-expression."""
    lines = [f"{'':16}" + "".join(f"{cause:>16}" for cause in MISSED)]
    lines[0] += f"{'invented':>10}{'recall':>8}{'precision':>11}"
    for fps in sorted({each.fps for each in results}):
        lines.append(_row(f"{fps:.0f} fps", [each for each in results if each.fps == fps]))
    lines.append(_row("all", results))
    for low, high in zip(AMPLITUDES, AMPLITUDES[1:]):
        causes = Counter(
            cause for each in results for size, cause in each.missed if low <= size < high
        )
        if causes:
            recall = causes[MISSED[0]] / causes.total()
            counts = "".join(f"{causes[cause]:16}" for cause in MISSED)
            lines.append(f"{f'{low:g} to {high:g} px':16}{counts}{'':10}{recall:8.2f}")
    where = sum((each.invented for each in results), Counter[str]())
    told = ", ".join(f"{where[kind]} during {kind}" for kind in INVENTED if where[kind])
    whole = Score().merge(each.score for each in results)
    lines.append(f"invented: {told or 'none'}; mean IoU {whole.iou_sum / max(1, whole.hits):.2f}")
    lines.append(f"macro-expressions {whole.macro_hits} of {whole.macro_truths}")
    return "\n".join(lines)


def _row(name: str, results: Sequence[Result]) -> str:
    causes = Counter(cause for each in results for _, cause in each.missed)
    score = Score().merge(each.score for each in results)
    counts = "".join(f"{causes[cause]:16}" for cause in MISSED)
    return f"{name:16}{counts}{score.false:10}{score.recall:8.2f}{score.precision:11.2f}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("photos", type=Path, help="folder with pictures and landmarks.json")
    parser.add_argument("--videos", type=whole(1), default=20)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=whole(0), default=100)
    parser.add_argument("--jobs", type=whole(1), default=1)
    parser.add_argument("--yunet", type=Path, help="YuNet file, if not where mol-edge finds it")
    parser.add_argument("--notes", action="store_true", help="print each miss and each invention")
    return parser


if __name__ == "__main__":
    sys.exit(main())
