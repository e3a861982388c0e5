"""`mol-edge run` on several faces, and on points of one's own."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mol_edge.faces.given import COLUMNS
from tests.mol_edge.commands.run_results import FAST, read_lines
from tests.mol_edge.conftest import DEMO, RunCommand, write_video


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
        "run", video, "--out", tmp_path / "out", *FAST[2:], "--points", table, "--no-video"
    )
    assert done.returncode == 0, done.stderr
    states = [
        line["faces"][0]["state"] for line in read_lines(tmp_path / "out" / "results.jsonl")[1:-1]
    ]
    assert [state == "lost" for state in states] == [frame in (5, 6) for frame in range(12)]
    header, *frames, _ = read_lines(tmp_path / "out" / "results.jsonl")
    assert header["detector"] == "given"
    found = [line["faces_found"] for line in frames if line["kind"] == "frame"]
    assert found == [1] * 5 + [0] * 2 + [1] * 5
    assert frames[0]["faces"][0]["points"][0] == [273.0, 206.0]
    assert frames[0]["faces"][0]["landmarks"] is not None


def test_points_of_another_resolution_are_refused(
    tmp_path: Path, mol_edge_command: RunCommand
) -> None:
    table = tmp_path / "points.csv"
    table.write_text(f"{','.join(COLUMNS)}\n0,2730,206,3800,210,3260,262,2890,306,3660,308\n")
    done = mol_edge_command("run", DEMO, *FAST[2:], "--points", table, "--no-video")
    assert done.returncode == 2
    assert done.stderr == (
        "mol-edge: error: The points given for frame 0 must lie in its picture of 640 x 480 "
        "pixels, got them around (3268, 258): give them in pixels of that picture.\n"
    )


def test_points_are_not_given_beside_a_detector_or_for_several_faces(
    mol_edge_command: RunCommand,
) -> None:
    for more, told in (
        (("--detector", "haar"), "--points takes the place of a detector"),
        (("--faces", "2"), "--faces must be 1 with it, got 2"),
    ):
        done = mol_edge_command("run", DEMO, "--points", "points.csv", *more)
        assert done.returncode == 2
        assert told in done.stderr
