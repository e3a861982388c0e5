from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import mol_edge
from mol_edge.cli import build_parser, main
from mol_edge.commands.table import format_table
from tests.mol_edge.conftest import RunCommand


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"mol-edge {mol_edge.__version__}\n"


@pytest.mark.parametrize("command", ["run", "doctor", "models"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert f"usage: mol-edge {command}" in capsys.readouterr().out


def test_help_is_quick_to_start() -> None:
    program = (
        "import sys; from mol_edge.cli import build_parser; build_parser();"
        "print(*{'cv2', 'onnxruntime', 'openvino', 'torch', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_models_are_listed(tmp_path: Path, mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("models")
    assert done.returncode == 0
    assert "yunet  absent  MIT" in done.stdout
    assert mol_edge_command("models", "list").stdout == done.stdout


def test_a_model_that_cannot_be_fetched_says_how_to_go_on(mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("models", "get", "yunet", "--url", "http://127.0.0.1:9/yunet.onnx")
    assert done.returncode == 2
    assert "MOL_EDGE_YUNET" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m mol_edge models | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("0", "130")
    assert done.stderr == ""


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_error(closed: str, tmp_path: Path) -> None:
    command = f"{sys.executable} -m mol_edge models {closed}; echo $? > {tmp_path}/code"
    subprocess.run(["bash", "-c", command], check=True, timeout=60)
    assert (tmp_path / "code").read_text().strip() == "0"


def test_run_takes_the_options_that_are_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    section = text.partition("## mol-edge run")[2].partition("\n## ")[0]
    documented = {line.split("`")[1].split()[0] for line in section.splitlines() if "`--" in line}
    rows = [line for line in section.splitlines() if line.startswith("| `--")]
    assert len(rows) == len({line.split("`")[1].split()[0] for line in rows}) >= 8
    for option in documented:
        arguments = [option] if option in _FLAGS else [option, _VALUES.get(option, "1")]
        assert build_parser().parse_args(["run", "source", *arguments]).source == "source"


_FLAGS = {"--no-flow", "--no-video", "--quiet", "--verbose", "--live", "--events-only"}
_VALUES = {"--flow": "on_motion", "--windows-ms": "200,350", "--rotate": "90"}


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert format_table(("a", "b"), [("1", "22"), ("333", "4")]) == "a    b\n1    22\n333  4"
    assert format_table(("a", "b"), []) == "a  b"
