"""What is wrong is said in one sentence, with the exit code that docs/cli.md states."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

import mol_edge
from mol_edge.cli import main
from tests.mol_edge.conftest import DEMO, RunCommand, write_video

FAST = ("--detector", "haar", "--device", "onnxruntime", "--no-flow", "--no-video", "--quiet")


def assert_refused(done: subprocess.CompletedProcess[str], *words: str, code: int = 2) -> None:
    """One sentence on standard error that has the words; no traceback."""
    assert done.returncode == code, done.stderr
    lines = [line for line in done.stderr.splitlines() if line]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("mol-edge: error: ")
    assert lines[0].endswith((".", "`."))
    assert ". " not in lines[0].partition("error: ")[2]
    for word in words:
        assert word in lines[0]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    demo = Path(mol_edge.__file__).parent / "data" / "demo"
    return Path(shutil.copytree(demo, tmp_path / "bundle"))


def test_a_file_that_is_no_video(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("these are words\n" * 100)
    assert_refused(mol_edge_command("run", path, *FAST), "text.mp4", "must be a video")


def test_a_file_that_is_no_video_followed_live(
    tmp_path: Path, mol_edge_command: RunCommand
) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("these are words\n" * 100)
    assert_refused(mol_edge_command("run", path, "--live", *FAST), "text.mp4", "must be a video")


def test_a_missing_file_followed_live(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("run", tmp_path / "absent.mp4", "--live", *FAST)
    assert_refused(done, "absent.mp4", "no file or folder")


def test_a_missing_file(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("run", tmp_path / "absent.mp4", *FAST)
    assert_refused(done, "absent.mp4", "no file or folder")


@pytest.mark.parametrize("live", [(), ("--live",)])
def test_a_pipe_is_refused_and_not_waited_for(
    tmp_path: Path, live: tuple[str, ...], mol_edge_command: RunCommand
) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    done = mol_edge_command("run", tmp_path / "pipe.mp4", *live, *FAST)
    assert_refused(done, "pipe.mp4 is a pipe")


@pytest.mark.parametrize("live", [(), ("--live",)])
def test_a_path_that_is_empty_is_not_the_folder_one_is_in(
    tmp_path: Path, live: tuple[str, ...], mol_edge_command: RunCommand
) -> None:
    for index in range(10):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.zeros((48, 64), np.uint8))
    assert_refused(mol_edge_command("run", "", *live, *FAST), "got nothing")


def test_a_run_that_crashes_does_not_call_itself_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("mol_edge.summary.RunSummary.add", crash)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        main(["run", str(DEMO), "--out", str(tmp_path / "out"), *FAST])
    summary = json.loads((tmp_path / "out" / "results.jsonl").read_text().splitlines()[-1])
    assert summary["complete"] is False
    assert summary["reason"] == "RuntimeError: a fault of ours"


def test_an_empty_file(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    (tmp_path / "empty.mp4").touch()
    assert_refused(mol_edge_command("run", tmp_path / "empty.mp4", *FAST), "empty file")


def test_an_empty_folder(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    (tmp_path / "empty").mkdir()
    assert_refused(mol_edge_command("run", tmp_path / "empty", *FAST), "must hold images")


def test_a_folder_without_images(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("a")
    assert_refused(mol_edge_command("run", tmp_path / "notes", *FAST), "must hold images")


def test_a_folder_of_one_pixel_images(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    for index in range(10):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.zeros((1, 1, 3), np.uint8))
    assert_refused(mol_edge_command("run", tmp_path, *FAST), "1 x 1", "16 x 16 pixels")


@pytest.mark.parametrize("broken", [0, 5])
def test_an_image_that_is_none_among_images_ends_what_has_begun(
    broken: int, tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(9):
        cv2.imwrite(str(folder / f"{index}.jpg"), demo_frames[index])
    (folder / f"{broken}.jpg").write_text("not a picture")
    done = mol_edge_command("run", folder, "--out", tmp_path / "out", *FAST)
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
    assert_refused(mol_edge_command("run", video, *FAST), "at least 8 frames", "holds 7")


def test_a_video_without_a_face(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    noise = np.random.default_rng(3).integers(0, 40, (10, 120, 160, 3), dtype=np.uint8)
    video = write_video(tmp_path / "noise.mp4", list(noise))
    assert_refused(mol_edge_command("run", video, *FAST), "none was found in the 10 frames")


def test_a_truncated_video_is_kept_as_far_as_it_goes(
    tmp_path: Path, demo_frames: list[np.ndarray], mol_edge_command: RunCommand
) -> None:
    # An AVI has its index at the end, but its frames can be decoded without.
    data = write_video(tmp_path / "whole.avi", demo_frames).read_bytes()
    cut = tmp_path / "cut.avi"
    cut.write_bytes(data[: len(data) // 2])
    done = mol_edge_command("run", cut, "--out", tmp_path / "out", *FAST)
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


def test_a_bundle_with_a_flipped_byte(bundle: Path, mol_edge_command: RunCommand) -> None:
    weights = bundle / "fp32" / "weights.bin"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    done = mol_edge_command("run", DEMO, "--bundle", bundle, *FAST)
    assert_refused(done, "weights.bin", "SHA-256")


def test_a_manifest_that_points_outside_its_folder(
    bundle: Path, mol_edge_command: RunCommand
) -> None:
    text = (bundle / "manifest.json").read_text()
    (bundle.parent / "weights.bin").write_bytes((bundle / "fp32" / "weights.bin").read_bytes())
    (bundle / "manifest.json").write_text(text.replace("fp32/weights.bin", "../weights.bin"))
    done = mol_edge_command("run", DEMO, "--bundle", bundle, *FAST)
    assert_refused(done, "../weights.bin", "below the bundle's folder")


def test_a_bundle_that_failed_its_verification(bundle: Path, mol_edge_command: RunCommand) -> None:
    content = json.loads((bundle / "manifest.json").read_text())
    content["verification"]["passed"] = False
    (bundle / "manifest.json").write_text(json.dumps(content))
    done = mol_edge_command("run", DEMO, "--bundle", bundle, *FAST)
    assert_refused(done, "must compute what PyTorch does", str(bundle), "export its checkpoint")


def test_a_bundle_that_is_none(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("run", DEMO, "--bundle", tmp_path / "absent", *FAST)
    assert_refused(done, "absent")


@pytest.mark.parametrize(
    ("package", "device", "command"),
    [
        ("cv2", "onnxruntime", 'pip install "mol-edge[cpu]"'),
        ("onnxruntime", "onnxruntime", 'pip install "mol-edge[cpu]"'),
        ("openvino", "openvino", 'pip install "mol-edge[openvino]"'),
    ],
)
def test_a_missing_extra(
    package: str, device: str, command: str, mol_edge_command: RunCommand
) -> None:
    arguments = [device if word == "onnxruntime" else word for word in FAST]
    done = mol_edge_command("run", DEMO, *arguments, without=[package])
    assert_refused(done, "not installed", command)


def test_a_named_runtime_that_is_not_installed(mol_edge_command: RunCommand) -> None:
    arguments = ("--device", "onnxruntime", "--detector", "haar", "--quiet")
    done = mol_edge_command("run", DEMO, *arguments, without=["onnxruntime", "openvino"])
    assert_refused(done, "pip install")


@pytest.mark.parametrize("device", ["cpu", "onnxruntime:tpu", "openvino:GPU.7", "tensorrt"])
def test_a_device_that_is_not_here(device: str, mol_edge_command: RunCommand) -> None:
    arguments = [device if word == "onnxruntime" else word for word in FAST]
    assert_refused(mol_edge_command("run", DEMO, *arguments), device)


def test_a_detector_that_is_none(mol_edge_command: RunCommand) -> None:
    assert_refused(mol_edge_command("run", DEMO, "--detector", "eyes"), "'yunet', 'haar'", "'eyes'")


def test_a_detector_whose_file_is_not_here(mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("run", DEMO, "--detector", "yunet")
    assert_refused(done, "mol-edge models get yunet")


def test_a_folder_that_cannot_be_written(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    (tmp_path / "file").touch()
    done = mol_edge_command("run", DEMO, "--out", tmp_path / "file" / "out", *FAST)
    assert_refused(done, "--out")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("run",),
        ("walk",),
        ("run", "a.mp4", "--max-frames", "0"),
        ("run", "a.mp4", "--fps", "fast"),
        ("run", "a.mp4", "--flow", "sometimes"),
        ("run", "a.mp4", "--windows-ms", "350,0"),
        ("run", "a.mp4", "--windows-ms", "350,350"),
        ("check", "--max-drop", "classes=nan"),
        ("check", "--max-drop", "classes=2,flow=-1"),
        ("check", "--agreement", "98"),
        ("check", "--agreement", "nan"),
        ("run", "a.mp4", "--faces", "many"),
        ("benchmark", "--device", ","),
        ("benchmark", "--rounds", "0"),
        ("preflight", "a.mp4", "--seconds", "0"),
        ("preflight", "a.mp4", "--fps", "0"),
        ("models", "get", "other"),
    ],
)
def test_wrong_arguments_end_in_one_sentence(
    arguments: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="^2$"):
        main(arguments)
    said = capfd.readouterr()
    assert said.err.startswith("mol-edge: error: ")
    assert said.err.endswith("--help` shows what there is).\n")
    assert said.err.count("\n") == 1
    assert said.out == ""


@pytest.mark.parametrize("when", ["always", "on_motion"])
def test_flow_is_not_computed_and_left_out_at_once(when: str, mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("run", DEMO, "--no-flow", "--flow", when)
    assert_refused(done, f"leave out --flow {when} or --no-flow")


@pytest.mark.parametrize(
    ("option", "value"), [("--threads", "-1"), ("--threads", "99999"), ("--fps", "0")]
)
def test_an_option_out_of_range(option: str, value: str, mol_edge_command: RunCommand) -> None:
    assert_refused(mol_edge_command("run", DEMO, option, value, *FAST), option.strip("-"), value)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("run", "a.mp4", "--out", ""), "--out"),
        (("run", "a.mp4", "--points="), "--points"),
        (("run", "", "--quiet"), "An argument"),
        (("benchmark", "--quick", "--device", ""), "--device"),
        (("benchmark", "compare", "a.json", ""), "An argument"),
        (("check", "--precision", ""), "--precision"),
        (("warmup", "--bundle", ""), "--bundle"),
        (("models", "get", "yunet", "--url", ""), "--url"),
    ],
)
def test_an_empty_word_is_none_that_was_left_out(
    words: tuple[str, ...], named: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert capfd.readouterr().err == (
        f"mol-edge: error: {named} must be given a value, got nothing: give one, or leave it out.\n"
    )


def test_a_device_that_is_none_is_told_without_a_remedy(mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("warmup", "--device", "nonsense")
    assert_refused(done, "device must be one like", "got 'nonsense'.")
    assert "pip install" not in done.stderr
