"""Benchmarks end bad input in one sentence and exit code 2, before they measure anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "mol_edge" / "data" / "demo"


def _benchmark(
    name: str, *arguments: str | Path, planted: Path | None = None
) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(str(folder) for folder in (planted, ROOT) if folder)
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("name", ["around", "clip", "stream", "soak"])
def test_what_is_no_bundle(name: str, tmp_path: Path) -> None:
    (tmp_path / "bundle").write_text("just text")
    done = _benchmark(name, tmp_path / "bundle")
    assert done.returncode == 2
    assert done.stderr.startswith(f"benchmarks.{name}: error: A bundle is a folder")
    assert done.stderr.count("\n") == 1


def test_what_is_no_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "text.pth").write_text("just text")
    done = _benchmark("side_by_side", DEMO, tmp_path / "text.pth")
    assert done.returncode == 2
    assert "cannot be read as one (torch.save did not write it)" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("around", "--frames", "0"),
        ("clip", "--rounds", "0"),
        ("stream", "--threads", "99999"),
        ("side_by_side", "--threads", "0"),
        ("live", "--fps", "nan"),
        ("live_faults", "--faults", "0"),
        ("soak", "--frames", "1"),
        ("compare_noise", "--pairs", "-1"),
        ("preprocess", "--rounds", "0"),
        ("spotting", "--seed", "-1"),
        ("spotting_photos", "--videos", "0"),
    ],
)
def test_options_out_of_range(name: str, option: str, value: str) -> None:
    done = _benchmark(name, option, value)
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert f"error: argument {option}: must be a " in last
    assert last.endswith(f"got {value!r}")


def test_a_missing_package_names_its_extra(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError('none here', name='torch')")
    done = _benchmark("clip", DEMO, planted=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "benchmarks.clip: error: benchmarks.clip needs the package torch, which is not installed: "
        'run `pip install "mol-edge[train,export]"`.\n',
    )
