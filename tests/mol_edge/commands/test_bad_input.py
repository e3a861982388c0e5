"""Videos, pictures and files that are none: one sentence, with the exit code of docs/cli.md."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from mol_edge.cli import main
from tests.mol_edge.commands.refusals import BRIEFLY, assert_refused
from tests.mol_edge.conftest import DEMO, RunCommand, write_video


def test_a_file_that_is_no_video(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("these are words\n" * 100)
    assert_refused(mol_edge_command("run", path, *BRIEFLY), "text.mp4", "must be a video")


def test_a_file_that_is_no_video_followed_live(
    tmp_path: Path, mol_edge_command: RunCommand
) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("these are words\n" * 100)
    assert_refused(mol_edge_command("run", path, "--live", *BRIEFLY), "text.mp4", "must be a video")


def test_a_missing_file_followed_live(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("run", tmp_path / "absent.mp4", "--live", *BRIEFLY)
    assert_refused(done, "absent.mp4", "no file or folder")


def test_a_missing_file(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("run", tmp_path / "absent.mp4", *BRIEFLY)
    assert_refused(done, "absent.mp4", "no file or folder")


@pytest.mark.parametrize("live", [(), ("--live",)])
def test_a_pipe_is_refused_and_not_waited_for(
    tmp_path: Path, live: tuple[str, ...], mol_edge_command: RunCommand
) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    done = mol_edge_command("run", tmp_path / "pipe.mp4", *live, *BRIEFLY)
    assert_refused(done, "pipe.mp4 is a pipe")


@pytest.mark.parametrize("live", [(), ("--live",)])
def test_a_path_that_is_empty_is_not_the_folder_one_is_in(
    tmp_path: Path, live: tuple[str, ...], mol_edge_command: RunCommand
) -> None:
    for index in range(10):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.zeros((48, 64), np.uint8))
    assert_refused(mol_edge_command("run", "", *live, *BRIEFLY), "got nothing")


def test_a_run_that_crashes_does_not_call_itself_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("mol_edge.summary.RunSummary.add", crash)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        main(["run", str(DEMO), "--out", str(tmp_path / "out"), *BRIEFLY])
    summary = json.loads((tmp_path / "out" / "results.jsonl").read_text().splitlines()[-1])
    assert summary["complete"] is False
    assert summary["reason"] == "RuntimeError: a fault of ours"


def test_an_empty_file(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    (tmp_path / "empty.mp4").touch()
    assert_refused(mol_edge_command("run", tmp_path / "empty.mp4", *BRIEFLY), "empty file")


def test_an_empty_folder(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    (tmp_path / "empty").mkdir()
    assert_refused(mol_edge_command("run", tmp_path / "empty", *BRIEFLY), "must hold images")


def test_a_folder_without_images(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("a")
    assert_refused(mol_edge_command("run", tmp_path / "notes", *BRIEFLY), "must hold images")


def test_a_folder_of_one_pixel_images(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    for index in range(10):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.zeros((1, 1, 3), np.uint8))
    assert_refused(mol_edge_command("run", tmp_path, *BRIEFLY), "1 x 1", "16 x 16 pixels")


@pytest.mark.parametrize("broken", [0, 5])
def test_an_image_that_is_none_among_images_ends_what_has_begun(
    broken: int, tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(9):
        cv2.imwrite(str(folder / f"{index}.jpg"), demo_frames[index])
    (folder / f"{broken}.jpg").write_text("not a picture")
    done = mol_edge_command("run", folder, "--out", tmp_path / "out", *BRIEFLY)
    *_, last, summary = (tmp_path / "out" / "results.jsonl").read_text().splitlines()
    assert json.loads(summary)["complete"] is False
    if broken == 0:
        assert_refused(done, "0.jpg", "cannot be decoded")
        return
    assert done.returncode == 3, done.stderr
    assert json.loads(last)["index"] == 4
    assert done.stdout.startswith("mol-lite-demo on onnxruntime:cpu, faces by haar\n5 frames ")
    assert (
        "5.jpg cannot be decoded: replace it or take it out of the folder; what was done is kept"
    ) in done.stdout


def test_a_clip_shorter_than_a_window(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    video = write_video(tmp_path / "short.mp4", demo_frames[:7])
    assert_refused(mol_edge_command("run", video, *BRIEFLY), "at least 8 frames", "holds 7")


def test_a_video_without_a_face(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    noise = np.random.default_rng(3).integers(0, 40, (10, 120, 160, 3), dtype=np.uint8)
    video = write_video(tmp_path / "noise.mp4", list(noise))
    assert_refused(mol_edge_command("run", video, *BRIEFLY), "none was found in the 10 frames")


def test_a_truncated_video_is_kept_as_far_as_it_goes(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    # An AVI has its index at the end, but its frames can be decoded without.
    data = write_video(tmp_path / "whole.avi", demo_frames).read_bytes()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(data[: len(data) // 2])
    done = mol_edge_command("run", cut, "--out", tmp_path / "out", *BRIEFLY)
    assert done.returncode == 3, done.stderr
    assert "INCOMPLETE: " in done.stdout
    _, *frames, summary = map(
        json.loads, (tmp_path / "out" / "results.jsonl").read_text().splitlines()
    )
    assert summary["complete"] is False
    assert summary["reason"]
    assert 10 <= summary["frames"] < 30
    assert [frame["index"] for frame in frames] == list(range(summary["frames"]))


def test_a_video_is_not_written_of_events_alone(
    tmp_path: Path, mol_edge_command: RunCommand
) -> None:
    done = mol_edge_command("run", DEMO, "--out", tmp_path / "out", "--events-only", "--video")
    assert_refused(done, "--events-only writes no video")
    assert not (tmp_path / "out").exists()
