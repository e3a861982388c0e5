"""Bundles, runtimes and arguments that are wrong: one sentence, the exit code of docs/cli.md."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import mol_edge
from mol_edge.cli import main
from tests.mol_edge.commands.refusals import BRIEFLY, assert_refused
from tests.mol_edge.conftest import DEMO, RunCommand


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    demo = Path(mol_edge.__file__).parent / "data" / "demo"
    return Path(shutil.copytree(demo, tmp_path / "bundle"))


def test_a_bundle_with_a_flipped_byte(bundle: Path, mol_edge_command: RunCommand) -> None:
    weights = bundle / "fp32" / "weights.bin"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    done = mol_edge_command("run", DEMO, "--bundle", bundle, *BRIEFLY)
    assert_refused(done, "weights.bin", "SHA-256")


def test_a_manifest_that_points_outside_its_folder(
    bundle: Path, mol_edge_command: RunCommand
) -> None:
    text = (bundle / "manifest.json").read_text()
    (bundle.parent / "weights.bin").write_bytes((bundle / "fp32" / "weights.bin").read_bytes())
    (bundle / "manifest.json").write_text(text.replace("fp32/weights.bin", "../weights.bin"))
    done = mol_edge_command("run", DEMO, "--bundle", bundle, *BRIEFLY)
    assert_refused(done, "../weights.bin", "below the bundle's folder")


def test_a_bundle_that_failed_its_verification(bundle: Path, mol_edge_command: RunCommand) -> None:
    content = json.loads((bundle / "manifest.json").read_text())
    content["verification"]["passed"] = False
    (bundle / "manifest.json").write_text(json.dumps(content))
    done = mol_edge_command("run", DEMO, "--bundle", bundle, *BRIEFLY)
    assert_refused(done, "must compute what PyTorch does", str(bundle), "export its checkpoint")


def test_a_bundle_that_is_none(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("run", DEMO, "--bundle", tmp_path / "absent", *BRIEFLY)
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
    arguments = [device if word == "onnxruntime" else word for word in BRIEFLY]
    done = mol_edge_command("run", DEMO, *arguments, without=[package])
    assert_refused(done, "not installed", command)


def test_a_named_runtime_that_is_not_installed(mol_edge_command: RunCommand) -> None:
    arguments = ("--device", "onnxruntime", "--detector", "haar", "--quiet")
    done = mol_edge_command("run", DEMO, *arguments, without=["onnxruntime", "openvino"])
    assert_refused(done, "pip install")


@pytest.mark.parametrize("device", ["cpu", "onnxruntime:tpu", "openvino:GPU.7", "tensorrt"])
def test_a_device_that_is_not_here(device: str, mol_edge_command: RunCommand) -> None:
    arguments = [device if word == "onnxruntime" else word for word in BRIEFLY]
    assert_refused(mol_edge_command("run", DEMO, *arguments), device)


def test_a_detector_that_is_none(mol_edge_command: RunCommand) -> None:
    assert_refused(mol_edge_command("run", DEMO, "--detector", "eyes"), "'yunet', 'haar'", "'eyes'")


def test_a_detector_whose_file_is_not_here(mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("run", DEMO, "--detector", "yunet")
    assert_refused(done, "mol-edge models get yunet")


def test_a_folder_that_cannot_be_written(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    (tmp_path / "file").touch()
    done = mol_edge_command("run", DEMO, "--out", tmp_path / "file" / "out", *BRIEFLY)
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
    assert_refused(mol_edge_command("run", DEMO, option, value, *BRIEFLY), option.strip("-"), value)


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
