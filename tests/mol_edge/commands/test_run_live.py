"""`mol-edge run --live`."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from mol_edge import Pipeline
from mol_edge.commands.recording import Recording
from mol_edge.sources.connect import open_live
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


@pytest.mark.parametrize(
    "numbers", [[signal.SIGTERM], [signal.SIGHUP], [signal.SIGTERM, signal.SIGHUP]]
)
def test_a_request_to_terminate_ends_a_live_run_well(
    tmp_path: Path, demo_frames: list[np.ndarray], numbers: list[signal.Signals]
) -> None:
    video = write_video(tmp_path / "long.avi", demo_frames * 10, fps=5)
    out, arguments = tmp_path / "out", [str(video), "--live", *FAST, "--no-video"]
    code, _, errors = run_until_signalled(arguments, out, tmp_path / "cache", *numbers)
    assert code == 0, errors
    *_, summary = read_lines(out / "results.jsonl")
    assert summary["complete"] is True
    assert 0 < summary["frames"] < 300


def test_a_camera_that_gave_no_picture_leaves_no_complete_run(tmp_path: Path) -> None:
    closed = threading.Event()

    def camera() -> Iterator[np.ndarray]:
        os.kill(os.getpid(), signal.SIGTERM)
        closed.wait(60)
        yield np.zeros((48, 64), np.uint8)

    with Pipeline(device="native") as pipe, open_live(camera) as feed:
        recording = Recording(pipe, feed, tmp_path / "out", flow="never", video=False, quiet=True)
        outcome = recording.make()
    closed.set()
    assert (outcome.code, outcome.incomplete) == (3, "camera gave no picture")
    *_, summary = read_lines(tmp_path / "out" / "results.jsonl")
    assert (summary["complete"], summary["reason"]) == (False, "camera gave no picture")


def test_black_pictures_alone_make_no_complete_run(
    tmp_path: Path, mol_edge_command: RunCommand
) -> None:
    black = write_video(tmp_path / "black.avi", [np.zeros((48, 64, 3), np.uint8)] * 6, fps=30)
    done = mol_edge_command("run", black, "--out", tmp_path / "out", "--live", "--no-video", *FAST)
    assert done.returncode == 3, done.stderr
    *_, summary = read_lines(tmp_path / "out" / "results.jsonl")
    assert (summary["complete"], summary["frames"]) == (False, 0)
    assert summary["reason"] == f"{black} gave no picture but 6 that were black or frozen"


def test_a_live_run_without_a_face_is_advised_to_turn_its_pictures(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    lying = [np.ascontiguousarray(np.rot90(frame)) for frame in demo_frames[:9]]
    video = write_video(tmp_path / "lying.avi", lying, fps=10)
    done = mol_edge_command("run", video, "--out", tmp_path / "out", "--live", "--no-video", *FAST)
    assert done.returncode == 0, done.stderr
    *_, summary = read_lines(tmp_path / "out" / "results.jsonl")
    assert summary["complete"] is True
    assert (
        f"mol-edge: No face was found in the {summary['frames']} frames of {video}: turned by "
        "--rotate 90 it shows one."
    ) in done.stderr.splitlines()


def test_why_a_live_source_failed_has_no_full_stop(tmp_path: Path) -> None:
    def broken() -> Iterator[np.ndarray]:
        for number in range(2):
            yield np.full((48, 64), 100 + number, np.uint8)
        raise OSError("unplugged.")

    with Pipeline(device="native") as pipe, open_live(broken()) as feed:
        recording = Recording(pipe, feed, tmp_path / "out", flow="never", video=False, quiet=True)
        assert recording.make().code == 3
    *_, summary = read_lines(tmp_path / "out" / "results.jsonl")
    assert summary["reason"] == "OSError: unplugged"
