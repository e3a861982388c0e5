"""Nothing is lost in the folder that a run writes into."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from mol_edge.commands.output_folder import OutputFolder, refuse_inputs
from mol_edge.errors import OutputError
from mol_edge.faces.given import COLUMNS
from tests.mol_edge.commands.run_results import FAST, read_lines
from tests.mol_edge.conftest import DEMO, RunCommand, write_video

NAMES = ("results.jsonl", "events.csv")


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "results.jsonl").write_text("first")
    (tmp_path / "notes.txt").write_text("mine")
    return tmp_path


def test_a_run_that_ends_well_replaces_the_earlier_one(folder: Path) -> None:
    with OutputFolder(folder, NAMES) as held:
        (folder / "results.jsonl").write_text("second")
        held.measured = held.complete = True
    assert contents(folder) == {"results.jsonl": "second", "notes.txt": "mine"}


def test_a_run_that_measured_nothing_gives_the_earlier_files_back(folder: Path) -> None:
    with OutputFolder(folder, NAMES) as interrupted:
        for name in NAMES:
            (folder / name).write_text("second")
    assert interrupted.given_back
    assert contents(folder) == {"results.jsonl": "first", "notes.txt": "mine"}
    with pytest.raises(ValueError, match="fault"), OutputFolder(folder, NAMES) as failed:
        failed.complete = True
        (folder / "results.jsonl").write_text("third")
        raise ValueError("fault")
    assert failed.given_back
    assert contents(folder) == {"results.jsonl": "first", "notes.txt": "mine"}


def test_a_run_that_ends_well_and_measured_nothing_leaves_both(folder: Path) -> None:
    with OutputFolder(folder, NAMES) as held:
        (folder / "results.jsonl").write_text("no face")
        held.complete = True
    assert not held.given_back
    assert contents(folder) == {
        "results.jsonl": "no face",
        "earlier/results.jsonl": "first",
        "notes.txt": "mine",
    }


def test_a_run_that_fails_late_leaves_both(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    for text in ("second", "third"):
        with (
            caplog.at_level(logging.WARNING),
            pytest.raises(ValueError, match="fault"),
            OutputFolder(folder, NAMES) as held,
        ):
            (folder / "results.jsonl").write_text(text)
            held.measured = True
            raise ValueError("fault")
    assert contents(folder) == {
        "results.jsonl": "third",
        "earlier/results.jsonl": "first",
        "earlier-2/results.jsonl": "second",
        "notes.txt": "mine",
    }
    assert [str(folder / name) in caplog.text for name in ("earlier.", "earlier-2.")] == [True] * 2


@pytest.mark.parametrize("before", [True, False], ids=["complete", "partial"])
def test_a_run_of_a_source_that_ends_early_replaces_its_like_alone(
    folder: Path, before: bool
) -> None:
    with OutputFolder(folder, NAMES, lambda aside: before) as held:
        (folder / "results.jsonl").write_text("second")
        held.measured = held.partial = True
    kept = {"earlier/results.jsonl": "first"} if before else {}
    assert contents(folder) == {"results.jsonl": "second", "notes.txt": "mine", **kept}


def test_what_a_killed_run_left_half_written_is_removed(folder: Path) -> None:
    (folder / ".annotated.part.mp4").write_bytes(b"half")
    (folder / ".mine.part.mp4").write_bytes(b"mine")
    with OutputFolder(folder, [*NAMES, "annotated.mp4"]):
        assert not (folder / ".annotated.part.mp4").exists()
    assert (folder / ".mine.part.mp4").exists()


def test_an_empty_folder_stays_one_without_an_earlier_run(tmp_path: Path) -> None:
    with OutputFolder(tmp_path / "new", NAMES):
        assert list((tmp_path / "new").iterdir()) == []
        (tmp_path / "new" / "events.csv").write_text("why it failed")
    assert contents(tmp_path) == {"new/events.csv": "why it failed"}


def test_what_cannot_be_put_aside_is_where_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "events.csv").write_text("first too")
    replace = os.replace

    def failing(source: Path, target: Path) -> None:
        if Path(source) == folder / "events.csv":
            raise PermissionError(13, "Permission denied")
        replace(source, target)

    before = contents(folder)
    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OutputError, match="Permission denied"), OutputFolder(folder, NAMES):
        pytest.fail("must not be entered")
    assert contents(folder) == before
    assert not (folder / "earlier").exists()


def test_a_folder_serves_one_run_at_a_time(folder: Path) -> None:
    with OutputFolder(folder, NAMES) as held:
        (folder / "results.jsonl").write_text("second")
        with pytest.raises(OutputError, match="One run at a time"), OutputFolder(folder, NAMES):
            pytest.fail("must not be entered")
        held.measured = held.complete = True
    assert (folder / "results.jsonl").read_text() == "second"
    with OutputFolder(folder, NAMES):
        pass


def test_inputs_are_not_written_over(tmp_path: Path) -> None:
    video = tmp_path / "annotated.mp4"
    video.write_text("")
    (tmp_path / "link.mp4").symlink_to(video)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    names = ("results.jsonl", "annotated.mp4")
    for given, out in ((video, tmp_path), (tmp_path / "link.mp4", tmp_path)):
        with pytest.raises(OutputError, match=r"where its annotated\.mp4 would go"):
            refuse_inputs(out, names, [given])
    with pytest.raises(OutputError, match="apart from the pictures"):
        refuse_inputs(pictures / ".." / "pictures", names, [str(pictures), None])
    refuse_inputs(tmp_path, ("results.jsonl",), [video, None, "0", "rtsp://host/x"])
    refuse_inputs(pictures / "out", names, [pictures])


def test_a_run_over_its_own_video_is_refused(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    video = Path(shutil.copy(DEMO, tmp_path / "annotated.mp4"))
    before = video.read_bytes()
    done = mol_edge_command("run", video, "--out", tmp_path, *FAST, "--quiet")
    assert done.returncode == 2
    assert "must not write over what it reads" in done.stderr
    assert video.read_bytes() == before
    assert [path.name for path in tmp_path.glob("*.jsonl")] == []


@pytest.mark.parametrize("name", ["annotated.mp4", "probabilities.csv"])
def test_what_a_run_reads_is_safe_also_where_it_writes_no_such_file(
    tmp_path: Path, name: str, mol_edge_command: RunCommand
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    read = out / name
    table = f"{','.join(COLUMNS)}\n0,40,40,80,40,60,60,45,80,75,80\n".encode()
    read.write_bytes(Path(DEMO).read_bytes() if name.endswith("mp4") else table)
    before = read.read_bytes()
    words = [str(read)] if name.endswith("mp4") else [DEMO, "--points", str(read)]
    done = mol_edge_command("run", *words, "--out", out, "--events-only", *FAST[2:])
    assert done.returncode == 2
    assert "must not write over what it reads" in done.stderr
    assert read.read_bytes() == before
    assert [path.name for path in out.iterdir()] == [name]


def test_a_run_without_a_face_leaves_the_results_of_the_run_before(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    out = tmp_path / "out"
    good = write_video(tmp_path / "good.mp4", demo_frames)
    empty = write_video(tmp_path / "empty.mp4", [np.zeros_like(demo_frames[0])] * 10)
    arguments = ("--out", out, *FAST, "--quiet")
    assert mol_edge_command("run", good, *arguments).returncode == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    done = mol_edge_command("run", empty, *arguments)
    assert done.returncode == 2
    assert "none was found" in done.stderr
    assert "are as they were" in done.stderr
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert read_lines(out / "results.jsonl")[-1]["frames"] == 30

    assert mol_edge_command("run", good, *arguments, "--max-frames", "9").returncode == 0
    assert read_lines(out / "results.jsonl")[-1]["frames"] == 9
    assert sorted(path.name for path in out.iterdir()) == sorted(before)

    # What this run does not write was of the one before, and goes with it.
    assert "probabilities.csv" in before
    done = mol_edge_command("run", good, *arguments, "--max-frames", "9", "--events-only")
    assert done.returncode == 0
    written = done.stdout.splitlines()[-1].partition(": ")[2].split(", ")
    assert sorted(path.name for path in out.iterdir()) == sorted(written)


def test_a_complete_run_is_kept_beside_that_of_a_file_that_ends_early(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    out = tmp_path / "out"
    good = write_video(tmp_path / "good.mp4", demo_frames)
    # An AVI has its index at the end, but its frames can be decoded without.
    data = write_video(tmp_path / "whole.avi", demo_frames).read_bytes()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(data[: len(data) // 2])
    arguments = ("--out", out, *FAST, "--quiet")
    assert mol_edge_command("run", good, *arguments).returncode == 0
    for _ in range(2):
        done = mol_edge_command("run", cut, *arguments)
        assert done.returncode == 3, done.stderr
    assert read_lines(out / "results.jsonl")[-1]["complete"] is False
    assert read_lines(out / "earlier" / "results.jsonl")[-1]["complete"] is True
    assert not (out / "earlier-2").exists()
