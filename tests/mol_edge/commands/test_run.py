"""`mol-edge run` on sources that are as they should be, in processes of its own."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import mol_edge
from mol_edge.faces.given import COLUMNS
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
        "events.csv",
        "probabilities.csv",
        "results.jsonl",
        "timeline.png",
    ]

    header, *frames, summary = read_lines(out / "results.jsonl")
    assert (header["schema"], header["trained"], header["device"]) == (2, True, "onnxruntime:cpu")
    assert header["classes_known"] is True
    assert (header["windows_ms"], header["flow"]) == ([350.0], "always")
    assert [frame["index"] for frame in frames] == list(range(30))
    assert all(len(frame["faces"]) == 1 for frame in frames)
    # 350 ms at 60 frames per second are 7 steps of 3 frames; the alignment that is anchored at
    # frame 4 costs no window.
    windows = [frame["faces"][0]["window"] for frame in frames]
    assert [window is not None for window in windows] == [False] * 21 + [True] * 9
    assert windows[25]["samples"] == [4, 7, 10, 13, 16, 19, 22, 25]
    assert windows[25]["span_ms"] == pytest.approx(350, abs=1)
    assert windows[25]["dropped"] == 0
    assert sum(windows[25]["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert [frame["faces"][0]["reanchored"] for frame in frames] == [i == 4 for i in range(30)]
    assert frames[10]["faces"][0]["flow"]["max_crop_px"] > 0
    assert 0 <= frames[10]["faces"][0]["motion"]["mouth"] < 0.5
    # The detector looks while the alignment is gathered, then every 300 ms: 18 frames.
    looks = [i for i, frame in enumerate(frames) if "detect" in frame["timings_ms"]]
    assert looks == [0, 1, 2, 3, 4, 22]
    assert set(frames[10]["timings_ms"]) == {"decode", "track", "align", "infer", "motion"}
    assert (summary["complete"], summary["frames"], summary["windows"]) == (True, 30, 9)
    assert summary["events"] == {"micro": 0, "macro": 0}
    assert summary["source_fps"] == pytest.approx(60, abs=0.1)

    with (out / "probabilities.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["frame"]) for row in rows] == list(range(21, 30))
    for row, window in zip(rows, windows[21:]):
        assert {label: float(row[f"p_{label}"]) for label in header["labels"]} == pytest.approx(
            window["probabilities"], abs=1e-6
        )

    annotated = cv2.VideoCapture(str(out / "annotated.mp4"))
    assert annotated.get(cv2.CAP_PROP_FRAME_COUNT) == 30
    assert annotated.get(cv2.CAP_PROP_FPS) == pytest.approx(60)

    assert "30 frames" in done.stdout
    assert "9 clips" in done.stdout
    assert "0 micro-expressions" in done.stdout
    assert "ms per frame: decode" in done.stdout
    assert "guessing" not in done.stderr


def test_a_model_that_was_measured_to_guess_its_classes_is_told_once(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    demo = Path(mol_edge.__file__).parent / "data" / "demo"
    bundle = Path(shutil.copytree(demo, tmp_path / "bundle"))
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["accuracy"]["fp32"]["classes"]["clip"]["uf1"] = 0.17
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    video, out = write_video(tmp_path / "short.mp4", demo_frames[:9]), tmp_path / "out"
    done = mol_edge_command(
        "run", video, "--bundle", bundle, "--out", out, "--detector", "haar", "--device",
        "onnxruntime", "--no-flow", "--no-video",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert read_lines(out / "results.jsonl")[0]["classes_known"] is False
    assert done.stderr.count("tell its classes apart no better than guessing") == 1


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


def test_several_faces_are_followed_where_asked_for(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    halves = [cv2.resize(frame, (320, 240)) for frame in demo_frames[:9]]
    pair = [np.hstack([half, half[:, ::-1]]) for half in halves]
    video = write_video(tmp_path / "two.mp4", pair)
    done = mol_edge_command(
        "run", video, "--out", tmp_path / "out", "--no-video", "--faces", "2", *FAST
    )
    assert done.returncode == 0, done.stderr
    _, *frames, summary = read_lines(tmp_path / "out" / "results.jsonl")
    assert all([face["track_id"] for face in frame["faces"]] == [0, 1] for frame in frames)
    assert summary["tracks"] == 2


@pytest.fixture(scope="module")
def demo_events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole demo video, events alone."""
    out = tmp_path_factory.mktemp("events")
    arguments = ["run", str(DEMO), "--out", str(out), "--events-only", "--quiet", *FAST]
    done = subprocess.run(
        [sys.executable, "-m", "mol_edge", *arguments, "--windows-ms", "200,350"],
        capture_output=True,
        text=True,
        env={**os.environ, "MOL_EDGE_CACHE": str(out / "cache")},
    )
    assert done.returncode == 0, done.stderr
    assert "3 micro-expressions, 0 longer" in done.stdout
    return out


def test_events_alone_are_a_short_file(demo_events: Path) -> None:
    assert sorted(path.name for path in demo_events.iterdir()) == [
        "events.csv",
        "results.jsonl",
        "timeline.png",
    ]
    header, *events, summary = read_lines(demo_events / "results.jsonl")
    assert header["windows_ms"] == [200, 350]
    assert [event["kind"] for event in events] == ["event"] * 3
    assert summary["events"] == {"micro": 3, "macro": 0}


def test_the_demo_s_events_are_those_that_were_made(demo_events: Path) -> None:
    """Brows, mouth, brows; the half blink between them is no expression."""
    with (DEMO.parent / "demo.csv").open(newline="") as file:
        made = [row for row in csv.DictReader(file) if "blink" not in row["action"]]
    _, *events, _ = read_lines(demo_events / "results.jsonl")
    regions = {"brow_raise": "brow", "lip_corner_pull": "mouth", "brow_furrow": "brow"}
    assert len(made) == len(events) == 3
    for event, truth in zip(events, made):
        assert regions[truth["action"]] in event["region"]
        onset, offset = int(truth["onset"]), int(truth["offset"])
        overlap = min(offset, event["offset"]) - max(onset, event["onset"])
        union = max(offset, event["offset"]) - min(onset, event["onset"])
        assert overlap / union > 0.7
        assert event["apex"] == pytest.approx(int(truth["apex"]), abs=3)
        assert len(event["samples"]) == 8
        assert event["samples"][0] == event["onset"]
        assert event["confidence"] == max(event["probabilities"].values())
    with (demo_events / "events.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["apex"]) for row in rows] == [event["apex"] for event in events]
    assert cv2.imread(str(demo_events / "timeline.png")).shape == (660, 1600, 3)


def test_a_file_is_followed_live(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    video = write_video(tmp_path / "clip.avi", demo_frames, fps=15)
    done = mol_edge_command("run", video, "--out", tmp_path / "out", "--live", "--no-video", *FAST)
    assert done.returncode == 0, done.stderr
    header, *lines, summary = read_lines(tmp_path / "out" / "results.jsonl")
    states = [line["state"] for line in lines if line["kind"] == "health"]
    assert states[0] == "running"
    assert states[-1] == "ended"
    frames = [line for line in lines if line["kind"] == "frame"]
    # How many depends on the machine: older pictures give way to newer ones.
    assert 1 <= len(frames) == summary["frames"] <= 30
    assert summary["complete"] is True


def test_a_request_to_terminate_ends_a_live_run_well(
    tmp_path: Path, demo_frames: list[np.ndarray]
) -> None:
    video = write_video(tmp_path / "long.avi", demo_frames * 10, fps=5)
    out = tmp_path / "out"
    arguments = ["run", str(video), "--live", "--out", str(out), "--quiet", *FAST]
    process = subprocess.Popen(
        [sys.executable, "-m", "mol_edge", *arguments, "--no-video"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "MOL_EDGE_CACHE": str(tmp_path / "cache")},
    )
    path = out / "results.jsonl"
    for _ in range(1200):
        if path.exists() and path.read_bytes().count(b"\n") > 5:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    *_, summary = read_lines(path)
    assert summary["complete"] is True
    assert 0 < summary["frames"] < 300


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
    assert summary["windows"] == 6
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


def test_points_of_ones_own_take_the_place_of_a_detector(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    video = write_video(tmp_path / "clip.mp4", demo_frames[:12])
    table = tmp_path / "points.csv"
    rows = [
        f"{frame},273,206,380,210,326,262,289,306,366,308"
        for frame in range(12)
        if frame not in (5, 6)
    ]
    table.write_text("\n".join((",".join(COLUMNS), *rows)) + "\n")
    done = mol_edge_command(
        "run", video, "--out", tmp_path / "out", *FAST, "--points", table, "--no-video"
    )
    assert done.returncode == 0, done.stderr
    header, *frames, _ = read_lines(tmp_path / "out" / "results.jsonl")
    assert header["detector"] == "given"
    found = [line["faces_found"] for line in frames if line["kind"] == "frame"]
    assert found == [1] * 5 + [0] * 2 + [1] * 5
    assert frames[0]["faces"][0]["points"][0] == [273.0, 206.0]
    assert frames[0]["faces"][0]["landmarks"] is not None
