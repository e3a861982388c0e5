"""`mol-edge run --live`."""

from __future__ import annotations

import signal
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.mol_edge.commands.run_results import FAST, read_lines, run_until_signalled
from tests.mol_edge.conftest import RunCommand, write_video


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
    health = [line for line in lines if line["kind"] == "health"]
    # The source has ended before what it gave has been taken.
    assert health[-1]["dropped"] <= summary["dropped"] <= 30 - len(frames)
    assert ("were dropped" in done.stdout) == (summary["dropped"] > 0)


def test_the_video_of_a_live_run_takes_as_long_as_the_run(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    video = write_video(tmp_path / "clip.avi", demo_frames, fps=15)
    out = tmp_path / "out"
    done = mol_edge_command("run", video, "--out", out, "--live", *FAST)
    assert done.returncode == 0, done.stderr
    *_, summary = read_lines(out / "results.jsonl")
    capture = cv2.VideoCapture(str(out / "annotated.mp4"))
    seconds = capture.get(cv2.CAP_PROP_FRAME_COUNT) / capture.get(cv2.CAP_PROP_FPS)
    assert seconds == pytest.approx(summary["duration_s"] + 1 / 15, abs=0.1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_terminate_ends_a_live_run_well(
    tmp_path: Path, demo_frames: list[np.ndarray], number: signal.Signals
) -> None:
    video = write_video(tmp_path / "long.avi", demo_frames * 10, fps=5)
    out, arguments = tmp_path / "out", [str(video), "--live", *FAST, "--no-video"]
    code, _, errors = run_until_signalled(arguments, out, tmp_path / "cache", number)
    assert code == 0, errors
    *_, summary = read_lines(out / "results.jsonl")
    assert summary["complete"] is True
    assert 0 < summary["frames"] < 300
