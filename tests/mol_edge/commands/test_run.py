"""`mol-edge run` on sources that are as they should be, in processes of its own."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import mol_edge
from tests.mol_edge.conftest import DEMO, RunCommand, write_video

cv2 = pytest.importorskip("cv2")

FAST = ("--detector", "haar", "--device", "onnxruntime", "--threads", "2", "--no-flow")


def read_lines(path: Path) -> list[dict]:
    schema = json.loads(
        (Path(mol_edge.__file__).parent / "schema" / "results.schema.json").read_text()
    )
    validator = jsonschema.Draft202012Validator(schema)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        validator.validate(line)
    return lines


def test_a_video_becomes_lines_a_table_and_a_video(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    video = write_video(tmp_path / "clip.mp4", demo_frames)
    out = tmp_path / "out"
    done = mol_edge_command(
        "run", video, "--out", out, "--detector", "haar", "--device", "onnxruntime"
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "annotated.mp4",
        "probabilities.csv",
        "results.jsonl",
    ]

    header, *frames, summary = read_lines(out / "results.jsonl")
    assert (header["schema"], header["trained"], header["device"]) == (1, False, "onnxruntime:cpu")
    assert [frame["index"] for frame in frames] == list(range(30))
    assert all(len(frame["faces"]) == 1 for frame in frames)
    # Alignment is anchored at frame 4; 350 ms at 60 frames per second are 7 steps of 3 frames.
    windows = [frame["faces"][0]["window"] for frame in frames]
    assert [window is not None for window in windows] == [False] * 25 + [True] * 5
    assert windows[25]["samples"] == [4, 7, 10, 13, 16, 19, 22, 25]
    assert windows[25]["span_ms"] == pytest.approx(350, abs=1)
    assert sum(windows[25]["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert frames[10]["faces"][0]["flow"]["max_crop_px"] > 0
    assert set(frames[10]["timings_ms"]) == {"decode", "detect", "align", "infer"}
    assert (summary["complete"], summary["frames"], summary["windows"]) == (True, 30, 5)
    assert summary["source_fps"] == pytest.approx(60, abs=0.1)

    with (out / "probabilities.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["frame"]) for row in rows] == list(range(25, 30))
    for row, window in zip(rows, windows[25:]):
        assert {label: float(row[f"p_{label}"]) for label in header["labels"]} == pytest.approx(
            window["probabilities"], abs=1e-6
        )

    annotated = cv2.VideoCapture(str(out / "annotated.mp4"))
    assert annotated.get(cv2.CAP_PROP_FRAME_COUNT) == 30
    assert annotated.get(cv2.CAP_PROP_FPS) == pytest.approx(60)

    assert "30 frames" in done.stdout
    assert "5 clips" in done.stdout
    assert "ms per frame: decode" in done.stdout
    assert done.stderr.count("is not trained: its classes and landmarks mean nothing yet") == 1


def test_the_largest_of_several_faces_is_taken_and_it_is_said(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    pair = []
    for frame in demo_frames[:10]:
        canvas = np.full((480, 1000, 3), 128, np.uint8)
        canvas[:240, :320] = cv2.resize(frame, (320, 240), interpolation=cv2.INTER_AREA)
        canvas[:, 360:] = frame
        pair.append(canvas)
    video = write_video(tmp_path / "two.mp4", pair)
    done = mol_edge_command("run", video, "--out", tmp_path / "out", "--no-video", *FAST)
    assert done.returncode == 0, done.stderr
    assert "several faces in 10 of the frames, up to 2 in one: the largest was taken" in done.stdout
    _, *frames, summary = read_lines(tmp_path / "out" / "results.jsonl")
    assert all(frame["faces_found"] == 2 for frame in frames)
    assert all(frame["faces"][0]["box"][0] > 360 for frame in frames)
    assert (summary["frames_with_several_faces"], summary["most_faces"]) == (10, 2)


def test_a_folder_of_pictures_is_a_source(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index, frame in enumerate(demo_frames[:13]):
        cv2.imwrite(str(folder / f"frame{index}.png"), frame)
    done = mol_edge_command("run", folder, "--fps", "20", "--no-video", *FAST)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "work" / "mol-edge-out" / "pictures" / "results.jsonl"
    _, *frames, summary = read_lines(path)
    assert [frame["timestamp_ns"] for frame in frames] == [at * 50_000_000 for at in range(13)]
    assert summary["windows"] == 2
    assert frames[0]["faces"][0]["flow"] is None


def test_a_slow_source_says_why_there_is_no_window(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    video = write_video(tmp_path / "slow.mp4", demo_frames[:10], fps=10)
    done = mol_edge_command("run", video, "--out", tmp_path / "out", "--no-video", *FAST)
    assert done.returncode == 0, done.stderr
    assert "the source's rate is too low, 20 frames per second are needed" in done.stdout


def test_it_stops_after_as_many_frames_as_asked_for(
    tmp_path: Path, mol_edge_command: RunCommand
) -> None:
    done = mol_edge_command(
        "run", DEMO, "--out", tmp_path, "--max-frames", "12", "--no-video", "--quiet", *FAST
    )
    assert done.returncode == 0, done.stderr
    assert len(read_lines(tmp_path / "results.jsonl")) == 14


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_it_has(tmp_path: Path, number: signal.Signals) -> None:
    arguments = ["run", str(DEMO), "--out", str(tmp_path), "--detector", "haar", "--quiet"]
    process = subprocess.Popen(
        [sys.executable, "-m", "mol_edge", *arguments, "--device", "onnxruntime"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "MOL_EDGE_CACHE": str(tmp_path / "cache")},
    )
    path = tmp_path / "results.jsonl"
    for _ in range(600):
        if path.exists() and path.read_bytes().count(b"\n") > 5:
            break
        time.sleep(0.05)
    process.send_signal(number)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    _, *frames, summary = read_lines(path)
    assert (summary["complete"], summary["reason"]) == (False, "interrupted")
    assert len(frames) == summary["frames"] >= 5
    video = cv2.VideoCapture(str(tmp_path / "annotated.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == summary["frames"]
    assert "INCOMPLETE: interrupted" in out
