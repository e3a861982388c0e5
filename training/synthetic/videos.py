"""Long videos with annotated events, for spotting: real files beside CSVs of their truth."""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path

import numpy as np

from mol_edge.errors import InputError, OptionError
from training.synthetic.long_video import HEIGHT, WIDTH, Video, VideoOptions
from training.synthetic.workers import in_order, on_one_thread

COLUMNS = (
    "kind", "onset_frame", "apex_frame", "offset_frame", "onset_ns", "apex_ns", "offset_ns",
    "emotion", "aus", "amplitude",
)  # fmt: skip


def write_videos(
    folder: Path, count: int, seed: int = 0, options: VideoOptions | None = None, workers: int = 1
) -> list[Path]:
    """Write `count` videos, each NAME.avi (or .mp4), NAME.csv and NAME.npz, and videos.csv.

    NAME.csv has a row per happening with `COLUMNS`; NAME.npz has `landmarks` float32
    [frames, 68, 2] in pixels of the frame. videos.csv lists file, fps, frames, identity, seed.

    Raises:
        OptionError: count below 1.
        InputError: a video cannot be written.

    Returns:
        The video files.
    """
    if count < 1:
        raise OptionError(f"The number of videos must be 1 or more, got {count}; give 1 or more.")
    options = options or VideoOptions()
    folder.mkdir(parents=True, exist_ok=True)
    work = partial(_write_one, folder=folder, options=options)
    rows = list(in_order(work, range(seed, seed + count), count, workers, "videos"))
    with open(folder / "videos.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "fps", "frames", "identity", "seed"])
        writer.writerows(rows)
    return [folder / str(row[0]) for row in rows]


@on_one_thread
def _write_one(seed: int, folder: Path, options: VideoOptions) -> tuple[str, int, int, int, int]:
    import cv2

    video = Video(seed, options)
    name = f"video_{seed:05d}"
    path = folder / (name + (".avi" if options.codec == "mjpg" else ".mp4"))
    code = cv2.VideoWriter.fourcc(*("MJPG" if options.codec == "mjpg" else "mp4v"))
    writer = cv2.VideoWriter(str(path), code, video.fps, (WIDTH, HEIGHT))
    if not writer.isOpened():
        raise InputError(
            f"The video file must be writable with codec {options.codec}, got {path}; "
            "check the folder or choose the other codec."
        )
    for frame in video.frames():
        writer.write(frame)
    writer.release()
    marks = np.stack([video.landmarks(t) for t in range(video.count)]).astype(np.float32)
    np.savez(folder / (name + ".npz"), landmarks=marks)
    write_truth(folder / (name + ".csv"), video)
    return path.name, int(video.fps), video.count, video.identity, seed


def write_truth(path: Path, video: Video) -> None:
    """Write the happenings of a video: frames and nanoseconds of onset, apex and offset."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for h in video.happenings:
            moments = (h.onset_ms, h.apex_ms, h.offset_ms)
            frames = [min(video.count - 1, round(m * video.fps / 1000.0)) for m in moments]
            stamps = [round(f * 1e9 / video.fps) for f in frames]
            writer.writerow(
                [h.kind, *frames, *stamps, h.emotion, "+".join(h.aus), f"{h.amplitude:.3f}"]
            )
