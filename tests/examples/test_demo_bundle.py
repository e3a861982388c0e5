"""Making the demo bundle takes hours; what it says without its extras takes a second."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the example where a module `onnx` and a module `torch` are as if not installed."""
    for name in ("onnx", "torch"):
        (folder / f"{name}.py").write_text(f"raise ModuleNotFoundError('none', name={name!r})")
    return subprocess.run(
        [sys.executable, "-m", "examples.make_demo_bundle", *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))},
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_help_needs_no_extra(tmp_path: Path) -> None:
    done = _make(tmp_path, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--photos" in done.stdout


@pytest.mark.parametrize("words", [(), ("--precision", "fp32,int8")])
def test_a_missing_package_names_the_extras(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = _make(tmp_path, *words, "--out", str(tmp_path / "demo"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("make_demo_bundle: error: make_demo_bundle needs the package ")
    assert done.stderr.endswith(
        ', which is not installed: run `pip install "mol-edge[train,export]"`.\n'
    )
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "demo").exists()
