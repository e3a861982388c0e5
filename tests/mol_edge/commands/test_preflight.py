"""`mol-edge preflight` in a process of its own."""

import json
from pathlib import Path

import numpy as np

from tests.mol_edge.conftest import DEMO, RunCommand, write_video


def test_the_demo_is_good_and_the_table_says_so(mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("preflight", DEMO, "--seconds", "1", "--detector", "haar")
    assert done.returncode == 0, done.stderr
    assert "61 pictures in 1.0 s" in done.stdout
    assert "frame rate    good     60.0 per second" in done.stdout
    assert done.stdout.rstrip().endswith("GOOD: this camera can see micro-expressions.")


def test_json_and_the_exit_code_of_an_unfit_camera(
    mol_edge_command: RunCommand, tmp_path: Path
) -> None:
    import cv2

    folder = tmp_path / "pictures"
    folder.mkdir()
    capture = cv2.VideoCapture(str(DEMO))
    for number in range(24):
        cv2.imwrite(str(folder / f"{number}.png"), capture.read()[1])
    done = mol_edge_command(
        "preflight", folder, "--fps", "10", "--seconds", "2", "--json", "--detector", "haar"
    )
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["verdict"] == "unfit"
    assert report["timing"]["fps"] == 10
    assert report["findings"][0]["name"] == "frame rate"
    assert "raise the rate" in report["findings"][0]["advice"]


def test_a_file_that_is_cut_off_is_told(
    mol_edge_command: RunCommand, demo_frames: list[np.ndarray], tmp_path: Path
) -> None:
    # An AVI has its index at the end, but its frames can be decoded without.
    data = write_video(tmp_path / "whole.avi", demo_frames * 2).read_bytes()
    video = tmp_path / "cut.avi"
    video.write_bytes(data[: len(data) // 2])
    done = mol_edge_command("preflight", video, "--detector", "haar")
    lines = done.stdout.splitlines()
    assert "pictures in 0." in lines[0], done.stderr
    assert lines[1].startswith("INCOMPLETE: ") and "bytes" in lines[1]
    report = json.loads(mol_edge_command("preflight", video, "--detector", "haar", "--json").stdout)
    assert report["incomplete"] in lines[1]


def test_a_camera_on_its_side_is_turned(
    mol_edge_command: RunCommand, demo_frames: list[np.ndarray], tmp_path: Path
) -> None:
    lying = [np.ascontiguousarray(np.rot90(frame)) for frame in demo_frames]
    arguments = ("preflight", write_video(tmp_path / "lying.avi", lying), "--detector", "haar")
    done = mol_edge_command(*arguments)
    assert done.returncode == 1
    assert "its pictures with --rotate 90: then a face is seen upright" in done.stdout
    done = mol_edge_command(*arguments, "--rotate", "90", "--json")
    assert json.loads(done.stdout)["face"]["state"] == "tracked", done.stderr


def test_a_source_that_is_not_there_is_bad_input(mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("preflight", "/nothing.mp4")
    assert done.returncode == 2
    assert "There is no file or folder /nothing.mp4: check the path." in done.stderr
