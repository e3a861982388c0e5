"""`mol-edge run` on sources that are as they should be, in processes of its own."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import mol_edge
from mol_edge import Pipeline, open_source, video_writer
from mol_edge.commands.recording import Recording
from mol_edge.errors import OutputError
from mol_edge.sinks import EventCsvSink, TimelineSink
from tests.mol_edge.commands.run_results import FAST, read_lines
from tests.mol_edge.conftest import DEMO, RunCommand, write_video


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


def test_a_face_on_its_side_that_is_not_found_is_advised_to_be_turned(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    lying = [np.ascontiguousarray(np.rot90(frame)) for frame in demo_frames[:9]]
    video = write_video(tmp_path / "lying.avi", lying)
    done = mol_edge_command("run", video, "--out", tmp_path / "out", "--no-video", *FAST)
    assert done.returncode == 2
    assert "none was found in the 9 frames of" in done.stderr
    assert done.stderr.rstrip().endswith("turned by --rotate 90 it shows one.")


@pytest.mark.parametrize("count", [1, 5, 9])
def test_a_part_of_a_source_without_a_face_is_advised_to_be_turned(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand, count: int
) -> None:
    lying = [np.ascontiguousarray(np.rot90(frame)) for frame in demo_frames[:10]]
    video = write_video(tmp_path / "lying.avi", lying)
    done = mol_edge_command(
        "run", video, "--out", tmp_path / "out", "--no-video", "--max-frames", str(count), *FAST
    )
    assert done.returncode == 0
    which = "one frame" if count == 1 else f"{count} frames"
    assert (
        f"mol-edge: No face was found in the {which} of {video}: turned by --rotate 90 it shows "
        "one."
    ) in done.stderr.splitlines()


def test_a_run_whose_video_cannot_be_finished_is_not_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\ncat > /dev/null\necho 'No space left on device' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(video_writer, "_ffmpeg", lambda: str(program))
    out = tmp_path / "out"
    with Pipeline(device="native") as pipe, open_source(DEMO) as source:
        recording = Recording(pipe, source, out, flow="never", max_frames=9, quiet=True)
        with pytest.raises(OutputError, match="ffmpeg said 'No space left on device'"):
            recording.make()
    *_, summary = read_lines(out / "results.jsonl")
    assert (summary["complete"], summary["frames"]) == (False, 9)
    assert summary["reason"] == (
        f"Cannot write {out / 'annotated.mp4'} (ffmpeg said 'No space left on device'): make room "
        "there, or name a folder that you may write to"
    )


def test_the_first_of_several_failures_to_write_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk fails the lines first, then the summary, then whatever is finished on close."""
    with Pipeline(device="native") as pipe, open_source(DEMO) as source:
        recording = Recording(pipe, source, tmp_path / "out", flow="never", video=False, quiet=True)

        def fail(name: str) -> Callable[..., None]:
            def write(sink: Any, *_: object) -> None:
                raise OutputError(f"Cannot write {name}.")

            return write

        monkeypatch.setattr(EventCsvSink, "write", fail("events.csv"))
        monkeypatch.setattr(TimelineSink, "close", fail("timeline.png"))
        with pytest.raises(OutputError, match="Cannot write events.csv"):
            recording.make()
    assert read_lines(tmp_path / "out" / "results.jsonl")[-1]["reason"] == "Cannot write events.csv"
